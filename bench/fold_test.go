package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
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
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("rows=10M/threads=%d", threads), func(b *testing.B) {
			for range b.N {
				r, err := Fold(context.Background(), path, threads)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(r.Seconds, "s/fold")
				b.ReportMetric(float64(W10.Lines)/r.Seconds, "rows/s")
			}
		})
	}
}
