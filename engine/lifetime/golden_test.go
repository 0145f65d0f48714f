package lifetime

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"segovia/kernels/rng"
)

// The hash is the same under GOAMD64=v1 and v3 and on every architecture: parameters and figures of two fits on customers
// that are drawn without a function of package math.
func TestGolden(t *testing.T) {
	const golden = "9ad00ee7642368f5"
	s := rng.New(1, "golden", 0, 0)
	customers, spends := make([]History, 3000), make([]Spend, 3000)
	for i := range customers {
		below := func(step, n uint64) int { return int(s.Below(n, step, uint64(i))) }
		h := &customers[i]
		days := 30 + below(0, 700)
		if below(1, 3) > 0 {
			h.Repeats = 1 + below(2, 1+uint64(below(3, 30)))
			h.ActiveSpan = float64(1+below(4, uint64(days))) / 7
		}
		h.Age = float64(days) / 7
		spends[i] = Spend{h.Repeats, float64(1000+below(5, 5000)+below(6, 20_000)*below(7, 2)) / 100}
	}
	m, repM, err := FitBGNBD(t.Context(), customers, Config{})
	if err != nil || !repM.Usable() {
		t.Fatal(repM, err)
	}
	g, repG, err := FitGammaGamma(t.Context(), spends, Config{})
	if err != nil || !repG.Usable() {
		t.Fatal(repG, err)
	}
	values := []float64{m.R, m.Alpha, m.A, m.B, g.P, g.Q, g.V, repM.LogLikelihood, repG.LogLikelihood, stayIntegral(m.R, m.A, m.B, 1e5)}
	for i := range customers {
		values = append(values, m.Alive(customers[i]), Value(m, g, customers[i], spends[i], Horizon{YearlyRate: 0.08, MarginRate: 0.4}))
	}
	h := sha256.New()
	for _, v := range values {
		if v != v {
			t.Fatal("a figure is NaN")
		}
		_ = binary.Write(h, binary.LittleEndian, math.Float64bits(v))
	}
	if got := hex.EncodeToString(h.Sum(nil))[:16]; got != golden {
		t.Errorf("hash %s, want %s: %v %v", got, golden, m, g)
	}
}
