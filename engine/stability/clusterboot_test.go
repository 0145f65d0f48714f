package stability

import (
	"math"
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

// Twenty replicates of R's fpc::clusterboot on iris, k = 3, recomputed from the resampled rows and their labels.
func TestClusterJaccardOfIris(t *testing.T) {
	lines, want := reference(t, "iris_clusterboot_k3_partitions.txt"), reference(t, "iris_clusterboot_k3_jaccard.csv")
	labels := func(line []float64) []uint8 {
		l := make([]uint8, len(line))
		for i, v := range line {
			l[i] = uint8(v) - 1
		}
		return l
	}
	base, lines := labels(lines[0]), lines[1:]
	if len(base) != 150 || len(lines) != 40 || len(want) != 3 {
		t.Fatalf("%d rows, %d lines, %d clusters", len(base), len(lines), len(want))
	}
	for r := range 20 {
		fit, weights := make([]uint8, len(base)), make([]uint16, len(base))
		for i, label := range labels(lines[2*r+1]) {
			row := int(lines[2*r][i]) - 1
			fit[row], weights[row] = label, 1
		}
		for c, gamma := range ClusterJaccard(base, fit, 3, 3, weights) {
			if math.Abs(gamma-want[c][r]) > 1e-12 {
				t.Errorf("replicate %d, cluster %d: %v, want %v", r+1, c+1, gamma, want[c][r])
			}
		}
	}
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
