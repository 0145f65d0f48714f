package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/cpuid/v2"

	"segovia/engine/enginetest"
	"segovia/engine/sweep"
	"segovia/kernels/kerneltest"
)

// The program gives the labels and adjusted Rand indices of algorithm v1, compiled for the plainest and for a newer
// instruction set, with the rows in any order.
func TestGolden(t *testing.T) {
	v1 := segovia(t)
	t.Run("v1", func(t *testing.T) { goldens(t, v1, "auto") }) // engine/sweep has the other paths
	t.Run("v3", func(t *testing.T) {
		kerneltest.Require(t, "amd64v3", cpuid.CPU.X64Level() >= 3)
		v3, err := newer()
		if err != nil {
			t.Fatal(err)
		}
		goldens(t, v3, "ref", "auto", "blas", "gorgonia")
	})
}

// goldens sweeps the data sets on each path, with the rows in another order and another number of threads for each.
func goldens(t *testing.T, bin string, paths ...string) {
	for _, g := range enginetest.Goldens() {
		t.Run(g.Name, func(t *testing.T) {
			dir := t.TempDir()
			for i, path := range paths {
				put(t, filepath.Join(dir, "table.csv"), goldenTable(g, i+1))
				args := []string{"sweep", "table.csv", "--id", "id", "--scale", "none", "--silhouette", "none", "--labels", "labels.parquet",
					"--json", "--path", path, "--threads", strconv.Itoa(1 + i)}
				var r sweep.Result
				if err := json.Unmarshal(call(t, bin, dir, append(args, goldenFlags(g)...)...), &r); err != nil {
					t.Fatal(err)
				}
				table := readParquet(t, filepath.Join(dir, "labels.parquet"))
				for row, key := range table.column(t, "id") {
					if key != g.Key(row) {
						t.Fatalf("row %d of the labels is %s, want %s", row, key, g.Key(row))
					}
				}
				labels := g.LabelHash(len(g.Sweep.K), func(k, row int) int {
					n, err := strconv.Atoi(table.column(t, "k"+strconv.Itoa(g.Sweep.K[k]))[row])
					if err != nil {
						t.Fatal(err)
					}
					return n
				})
				if ari := enginetest.ARIHash(&r); labels != g.Labels || ari != g.ARI {
					t.Errorf("path %s: labels %s, want %s\nadjusted Rand indices %s, want %s", path, labels, g.Labels, ari, g.ARI)
				}
			}
		})
	}
}

// goldenFlags are the flags that ask for the sweep of g.
func goldenFlags(g enginetest.Golden) []string {
	c := g.Sweep.WithDefaults(g.Rows())
	var ks []string
	for _, k := range c.K {
		ks = append(ks, strconv.Itoa(k))
	}
	flags := []string{"--k", strings.Join(ks, ","), "--restarts", strconv.Itoa(c.Restarts), "--max-iter", strconv.Itoa(c.MaxIter),
		"--bootstrap", strconv.Itoa(c.Bootstrap), "--boot-restarts", strconv.Itoa(c.BootRestarts), "--seed", fmt.Sprint(c.Seed),
		"--gap", "0", "--clusterboot", "0", "--influence=false", "--silhouette", "none"}
	if c.Init != "" {
		flags = append(flags, "--init", c.Init)
	}
	return flags
}

// goldenTable is the data set as CSV, its rows in another order for each number.
func goldenTable(g enginetest.Golden, order int) []byte {
	rows := make([]int, g.Rows())
	for i := range rows {
		rows[i] = i
	}
	rand.New(rand.NewPCG(uint64(order), 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	out := []byte("id")
	for j := range g.X {
		out = fmt.Appendf(out, ",x%d", j)
	}
	for _, i := range rows {
		out = append(append(out, '\n'), g.Key(i)...)
		for j := range g.X {
			out = strconv.AppendFloat(append(out, ','), g.X[j][i], 'f', -1, 64)
		}
	}
	return append(out, '\n')
}

// The nightly job gives the labels of algorithm v1.
func TestGoldenNight(t *testing.T) {
	const labels = "3e6ccd16b6dc840d601b75d48dd7fafa398f58f9547904f18e2e3606867ca4b0"
	s, _ := publish(t, segovia(t), company(t), "company.yaml", "--out", "out")
	if s.LabelHash != labels {
		t.Errorf("labels %s, want %s", s.LabelHash, labels)
	}
}
