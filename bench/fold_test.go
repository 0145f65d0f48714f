package bench

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// foldFile returns the path of the lines of o; they are written once to SEGOVIA_BENCH_DIR where that is set.
func foldFile(t testing.TB, o Orders) string {
	t.Helper()
	dir := os.Getenv("SEGOVIA_BENCH_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("orders-%d-%d-%d.parquet", o.Lines, o.Customers, o.Seed))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := o.Create(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

// BenchmarkFold is workload W10. Set SEGOVIA_BENCH_DIR to a folder that keeps the file of 10 million lines between runs.
func BenchmarkFold(b *testing.B) {
	path := foldFile(b, W10)
	for _, quality := range []bool{false, true} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("rows=10M/quality=%v/threads=%d", quality, threads), func(b *testing.B) {
				used := processorSeconds(b)
				for range b.N {
					if _, err := foldTable(context.Background(), path, threads, quality); err != nil {
						b.Fatal(err)
					}
				}
				folds, seconds := float64(b.N), b.Elapsed().Seconds()
				b.ReportMetric((processorSeconds(b)-used)/folds, "cpu-s/fold")
				b.ReportMetric(seconds/folds, "s/fold")
				b.ReportMetric(folds*float64(W10.Lines)/seconds, "rows/s")
			})
		}
	}
}

// processorSeconds is what the process has used so far, of the user's and the system's time.
func processorSeconds(b *testing.B) float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// fewLines is W10 in fewLines: the file's bytes, the table and the peer's table are checked on it.
var fewLines = Orders{Lines: 200_000, Customers: 5_000, Seed: 1}

// TestFoldIsTheSame guards the file and the table, for any number of threads.
func TestFoldIsTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.parquet")
	if err := fewLines.Create(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{1, 2, 3, 7} {
		r, err := Fold(context.Background(), path, threads, threads%2 == 0)
		if err != nil {
			t.Fatal(err)
		}
		if r.Digest != smallDigest || r.Table.Rows() != fewLines.Customers {
			t.Errorf("%d threads: %d customers, digest %s, want %s", threads, r.Table.Rows(), r.Digest, smallDigest)
		}
	}
}

const smallDigest = "f9d11588d998ae3050f9a7c9d7cab0c2d26427aec7943556f1e75ac3ca9bb665"

// TestFoldAgainstDuckDB compares the table with that of DuckDB: the same counts, sums, first and last amounts, and the same
// means, deviations and shares but for rounding. SEGOVIA_PYTHON names a Python that has duckdb.
func TestFoldAgainstDuckDB(t *testing.T) {
	python := cmp.Or(os.Getenv("SEGOVIA_PYTHON"), "python3")
	if err := exec.Command(python, "-c", "import duckdb").Run(); err != nil {
		if slices.Contains(strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ","), "duckdb") {
			t.Fatalf("SEGOVIA_REQUIRE names duckdb: %s: %v", python, err)
		}
		t.Skipf("%s has no duckdb: %v", python, err)
	}
	dir := t.TempDir()
	path, csv := filepath.Join(dir, "orders.parquet"), filepath.Join(dir, "ours.csv")
	if err := fewLines.Create(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	r, err := Fold(context.Background(), path, 2, true)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteFold(&b, r.Table); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(csv, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, "peers/duckdb_fold.py", path, "--runs", "1", "--compare", csv).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	} else {
		t.Logf("%s", out)
	}
}
