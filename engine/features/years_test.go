package features

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"segovia/engine/ports"
)

// Both years of Online Retail in one source, the first from Parquet with its own types: 1 to 9 December 2010 is in both
// and must count once, while repeated lines within one file are genuine.
func TestBothYears(t *testing.T) {
	later := onlineRetail(t)
	f, err := file.OpenParquetFile(shared(t, "data", "online-retail-ii", "online_retail_ii.parquet"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 1 << 20}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	tb, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer tb.Release()
	rename := map[string]string{"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"}
	at := map[string]int{}
	for i, f := range tb.Schema().Fields() {
		name := f.Name
		if new, ok := rename[name]; ok {
			name = new
		}
		at[name] = i
	}
	var rows [][]string
	reader := array.NewTableReader(tb, 1<<16)
	defer reader.Release()
	for reader.Next() {
		rec := reader.Record()
		for i := range int(rec.NumRows()) {
			row := make([]string, later.schema.NumFields())
			for c, f := range later.schema.Fields() {
				a := rec.Column(at[f.Name])
				if a.IsNull(i) {
					continue
				}
				text := a.ValueStr(i)
				if ts, ok := a.(*array.Timestamp); ok {
					text = ts.Value(i).ToTime(ts.DataType().(*arrow.TimestampType).Unit).Format("2006-01-02 15:04:05")
				}
				if f.Name == "CustomerID" {
					text = strings.TrimSuffix(text, ".0")
				}
				if text == "nan" || text == "NaN" {
					text = ""
				}
				row[c] = text
			}
			rows = append(rows, row)
		}
	}
	both := *later
	both.names = append([]string{"online_retail_ii.parquet"}, later.names...)
	both.files = append([][][]string{rows}, later.files...)
	cfg := Config{Sources: []SourceConfig{{Name: "orders", Key: "CustomerID", Time: "InvoiceDate",
		Distinct: "across_files"}},
		Entity: Entity{From: "orders"}, AsOf: date("2011-12-11"), Columns: []Column{{Name: "n", From: "orders",
			Agg: "count"}}}
	res, err := Fold(context.Background(), cfg, []Source{&both}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	q := res.Quality.Sources[0]
	if left := q.RowsRead - q.RowsDuplicateRemoved; q.RowsRead != 541909+525461 || left != 1044847 {
		t.Errorf("%d rows read, %d left, want 1067370 and 1044847", q.RowsRead, left)
	}
	if n := res.Table.Rows(); n != 5942 {
		t.Errorf("%d customers, want 5942", n)
	}
	account(t, res)
}
