package expansion

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"segovia/kernels"
	"segovia/kernels/kerneltest"
	"segovia/kernels/tile"
)

// worst is a path whose products are as wrong as the bound allows, alternately up and down: labels must not notice.
type worst struct{ sign float64 }

func (worst) Name() string                             { return "worst" }
func (worst) Available() error                         { return nil }
func (w worst) Open(d int) (kernels.Scorer, error)     { return New(d, w.product), nil }
func (w worst) product(g, c, x []float32, rows, d int) { perturbed(g, c, x, rows, d, w.sign) }

// perturbed computes products in float64 and moves them by gamma_d * sum |x_j c_j| and d * 2^-125; the rounding to float32
// takes the rest of gamma_(d+2).
func perturbed(g, c, x []float32, rows, d int, sign float64) {
	gamma := float64(d) * 0x1p-24 / (1 - float64(d)*0x1p-24)
	for r := range rows {
		for i := range Chunk {
			sum, magnitude := 0.0, 0.0
			for j := range d {
				p := float64(c[r*d+j]) * float64(x[j*Chunk+i])
				sum += p
				magnitude += math.Abs(p)
			}
			if r%2 == 0 {
				sign = -sign
			}
			g[r*Chunk+i] = float32(sum + sign*(gamma*magnitude+float64(d)*0x1p-125))
		}
	}
}

func TestLabelsSurviveTheWorstProducts(t *testing.T) {
	kerneltest.Run(t, worst{1})
}

// flushed is a product as a library might compute it that flushes all subnormal numbers to zero.
func flushed(g, c, x []float32, rows, d int) {
	flush := func(v float32) float32 {
		if v > -0x1p-126 && v < 0x1p-126 {
			return 0
		}
		return v
	}
	for r := range rows {
		for i := range Chunk {
			var sum float32
			for j := range d {
				sum = flush(sum + flush(flush(c[r*d+j])*flush(x[j*Chunk+i])))
			}
			g[r*Chunk+i] = sum
		}
	}
}

// TestBound compares the error of scores with the bound, with exact arithmetic as the judge.
func TestBound(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, product := range []struct {
		name string
		f    Product
	}{{"flushed", flushed}, {"perturbed", worst{1}.product}} {
		tightest := 0.0
		for range 300 {
			d := 1 + r.IntN(40)
			spread := r.IntN(100) // of magnitudes between columns
			m := &tile.Matrix{N: tile.Lanes, D: d, Tiles: tile.Aligned(tile.Lanes * d)}
			shift := r.IntN(120) - 60
			for i := range m.Tiles {
				e := shift - (i/tile.Lanes)*spread/d
				m.Tiles[i] = float32(math.Ldexp(math.Round(r.NormFloat64()*1e5), e))
			}
			model := kernels.Centroids{K: 3}
			for k := range model.K {
				for _, v := range m.Row(nil, k) {
					model.C = append(model.C, v*float32(1+r.NormFloat64()/8))
				}
			}
			s := New(d, product.f)
			b := kernels.Block{D: d, N: m.N, Tiles: m.Tiles}
			s.Load([]kernels.Centroids{model})
			scale := s.down * s.takePoints(b, 0, m.N)
			s.product(s.g, s.c, s.x, model.K, d)
			norm := math.Sqrt(max(s.c2[0], s.c2[1], s.c2[2]))
			for i := range m.N {
				x := m.Row(nil, i)
				x2 := distance(x, make([]float32, d))
				err := s.bound(math.Sqrt(x2), norm, scale)
				for k := range model.K {
					score := s.c2[k] - 2*scale*float64(s.g[k*Chunk+i])
					want := new(big.Float).SetPrec(2000)
					for j, v := range x {
						c := new(big.Float).SetPrec(2000).SetFloat64(float64(model.C[k*d+j]))
						diff := new(big.Float).SetPrec(2000).Sub(c, big.NewFloat(2*float64(v)))
						want.Add(want, diff.Mul(diff, c)) // c^2 - 2xc
					}
					off, _ := want.Sub(want, big.NewFloat(score)).Float64()
					if tightest = max(tightest, math.Abs(off)/err); math.Abs(off) > err {
						t.Fatalf("%s: d=%d: score is off by %g, bound %g", product.name, d, off, err)
					}
				}
			}
		}
		if tightest < 0.1 {
			t.Errorf("%s: errors never reach a tenth of the bound (%.2g): it is idle", product.name, tightest)
		}
		t.Logf("%s: largest error %.2f of the bound", product.name, tightest)
	}
}

// Doubtful points must be rare where the data have structure, or the path would only be a slow ref.
func TestFewPointsAreDoubtful(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	const n, d, k = 6400, 16, 24
	columns := make([][]float64, d)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i := range columns[j] {
			columns[j][i] = r.NormFloat64() + float64(i%k*(j+1)%7)
		}
	}
	grids := make([]tile.Grid, d)
	for j := range grids {
		var err error
		if grids[j], err = tile.FitGrid(columns[j]); err != nil {
			t.Fatal(err)
		}
	}
	m := tile.New(columns, grids)
	model := kernels.Centroids{K: k}
	for i := range k {
		model.C = append(model.C, m.Row(nil, i)...)
	}
	s := New(d, flushed)
	s.Load([]kernels.Centroids{model})
	s.Score(&kernels.Scores{Label: make([]uint8, n)}, kernels.Block{D: d, N: n, Tiles: m.Tiles}, 0)
	if s.doubtful > n/500 {
		t.Errorf("%d of %d points were doubtful", s.doubtful, n)
	}
	t.Logf("%d of %d points doubtful", s.doubtful, n)
}

func TestModelsBeyondOneProduct(t *testing.T) {
	// 256 centroids take two products.
	r := rand.New(rand.NewPCG(6, 6))
	const n, d = 130, 3
	m := &tile.Matrix{N: n, D: d, Tiles: tile.Aligned((n + 15) / 16 * 16 * d)}
	for i := range m.Tiles {
		m.Tiles[i] = float32(r.IntN(2000) - 1000)
	}
	var stack []kernels.Centroids
	for _, k := range []int{256, 255} {
		c := kernels.Centroids{K: k}
		for range k * d {
			c.C = append(c.C, float32(r.NormFloat64()*600))
		}
		stack = append(stack, c)
	}
	dst := []kernels.Scores{{Label: make([]uint8, n)}, {Label: make([]uint8, n)}}
	s := New(d, flushed)
	s.Load(stack)
	for i, c := range stack {
		s.Score(&dst[i], kernels.Block{D: d, N: n, Tiles: m.Tiles}, i)
		for p := range n {
			s.row = m.Row(s.row[:0], p)
			if _, _, label := s.exact(c); int(dst[i].Label[p]) != label {
				t.Fatalf("model %d, point %d: label %d, want %d", i, p, dst[i].Label[p], label)
			}
		}
	}
}
