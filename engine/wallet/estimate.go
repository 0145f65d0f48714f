package wallet

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
	"segovia/engine/table"
	"segovia/kernels/rng"
)

// Estimate returns the wallets of the customers, who are in key order and spend spend a year, given the predictors: columns
// of the same rows, of which infinite numbers are the largest or smallest and NaN is missing. It returns a Result with a
// Reason where there are too few customers, no predictor tells them apart, or all spend the same; SEG-CFG-008 for a
// configuration that cannot be; SEG-BUG-001 for spends that are not finite and columns of other lengths.
func Estimate(ctx context.Context, spend []float64, predictors []*table.Column, cfg Config) (*Result, error) {
	return estimate(ctx, spend, predictors, cfg, logScores)
}

func estimate(ctx context.Context, spend []float64, columns []*table.Column, cfg Config, score scoring) (*Result, error) {
	cfg = cfg.defaults()
	if err := cfg.check(spend, columns); err != nil {
		return nil, err
	}
	n := len(spend)
	res := &Result{Customers: n}
	if n < cfg.MinCustomers {
		res.Reason = fmt.Sprintf("there are %d customers, and a model of wallets needs %d", n, cfg.MinCustomers)
		res.ReasonDE = fmt.Sprintf("es gibt %d Kunden, ein Modell der Wallets braucht %d", n, cfg.MinCustomers)
		return res, nil
	}
	heldOut, rows := draw(n, cfg.Pool, cfg.Holdout, cfg.Seed)
	if len(rows) < minPool || len(rows) == n {
		res.Reason = fmt.Sprintf("of %d customers, %d are left to grow trees on after the holdout", n, len(rows))
		res.ReasonDE = fmt.Sprintf("von %d Kunden bleiben nach der Prüfstichprobe %d für die Bäume", n, len(rows))
		return res, nil
	}
	p := newPool(spend, rows, score)
	if p.spend[0] == p.spend[len(rows)-1] {
		res.Reason = fmt.Sprintf("all customers that trees would be grown on spend %g", p.spend[0])
		res.ReasonDE = fmt.Sprintf("alle Kunden, an denen Bäume wachsen würden, geben %g aus", p.spend[0])
		return res, nil
	}
	used, err := choose(ctx, columns, rows, cfg.Threads, res)
	if err != nil || res.Reason != "" {
		return res, err
	}
	if cfg.Try == 0 {
		cfg.Try = (len(used) + 1) / 2
	}
	f, err := growForest(ctx, p, used, cfg)
	if err != nil {
		return nil, err
	}
	if res.Level, err = f.calibrate(ctx, cfg); err != nil {
		return nil, err
	}
	res.Pool, res.HeldOut = len(rows), heldOut
	effective, err := f.predict(ctx, spend, cfg.Threads, res)
	if err != nil {
		return nil, err
	}
	res.Importance = f.importance()
	res.Evaluation = evaluate(spend, res, effective, p, cfg.Quantile)
	return res, nil
}

// choose returns the predictors that tell customers of the pool apart, and enters the others, or the reason of having none,
// into res.
func choose(ctx context.Context, columns []*table.Column, rows []int32, threads int, res *Result) ([]*predictor, error) {
	all, reasons := make([]*predictor, len(columns)), make([]string, len(columns))
	err := par.Each(ctx, threads, len(columns), func(_, j int) error {
		all[j], reasons[j] = newPredictor(columns[j], rows)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var used []*predictor
	for j, p := range all {
		if p == nil {
			res.Unused = append(res.Unused, Unused{columns[j].Name, reasons[j]})
			continue
		}
		used = append(used, p)
	}
	switch {
	case len(columns) == 0:
		res.Reason, res.ReasonDE = "there are no predictors of spend", "es gibt keine Merkmale, die mögliche Ausgaben erklären"
	case len(used) == 0:
		res.Reason, res.ReasonDE = "no predictor tells customers apart", "kein Merkmal unterscheidet die Kunden"
	}
	return used, nil
}

// calibrate returns the level to read off, so that the share cfg.Quantile of the pool lies under it in the predictions of the
// trees that did not draw them.
func (f *forest) calibrate(ctx context.Context, cfg Config) (float64, error) {
	m := len(f.pool.rows)
	levels := make([]float64, m)
	even := rng.New(cfg.Seed, "wallet level", 0, 0)
	err := f.blocks(ctx, cfg.Threads, m, func(r *reader, from, n int) {
		r.load(n, func(i int) int { return int(f.pool.rows[from+i]) })
		for i := range n {
			rank := int32(from + i)
			r.read(i, rank)
			low := r.dist.below(int(f.pool.first[rank]))
			high := r.dist.below(int(f.pool.last[rank]) + 1)
			u := even.Float64(0, uint64(f.pool.rows[rank]))
			levels[rank] = (float64(low) + float64(u*float64(high-low))) / float64(r.dist.total)
			r.forget(i, rank)
		}
	})
	if err != nil {
		return 0, err
	}
	slices.Sort(levels)
	k := min(m, int(math.Ceil(float64(m+1)*cfg.Quantile)))
	next := 1.
	if k < m {
		next = levels[k]
	}
	// A customer is covered by the levels above the customer's own: halfway to the next.
	return (levels[k-1] + next) / 2, nil
}

// predict fills the wallets of res and returns the effective numbers of the customers who were held out, in key order.
func (f *forest) predict(ctx context.Context, spend []float64, threads int, res *Result) (effective []float64, err error) {
	n := len(spend)
	res.Quantile, res.Wallet, res.Low, res.High = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	numbers := make([][]float64, (n+blockRows-1)/blockRows)
	err = f.blocks(ctx, threads, n, func(r *reader, from, count int) {
		r.load(count, func(i int) int { return from + i })
		// The pool's customers from here on, in key order.
		next, _ := slices.BinarySearchFunc(f.pool.order, int32(from), func(rank, row int32) int {
			return cmp.Compare(f.pool.rows[rank], row)
		})
		for i := range count {
			row, rank := from+i, int32(-1)
			if next < len(f.pool.order) && f.pool.rows[f.pool.order[next]] == int32(row) {
				rank = f.pool.order[next]
				next++
			}
			r.read(i, rank)
			eff := r.dist.effective()
			margin := 1.96 * math.Sqrt(float64(res.Level*(1-res.Level))/eff)
			read := func(level float64) float64 { return f.pool.spend[r.dist.at(level)] }
			own := max(0, spend[row])
			res.Quantile[row] = read(res.Level)
			res.Wallet[row] = max(own, res.Quantile[row])
			res.Low[row] = max(own, read(res.Level-margin))
			res.High[row] = max(own, read(res.Level+margin))
			if res.HeldOut[row] {
				numbers[from/blockRows] = append(numbers[from/blockRows], eff)
			}
			r.forget(i, rank)
		}
	})
	return slices.Concat(numbers...), err
}

// blocks calls do for blocks of at most blockRows of n customers, with a reader of the worker's own.
func (f *forest) blocks(ctx context.Context, threads, n int, do func(r *reader, from, n int)) error {
	readers := make([]*reader, par.Threads(threads))
	return par.Each(ctx, threads, (n+blockRows-1)/blockRows, func(worker, b int) error {
		if readers[worker] == nil {
			readers[worker] = newReader(f)
		}
		do(readers[worker], b*blockRows, min(blockRows, n-b*blockRows))
		return nil
	})
}

// importance returns the predictors' shares of the gains, summed tree by tree; nothing where no tree could split.
func (f *forest) importance() []Importance {
	gains := make([]float64, len(f.predictors))
	var total float64
	for _, t := range f.trees {
		for j, g := range t.gain {
			gains[j] += g
			total += g
		}
	}
	if total == 0 {
		return nil
	}
	list := make([]Importance, len(gains))
	for j, g := range gains {
		list[j] = Importance{f.predictors[j].col.Name, g / total}
	}
	slices.SortStableFunc(list, func(a, b Importance) int { return cmp.Compare(b.Share, a.Share) })
	return list
}

// evaluate measures the estimates of the customers who were held out.
func evaluate(spend []float64, res *Result, effective []float64, p *pool, tau float64) Evaluation {
	var held []int32
	for i, h := range res.HeldOut {
		if h {
			held = append(held, int32(i))
		}
	}
	m := len(held)
	base := p.spend[min(len(p.spend), max(1, int(math.Ceil(tau*float64(len(p.spend))))))-1]
	ev := Evaluation{Customers: m, Effective: exact.Mean(effective)}
	ev.Coverage = coverage(spend, res.Quantile, held)
	ev.Pinball = exact.SumFunc(m, func(i int) float64 { return pinball(spend[held[i]], res.Quantile[held[i]], tau) }) / float64(m)
	ev.Baseline = exact.SumFunc(m, func(i int) float64 { return pinball(spend[held[i]], base, tau) }) / float64(m)
	slices.SortFunc(held, func(a, b int32) int {
		return cmp.Or(cmp.Compare(res.Quantile[a], res.Quantile[b]), cmp.Compare(a, b))
	})
	for k := range 5 {
		if part := held[k*m/5 : (k+1)*m/5]; len(part) > 0 {
			ev.Fifths = append(ev.Fifths, Fifth{len(part), res.Quantile[part[len(part)-1]], coverage(spend, res.Quantile, part)})
		}
	}
	return ev
}

// coverage returns the share of the rows whose spend is at most the estimate.
func coverage(spend, estimate []float64, rows []int32) float64 {
	n := 0
	for _, i := range rows {
		if spend[i] <= estimate[i] {
			n++
		}
	}
	return float64(n) / float64(len(rows))
}

// pinball returns the loss of an estimate of the tau-quantile.
func pinball(y, estimate, tau float64) float64 {
	e := y - estimate
	return max(float64(tau*e), float64((tau-1)*e))
}
