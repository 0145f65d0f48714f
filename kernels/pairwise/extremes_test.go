package pairwise

import (
	"fmt"
	"math"
	"testing"

	"segovia/kernels/kerneltest"
)

// slotsOf returns the slots of the first m rows, row by row.
func slotsOf(labels [][]uint8, base []int, m int) (slot []uint16) {
	for i := range m {
		for q, l := range labels {
			slot = append(slot, uint16(base[q]+int(l[i])))
		}
	}
	return slot
}

// slowExtremes is the definition.
func slowExtremes(t *Targets, values []float64, labels []uint8, i int) (least, most uint64) {
	least = None
	for j := range len(values) / t.d {
		var sq float64
		for c, v := range values[i*t.d : (i+1)*t.d] {
			diff := v - values[j*t.d+c]
			sq += float64(diff * diff)
		}
		steps := uint64(math.RoundToEven(math.Sqrt(sq) / t.Step()))
		if labels[i] == labels[j] {
			most = max(most, steps)
		} else {
			least = min(least, steps)
		}
	}
	return least, most
}

func TestExtremesEqualTheDefinition(t *testing.T) {
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			kerneltest.Require(t, name, name == "go" || hasAVX2)
			for _, ks := range [][]int{{1}, {2, 3}, {2, 3, 4, 5, 200}} {
				for d := 1; d <= 20; d++ {
					for n := 1; n <= 140; n += 1 + n/3 {
						values, labels, base, slots := drawn(n, d, ks)
						targets := NewTargets(values, d, labels, base, slots)
						if n%2 == 0 { // as above maxSorted
							targets.sorted, targets.values = false, values
						}
						s := targets.Summer()
						s.path = path
						for m := 1; m <= min(n, 20); m += 3 {
							least, most := s.Extremes(values[:m*d], slotsOf(labels, base, m))
							for i := range m {
								for q, l := range labels {
									at := (i/Lanes*len(ks)+q)*Lanes + i%Lanes
									wantLeast, wantMost := slowExtremes(targets, values, l, i)
									if least[at] != wantLeast || most[at] != wantMost {
										t.Fatalf("n=%d d=%d k=%v point %d labeling %d: %d and %d steps, want %d and %d",
											n, d, ks, i, q, least[at], most[at], wantLeast, wantMost)
									}
								}
							}
						}
					}
				}
			}
		})
	}
}

// BenchmarkExtremes is one labeling of 8,192 targets into three clusters.
func BenchmarkExtremes(b *testing.B) {
	const n = 8192
	for name, path := range paths {
		if name == "avx2" && !hasAVX2 {
			continue
		}
		for _, d := range []int{4, 16} {
			b.Run(fmt.Sprintf("path=%s/dim=%d", name, d), func(b *testing.B) {
				values, labels, base, slots := drawn(n, d, []int{3})
				s := NewTargets(values, d, labels, base, slots).Summer()
				s.path = path
				slot := slotsOf(labels, base, 64)
				for b.Loop() {
					s.Extremes(values[:64*d], slot)
				}
				b.ReportMetric(64*n*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gpairs/s")
			})
		}
	}
}
