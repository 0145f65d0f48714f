package validity

import (
	"context"
	"fmt"
	"testing"

	"segovia/kernels/rng"
)

// clustered is n rows of d columns around 20 centres with 19 partitions of them into 2 to 20 clusters, each a different
// assignment of the rows to some of the centres.
func clustered(n, d int) (*Points, []Partition) {
	s := rng.New(1, "silhouette bench", n, d)
	var centres []float64
	for i := range 20 * d {
		centres = append(centres, 8*s.Float64(1, uint64(i)))
	}
	p := &Points{N: n, D: d, Values: make([]float64, n*d)}
	for i := range n {
		c := int(s.Below(20, 0, uint64(i)))
		for j := range d {
			for r := range uint64(12) {
				p.Values[i*d+j] += s.Float64(2+r, uint64(i*d+j)) - .5
			}
			p.Values[i*d+j] += centres[c*d+j]
		}
	}
	var partitions []Partition
	for k := 2; k <= 20; k++ {
		part := Partition{K: k, Labels: make([]uint8, n)}
		for i := range part.Labels {
			best := 0.0
			for c := range k {
				if sq := squared(p.Row(nil, i), centres[c*d:(c+1)*d]); c == 0 || sq < best {
					best, part.Labels[i] = sq, uint8(c)
				}
			}
		}
		partitions = append(partitions, part)
	}
	return p, partitions
}

// BenchmarkSilhouettes is the workload W6 at 50,000 rows: exact silhouettes of 19 partitions at once.
func BenchmarkSilhouettes(b *testing.B) {
	for _, n := range []int{5_000, 50_000} {
		p, partitions := clustered(n, 16)
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("rows=%d/dim=16/partitions=%d/threads=%d", n, len(partitions), threads), func(b *testing.B) {
				for b.Loop() {
					if _, err := Silhouettes(context.Background(), p, partitions, nil, threads, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gpairs/s")
			})
		}
	}
}
