package stability

import (
	"testing"

	"pgregory.net/rapid"
)

func TestClusterJaccardEqualsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		ka, kb := rapid.IntRange(1, 5).Draw(t, "ka"), rapid.IntRange(1, 5).Draw(t, "kb")
		base := rapid.SliceOfN(rapid.Uint8Range(0, uint8(ka-1)), n, n).Draw(t, "base")
		fit := rapid.SliceOfN(rapid.Uint8Range(0, uint8(kb-1)), n, n).Draw(t, "fit")
		var weights []uint16
		if rapid.Bool().Draw(t, "resampled") {
			weights = rapid.SliceOfN(rapid.Uint16Range(0, 3), n, n).Draw(t, "weights")
		}
		gamma := ClusterJaccard(base, fit, ka, kb, weights)
		for a := range ka {
			want := 0.0
			for b := range kb {
				var both, any float64
				for i := range n {
					if weights != nil && weights[i] == 0 {
						continue
					}
					inA, inB := int(base[i]) == a, int(fit[i]) == b
					if inA && inB {
						both++
					}
					if inA || inB {
						any++
					}
				}
				if any > 0 {
					want = max(want, both/any)
				}
			}
			if gamma[a] != want {
				t.Fatalf("cluster %d: %v, want %v", a, gamma[a], want)
			}
		}
	})
}

func TestReadingGamma(t *testing.T) {
	for _, c := range []struct {
		gamma                float64
		dissolved, recovered bool
	}{{0, true, false}, {.5, true, false}, {.6, false, false}, {.75, false, false}, {.76, false, true}, {1, false, true}} {
		if Dissolved(c.gamma) != c.dissolved || Recovered(c.gamma) != c.recovered {
			t.Errorf("%v: dissolved %v, recovered %v", c.gamma, Dissolved(c.gamma), Recovered(c.gamma))
		}
	}
}
