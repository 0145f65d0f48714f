package e2e

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// rows is a Parquet file as arrow's own reader, not ours, understands it.
type rows struct {
	names []string
	cells map[string][]string // by column, as text; null is "(null)"
	n     int
}

func readParquet(t *testing.T, name string) rows {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := file.NewParquetReader(f)
	if err != nil {
		t.Fatal(err)
	}
	fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	tb, err := fr.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer tb.Release()
	out := rows{cells: map[string][]string{}, n: int(tb.NumRows())}
	for j := range int(tb.NumCols()) {
		c := tb.Column(j)
		out.names = append(out.names, c.Name())
		for _, chunk := range c.Data().Chunks() {
			for i := range chunk.Len() {
				cell := "(null)"
				if !chunk.IsNull(i) {
					cell = chunk.ValueStr(i)
				}
				out.cells[c.Name()] = append(out.cells[c.Name()], cell)
			}
		}
		if len(out.cells[c.Name()]) != out.n {
			t.Fatalf("%s: column %s has %d values, want %d", name, c.Name(), len(out.cells[c.Name()]), out.n)
		}
	}
	return out
}

// column returns the cells of a column, which must be there.
func (r rows) column(t *testing.T, name string) []string {
	t.Helper()
	c, ok := r.cells[name]
	if !ok {
		t.Fatalf("no column %s in %v", name, r.names)
	}
	return c
}

// numbers returns a column of numbers without nulls.
func (r rows) numbers(t *testing.T, name string) []float64 {
	t.Helper()
	out := make([]float64, r.n)
	for i, cell := range r.column(t, name) {
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			t.Fatalf("column %s, row %d: %v", name, i, err)
		}
		out[i] = v
	}
	return out
}
