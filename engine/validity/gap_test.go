package validity

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels/rng"
)

// A curve that rises throughout, and one of a single value.
func TestSERulesAtTheEdges(t *testing.T) {
	if got, want := SERules([]float64{1, 2, 3}, []float64{0, 0, 0}, 1), (Rules{2, 2, 2, 2, 2}); got != want {
		t.Errorf("a rising curve: %+v, want %+v", got, want)
	}
	if got := SERules([]float64{1}, []float64{0}, 1); got != (Rules{}) {
		t.Errorf("one value: %+v", got)
	}
}

func TestWithinDistancesEqualTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _, labels, k := draw(t)
		parts := []Partition{{k, labels}, {1, make([]uint8, p.N)}}
		got, err := WithinDistances(context.Background(), p, parts, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		for q, part := range parts {
			var want float64
			for c := range part.K {
				var sum, size float64
				for i := range p.N {
					if int(part.Labels[i]) != c {
						continue
					}
					size++
					for j := range i {
						if int(part.Labels[j]) == c {
							sum += math.Sqrt(squared(p.Row(nil, i), p.Row(nil, j)))
						}
					}
				}
				if size > 0 {
					want += sum / size / 2
				}
			}
			near(t, "W", got[q], want)
		}
	})
}

// A box that lies askew is found along its own axes; along the columns it is larger.
func TestReferenceBox(t *testing.T) {
	s := rng.New(1, "askew", 0, 0)
	p := &Points{N: 4000, D: 2}
	for i := range p.N {
		a, b := 10*s.Float64(0, uint64(i)), s.Float64(1, uint64(i))
		p.Values = append(p.Values, .6*a-.8*b, .8*a+.6*b)
	}
	// The axes are off by about the standard error of the correlation, 1/sqrt(n) * 1/10: 0.0016, a side by ten times that.
	// Along the columns the extremes are corners: of 4,000 rows, some lie within 0.1 of each, at both ends.
	box, err := ReferenceBox(context.Background(), p, true, 2)
	if err != nil || math.Abs(box[0]-10) > .1 || math.Abs(box[1]-1) > .1 {
		t.Errorf("along the axes: %v %v", box, err)
	}
	box, err = ReferenceBox(context.Background(), p, false, 2)
	if err != nil || math.Abs(box[0]-6.8) > .2 || math.Abs(box[1]-8.6) > .2 {
		t.Errorf("along the columns: %v %v", box, err)
	}
}

func TestReferenceIsUniform(t *testing.T) {
	box := []float64{3, 0, 1e-9}
	m := Reference(box, 20_000, 1, 0)
	for j, side := range box {
		lo, hi, sum, square := math.Inf(1), math.Inf(-1), 0.0, 0.0
		for i := range m.N {
			x := float64(m.At(i, j))
			if q := math.Ldexp(x, m.Grids[j].E); q != math.Trunc(q) || math.Abs(q) >= 1<<23 {
				t.Fatalf("%v is off the grid", x)
			}
			lo, hi, sum, square = min(lo, x), max(hi, x), sum+x, square+x*x
		}
		// The mean is off by side/sqrt(12 n), the variance by side^2/sqrt(180 n): five of these.
		n := float64(m.N)
		if hi-lo > side*(1+0x1p-22) || hi-lo < side*.999 || math.Abs(sum/n) > 5*side/math.Sqrt(12*n) ||
			math.Abs(square/n-side*side/12) > 5*side*side/math.Sqrt(180*n) {
			t.Errorf("side %v: from %v to %v, mean %v, mean square %v", side, lo, hi, sum/n, square/n)
		}
	}
	if reflect.DeepEqual(m.Tiles, Reference(box, 20_000, 1, 1).Tiles) || reflect.DeepEqual(m.Tiles, Reference(box, 20_000, 2, 0).Tiles) {
		t.Error("two references are the same")
	}
}

// The hash is the same under GOAMD64=v1 and v3 and on every architecture.
func TestReferenceGolden(t *testing.T) {
	p, _ := clustered(500, 6)
	box, err := ReferenceBox(context.Background(), p, true, 3)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, v := range box {
		_ = binary.Write(h, binary.LittleEndian, v)
	}
	_ = binary.Write(h, binary.LittleEndian, Reference(box, 500, 1, 3).Tiles)
	if got, want := hex.EncodeToString(h.Sum(nil)[:8]), "6863bc460b141f4b"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}
