package wallet

import (
	"context"
	"fmt"
	"testing"

	"segovia/engine/internal/exact"
)

// The scores that logScores was chosen from.
var scorings = map[string]scoring{
	"log1p": logScores,
	"rank":  func(p *pool) []int32 { return scale(p, func(r int) float64 { return float64(p.first[r] + p.last[r]) }) },
	"spend": func(p *pool) []int32 { return scale(p, func(r int) float64 { return p.spend[r] }) },
	// Savage's exponential scores, which weigh the upper ranks.
	"savage": func(p *pool) []int32 {
		n := float64(len(p.rows))
		return scale(p, func(r int) float64 { return -exact.Log(1 - float64(p.first[r]+p.last[r])/(2*n+2)) })
	},
}

// BenchmarkChoices measures what the defaults were chosen by: the pinball loss on customers held out, in per cent of the
// unconditional quantile's, and that of the true conditional quantiles, beside the time.
func BenchmarkChoices(b *testing.B) {
	run := func(name string, n int, cfg Config, score scoring) {
		b.Run(fmt.Sprintf("%s/customers=%d", name, n), func(b *testing.B) {
			var loss, best, base, cover, level, eff, rank, inside float64
			for b.Loop() {
				loss, best, base, cover, level, eff, rank, inside = 0, 0, 0, 0, 0, 0, 0, 0
				const seeds = 3
				for seed := range uint64(seeds) {
					b.StopTimer()
					m := simulate(n, .5, seed+1)
					cfg.Seed = seed
					b.StartTimer()
					res, err := estimate(context.Background(), m.spend, m.columns, cfg, score)
					if err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					in, held := 0, 0
					for i, h := range res.HeldOut {
						if h {
							q := m.quantile[i]
							best += pinball(m.spend[i], q, .9)
							held++
							if res.Low[i] <= q && q <= res.High[i] {
								in++
							}
						}
					}
					inside += float64(in) / float64(held) / seeds
					loss += res.Evaluation.Pinball * float64(held)
					base += res.Evaluation.Baseline * float64(held)
					cover += res.Evaluation.Coverage / seeds
					level += res.Level / seeds
					eff += res.Evaluation.Effective / seeds
					rank += rankCorrelation(res.Wallet, m.wallet) / seeds
					b.StartTimer()
				}
			}
			b.ReportMetric(100*loss/base, "%loss")
			b.ReportMetric(100*best/base, "%best")
			b.ReportMetric(100*cover, "%cover")
			b.ReportMetric(level, "level")
			b.ReportMetric(eff, "n_eff")
			b.ReportMetric(rank, "rank")
			b.ReportMetric(100*inside, "%inside")
		})
	}
	for _, n := range []int{5_000, 50_000} {
		for _, name := range []string{"log1p", "rank", "savage", "spend"} {
			run("score="+name, n, Config{}, scorings[name])
		}
		for _, leaf := range []int{5, 10, 15, 25, 50} {
			run(fmt.Sprintf("minleaf=%d", leaf), n, Config{MinLeaf: leaf}, logScores)
		}
		for _, try := range []int{2, 3, 4, 8} {
			run(fmt.Sprintf("try=%d", try), n, Config{Try: try}, logScores)
		}
		for _, trees := range []int{50, 100, 200} {
			run(fmt.Sprintf("trees=%d", trees), n, Config{Trees: trees}, logScores)
		}
	}
	for _, rows := range []int{8192, 16384, 32768} {
		run(fmt.Sprintf("rows=%d", rows), 100_000, Config{MaxRows: rows}, logScores)
	}
	for _, pool := range []int{16384, 32768, 65536} {
		run(fmt.Sprintf("pool=%d", pool), 100_000, Config{Pool: pool}, logScores)
	}
}
