package validity

import (
	"context"
	"math"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func draw(t *rapid.T) (*Points, [][]float64, []uint8, int) {
	n, d := rapid.IntRange(3, 50).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "d")
	columns := make([][]float64, d)
	for j := range columns {
		columns[j] = rapid.SliceOfN(rapid.Float64Range(-10, 10), n, n).Draw(t, "column")
	}
	k := rapid.IntRange(2, 5).Draw(t, "k")
	labels := make([]uint8, n)
	for i, l := range rapid.SliceOfN(rapid.IntRange(0, k-1), n, n).Draw(t, "labels") {
		labels[i] = uint8(l)
	}
	labels[0], labels[1] = 0, 1
	return FromColumns(columns), columns, labels, k
}

func near(t *rapid.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-11*max(1, math.Abs(want)) {
		t.Fatalf("%s = %v, want %v", name, got, want)
	}
}

func TestSilhouettesEqualTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, columns, labels, k := draw(t)
		other := make([]uint8, p.N)
		for i := range other {
			other[i] = uint8(i % 2)
		}
		got, err := Silhouettes(context.Background(), p, []Partition{{k, labels}, {2, other}}, nil, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		// Distances are rounded to steps of at most 2^-50 of the diagonal: a and b are off by half of one, s by three halves
		// over the larger of them.
		var diagonal float64
		for _, c := range columns {
			diagonal += (slices.Max(c) - slices.Min(c)) * (slices.Max(c) - slices.Min(c))
		}
		step := math.Sqrt(diagonal) * 0x1p-50
		for q, part := range []Partition{{k, labels}, {2, other}} {
			var mean, off float64
			for i := range p.N {
				sums, sizes := make([]float64, part.K), make([]float64, part.K)
				for j := range p.N {
					var sq float64
					for _, c := range columns {
						sq += (c[i] - c[j]) * (c[i] - c[j])
					}
					if i != j {
						sums[part.Labels[j]] += math.Sqrt(sq)
						sizes[part.Labels[j]]++
					}
				}
				own := part.Labels[i]
				if sizes[own] == 0 {
					continue
				}
				a, b := sums[own]/sizes[own], math.Inf(1)
				for l := range sums {
					if l != int(own) && sizes[l] > 0 {
						b = min(b, sums[l]/sizes[l])
					}
				}
				if max(a, b) > 0 {
					mean += (b - a) / max(a, b) / float64(p.N)
					off += 1.5 * step / max(a, b) / float64(p.N)
				}
			}
			if math.Abs(got[q].Mean-mean) > off+1e-12 {
				t.Fatalf("silhouette = %v, want %v within %v", got[q].Mean, mean, off+1e-12)
			}
			var weighted float64
			sizes := MomentsOf(p, part.Labels, part.K).Size
			for l, s := range got[q].Segment {
				if sizes[l] > 0 {
					weighted += s * float64(sizes[l]) / float64(p.N)
				}
			}
			near(t, "mean of the segments", weighted, got[q].Mean)
		}
	})
}

// Every bit is the same for any number of threads, alone or beside other partitions, for all rows or some.
func TestSilhouettesDependOnThePartitionAlone(t *testing.T) {
	p, partitions := clustered(1_000, 5)
	for _, rows := range [][]int{nil, Sample(1, p.N, 333)} {
		want, err := Silhouettes(context.Background(), p, partitions, rows, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, threads := range []int{2, 3, 7} {
			var done atomic.Int64
			got, err := Silhouettes(context.Background(), p, partitions, rows, threads, func(n int) { done.Add(int64(n)) })
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%d threads: another result (%v)", threads, err)
			}
			total := p.N
			if rows != nil {
				total = len(rows)
			}
			if done.Load() != int64(total) {
				t.Fatalf("%d rows were told of, want %d", done.Load(), total)
			}
		}
		for q := range partitions {
			alone, err := Silhouettes(context.Background(), p, partitions[q:q+1], rows, 2, nil)
			if err != nil || !reflect.DeepEqual(alone[0], want[q]) {
				t.Fatalf("k = %d alone: another result (%v)", partitions[q].K, err)
			}
		}
	}
}

func TestMomentsEqualTheDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, columns, labels, k := draw(t)
		m := MomentsOf(p, labels, k)
		var wss, tss float64
		for _, c := range columns {
			var all float64
			sum, size := make([]float64, k), make([]float64, k)
			for i, x := range c {
				all += x / float64(p.N)
				sum[labels[i]] += x
				size[labels[i]]++
			}
			for i, x := range c {
				mean := sum[labels[i]] / size[labels[i]]
				wss += (x - mean) * (x - mean)
				tss += (x - all) * (x - all)
			}
		}
		near(t, "inertia", m.Inertia(), wss)
		near(t, "total", m.Total, tss)
		if ch, ok := m.CalinskiHarabasz(); ok {
			near(t, "CH", ch, (tss-wss)/float64(k-1)/(wss/float64(p.N-k)))
		}
	})
}

// Two pairs on a line, by hand: S = 0.5 each, means 10 apart, so DB = 1/10; CH = (100/1) / (1/2) = 200.
func TestByHand(t *testing.T) {
	p := FromColumns([][]float64{{0, 1, 10, 11}})
	m := MomentsOf(p, []uint8{0, 0, 1, 1}, 2)
	if db, ok := m.DaviesBouldin(); !ok || math.Abs(db-.1) > 1e-15 {
		t.Errorf("DB %v", db)
	}
	if ch, ok := m.CalinskiHarabasz(); !ok || math.Abs(ch-200) > 1e-12 {
		t.Errorf("CH %v", ch)
	}
	// Distances to the means: own 0.5, other 9.5 or 10.5.
	if s, _ := Simplified(p, m, []uint8{0, 0, 1, 1}); math.Abs(s-(1-.5/10.5+1-.5/9.5)/2) > 1e-15 {
		t.Errorf("simplified silhouette %v", s)
	}
	if _, ok := MomentsOf(p, []uint8{0, 0, 0, 0}, 1).DaviesBouldin(); ok {
		t.Error("one cluster has no Davies-Bouldin index")
	}
}

func TestSampledSilhouette(t *testing.T) {
	n := 2000
	column := make([]float64, n)
	labels := make([]uint8, n)
	for i := range column {
		column[i] = float64(i%2)*3 + float64(i*7919%n)/float64(n)
		labels[i] = uint8(i % 2)
	}
	p := FromColumns([][]float64{column})
	exact, _ := Silhouettes(context.Background(), p, []Partition{{2, labels}}, nil, 1, nil)
	rows := Sample(1, n, 300)
	if len(rows) != 300 || Sample(1, n, n) != nil {
		t.Fatalf("%d rows", len(rows))
	}
	s, _ := Silhouettes(context.Background(), p, []Partition{{2, labels}}, rows, 1, nil)
	if exact[0].SE != nil || s[0].SE == nil || math.Abs(s[0].Mean-exact[0].Mean) > 5**s[0].SE {
		t.Errorf("sampled %v +- %v, exact %v", s[0].Mean, s[0].SE, exact[0].Mean)
	}
}

func TestNoElbow(t *testing.T) {
	if _, ok := Elbow([]float64{1, 2, 3, 4}, []float64{4, 3, 2, 1}); ok {
		t.Error("a straight line has no knee")
	}
}

func TestSilhouetteSquaredEqualsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _, labels, k := draw(t)
		m := MomentsOf(p, labels, k)
		got, segments := SilhouetteSquared(p, m, labels)
		want := make([]float64, k)
		var mean, off float64
		for i := range p.N {
			own := int(labels[i])
			sums := make([]float64, k)
			for j := range p.N {
				sums[labels[j]] += squared(p.Row(nil, i), p.Row(nil, j))
			}
			if m.Size[own] == 1 {
				continue
			}
			a, b := sums[own]/float64(m.Size[own]-1), math.Inf(1)
			for c := range k {
				if c != own && m.Size[c] > 0 {
					b = min(b, sums[c]/float64(m.Size[c]))
				}
			}
			if largest := max(a, b); largest > 0 {
				mean += (b - a) / largest / float64(p.N)
				want[own] += (b - a) / largest / float64(m.Size[own])
				// A mean is off by at most n 10 2^-53, and so is each of d differences, which are at most 20; three roundings of
				// n terms more are as much again. s is off by three times that over the larger of a and b.
				off += 3 * float64(p.D*p.N) * 1000 * 0x1p-52 / largest
			}
		}
		if math.Abs(got-mean) > off/float64(p.N)+1e-12 {
			t.Fatalf("squared silhouette = %v, want %v", got, mean)
		}
		for c, v := range segments {
			if m.Size[c] > 0 && math.Abs(v-want[c]) > off+1e-12 {
				t.Fatalf("cluster %d: %v, want %v", c, v, want[c])
			}
		}
	})
}

func TestDaviesBouldinRMSEqualsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _, labels, k := draw(t)
		m := MomentsOf(p, labels, k)
		if slices.Contains(m.Size, 0) {
			return
		}
		got, ok := m.DaviesBouldinRMS()
		if _, same := m.DaviesBouldin(); same != ok {
			t.Fatalf("defined: %v and %v", ok, same)
		}
		spread := make([]float64, k)
		for i, l := range labels {
			spread[l] += squared(p.Row(nil, i), p.mean(m, int(l))) / float64(m.Size[l])
		}
		var want float64
		for a := range k {
			var worst float64
			for b := range k {
				if a != b {
					worst = max(worst, (math.Sqrt(spread[a])+math.Sqrt(spread[b]))/math.Sqrt(squared(p.mean(m, a), p.mean(m, b))))
				}
			}
			want += worst / float64(k)
		}
		if ok {
			near(t, "Davies-Bouldin", got, want)
		}
	})
}

// Two pairs at the same place and one row alone: a = b = 0, and a singleton.
func TestSilhouetteSquaredAtTheEdges(t *testing.T) {
	p, labels := FromColumns([][]float64{{1, 1, 1, 1, 5}}), []uint8{0, 0, 1, 1, 2}
	if mean, segment := SilhouetteSquared(p, MomentsOf(p, labels, 3), labels); mean != 0 || !slices.Equal(segment, []float64{0, 0, 0}) {
		t.Errorf("%v, %v", mean, segment)
	}
}

// By hand, d = 1 and n = 4: 1 - 2/pi - z sqrt(2 (1 - 8/pi^2) / 4) is below 0, so that one cluster is always accepted.
func TestDudaHart(t *testing.T) {
	ratio, limit, one := DudaHart(101, 1, 4, 1)
	if ratio != 1./101 || math.Abs(limit - -.587664886514) > 1e-9 || !one {
		t.Errorf("%v, %v, %v", ratio, limit, one)
	}
	if _, _, one := DudaHart(101, 1, 4000, 1); one {
		t.Error("two places a hundred times apart are one cluster")
	}
	if ratio, _, one := DudaHart(0, 0, 4000, 1); ratio != 1 || !one {
		t.Errorf("equal rows: %v, %v", ratio, one)
	}
}

func TestFigureOfMeritEqualsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, columns, labels, k := draw(t)
		got := FigureOfMerit(columns, labels, k)
		if p.N <= k {
			if !math.IsNaN(got) {
				t.Fatalf("%d rows, %d clusters: %v", p.N, k, got)
			}
			return
		}
		var sum float64
		for _, column := range columns {
			total, size := make([]float64, k), make([]float64, k)
			for i, l := range labels {
				total[l] += column[i]
				size[l]++
			}
			for i, l := range labels {
				diff := column[i] - total[l]/size[l]
				sum += diff * diff
			}
		}
		n := float64(p.N)
		near(t, "figure of merit", got, math.Sqrt(sum/n)/math.Sqrt((n-float64(k))/n))
	})
}

func TestLogW(t *testing.T) {
	p := FromColumns([][]float64{{0, 1, 10, 11}})
	if logW, ok := MomentsOf(p, []uint8{0, 0, 1, 1}, 2).LogW(); !ok || math.Abs(logW-math.Log(.5)) > 1e-15 {
		t.Errorf("log W %v", logW)
	}
	if _, ok := MomentsOf(p, []uint8{0, 1, 2, 3}, 4).LogW(); ok {
		t.Error("an inertia of 0 has no logarithm")
	}
}
