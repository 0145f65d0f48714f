package pairwise

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"segovia/kernels/kerneltest"
	"segovia/kernels/rng"
)

var paths = map[string]path{"go": pathGo, "avx2": pathAVX2}

// drawn returns n rows of d values and labelings of them with ks labels.
func drawn(n, d int, ks []int) (values []float64, labels [][]uint8, base []int, slots int) {
	s := rng.New(1, "pairwise test", n, d)
	for i := range n * d {
		values = append(values, math.Ldexp(s.Float64(0, uint64(i))-.5, int(s.Below(5, 1, uint64(i)))))
	}
	for q, k := range ks {
		l := make([]uint8, n)
		for i := range l {
			l[i] = uint8(s.Below(uint64(k), uint64(q+2), uint64(i)))
			if q > 0 && i%3 > 0 { // runs of equal labels
				l[i] = l[i-1]
			}
		}
		labels, base = append(labels, l), append(base, slots)
		slots += k
	}
	return values, labels, base, slots
}

// slow is the definition.
func slow(t *Targets, values []float64, labels [][]uint8, base []int, i int) []uint64 {
	sums := make([]uint64, t.slots)
	x := values[i*t.d : (i+1)*t.d]
	for j := range len(values) / t.d {
		var sq float64
		for c, v := range x {
			diff := v - values[j*t.d+c]
			sq += float64(diff * diff)
		}
		steps := uint64(math.RoundToEven(math.Sqrt(sq) / t.Step()))
		for q, l := range labels {
			sums[base[q]+int(l[j])] += steps
		}
	}
	return sums
}

func TestSumsEqualTheDefinition(t *testing.T) {
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			kerneltest.Require(t, name, name == "go" || hasAVX2)
			for _, ks := range [][]int{{1}, {2, 3}, {2, 3, 4, 5, 200}} {
				for d := 1; d <= 35; d++ {
					for n := 1; n <= 140; n += 1 + n/3 {
						values, labels, base, slots := drawn(n, d, ks)
						targets := NewTargets(values, d, labels, base, slots)
						if n%2 == 0 { // as above maxSorted
							targets.sorted, targets.values = false, values
						}
						s := targets.Summer()
						s.path = path
						for m := 1; m <= min(n, 20); m += 3 {
							got := s.Sums(values[:m*d])
							for i := range m {
								for c, want := range slow(targets, values, labels, base, i) {
									if v := got[(i/Lanes*slots+c)*Lanes+i%Lanes]; v != want {
										t.Fatalf("n=%d d=%d k=%v point %d slot %d: %d steps, want %d", n, d, ks, i, c, v, want)
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

// Nothing is written beside the tile and the slots.
func TestGuards(t *testing.T) {
	kerneltest.Require(t, "avx2", hasAVX2)
	const d, guard = 3, 0x5AFE
	for rows := 1; rows <= tileRows; rows++ {
		values, labels, base, slots := drawn(rows, d, []int{2, 7})
		targets := NewTargets(values, d, labels, base, slots)
		s := targets.Summer()
		s.take(0)
		for i := range s.steps {
			s.steps[i] = guard
		}
		sums := slices.Repeat([]uint64{guard}, (slots+2)*Lanes)
		s.path = pathAVX2
		s.addTile(make([]float64, d*Lanes), sums[Lanes:(slots+1)*Lanes], 0)
		for i, v := range s.steps[rows*Lanes:] {
			if v != guard {
				t.Fatalf("%d rows: steps[%d] is %d", rows, rows*Lanes+i, v)
			}
		}
		for l := range Lanes {
			if sums[l] != guard || sums[(slots+1)*Lanes+l] != guard {
				t.Fatalf("%d rows: a sum outside the slots", rows)
			}
		}
	}
}

// The step leaves room for the sums and keeps distances fine, at every magnitude.
func TestStep(t *testing.T) {
	for _, scale := range []float64{0x1p-400, 1e-9, 1, 1e9, 0x1p400} {
		for _, n := range []int{2, 4096, 65_536} {
			values := make([]float64, n)
			for i := range values {
				values[i] = scale * float64(i%2)
			}
			targets := NewTargets(values, 1, [][]uint8{make([]uint8, n)}, []int{0}, 1)
			got := targets.Summer().Sums(values[:1])[0]
			// Each distance is off by half a step, the last product by 2^-53.
			sum, want := float64(got)*targets.Step(), float64(n/2)*scale
			if math.Abs(sum-want) > float64(n/2)*targets.Step()/2+want*0x1p-53 {
				t.Errorf("scale %g, %d rows: sum %g, want %g", scale, n, sum, want)
			}
			if steps := scale / targets.Step(); steps < 0x1p46 || steps*float64(n) >= 0x1p64 {
				t.Errorf("scale %g, %d rows: a distance is %g steps", scale, n, steps)
			}
		}
	}
	same := NewTargets([]float64{3, 3, 3}, 1, [][]uint8{{0, 0, 1}}, []int{0}, 2)
	if got := same.Summer().Sums([]float64{3}); got[0] != 0 || got[Lanes] != 0 {
		t.Errorf("equal rows are apart: %d, %d", got[0], got[Lanes])
	}
}

// BenchmarkSums sums over 8,192 targets with 19 labelings; runs are rows with equal labels.
func BenchmarkSums(b *testing.B) {
	const n = 8192
	for name, path := range paths {
		if name == "avx2" && !hasAVX2 {
			continue
		}
		for _, d := range []int{4, 10, 16, 64} {
			for _, run := range []int{1, 4, 32} {
				b.Run(fmt.Sprintf("path=%s/dim=%d/run=%d", name, d, run), func(b *testing.B) {
					values, _, _, _ := drawn(n, d, nil)
					labels, base, slots := make([][]uint8, 19), make([]int, 19), 0
					for q := range labels {
						labels[q], base[q] = make([]uint8, n), slots
						for i := range labels[q] {
							labels[q][i] = uint8(uint32(i/run) * 2654435761 >> (q % 8) % uint32(q+2))
						}
						slots += q + 2
					}
					targets := NewTargets(values, d, labels, base, slots)
					s := targets.Summer()
					s.path = path
					for b.Loop() {
						s.Sums(values[:64*d])
					}
					b.ReportMetric(64*n*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gpairs/s")
				})
			}
		}
	}
}
