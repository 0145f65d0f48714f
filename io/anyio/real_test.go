package anyio

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// TestOnlineRetailBothYears reads 305 CSV files and a Parquet file as one source and holds the totals of data/README.md.
func TestOnlineRetailBothYears(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	dir := shared(t)
	s, err := open(filepath.Join(dir, "data"), Options{Keys: []string{"customer"}},
		Spec{Path: "online-retail/by-day/*.csv", Rename: map[string]string{"InvoiceNo": "invoice", "UnitPrice": "price", "CustomerID": "customer"}},
		Spec{Path: "online-retail-ii/*.parquet", Rename: map[string]string{"Invoice": "invoice", "Price": "price", "Customer ID": "customer"}, Nulls: []string{"nan"}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Files()); n != 306 || s.Rows() != 541_909+525_461 {
		t.Fatalf("%d files, %d rows", n, s.Rows())
	}
	types := map[string]string{}
	for _, f := range s.Schema().Fields() {
		types[f.Name] = TypeName(f.Type)
	}
	want := map[string]string{"invoice": "utf8", "StockCode": "utf8", "Description": "utf8", "Quantity": "int64", "InvoiceDate": "timestamp",
		"price": "decimal(38,6)", "customer": "utf8", "Country": "utf8"}
	if !maps.Equal(types, want) {
		t.Fatalf("types %v", types)
	}
	order := slices.Sorted(maps.Keys(want))
	most := map[string]int{} // line to the most copies in one file
	customers := map[string]bool{}
	missing := 0
	for i := range s.Files() {
		here := map[string]int{}
		err := s.ReadFile(context.Background(), i, func(rec arrow.Record, _ int64) error {
			cols := make([]arrow.Array, len(order))
			for k, name := range order {
				cols[k] = rec.Column(rec.Schema().FieldIndices(name)[0])
			}
			key := rec.Column(rec.Schema().FieldIndices("customer")[0]).(*array.String)
			var line strings.Builder
			for r := range int(rec.NumRows()) {
				line.Reset()
				for _, c := range cols {
					line.WriteString(c.ValueStr(r))
					line.WriteByte('|')
				}
				here[line.String()]++
				if key.IsNull(r) {
					missing++
				} else {
					customers[key.Value(r)] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for l, n := range here {
			most[l] = max(most[l], n)
		}
	}
	distinct := 0
	for _, n := range most {
		distinct += n
	}
	if distinct != 1_044_847 || len(customers) != 5942 {
		t.Errorf("%d lines across files, %d customers, %d without", distinct, len(customers), missing)
	}
}

func TestOnlineRetailParquetAlone(t *testing.T) {
	r, err := Inspect(context.Background(), filepath.Join(shared(t), "data", "online-retail-ii", "online_retail_ii.parquet"), Spec{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows != 525_461 || r.Format != Parquet || r.Codec != "snappy" || r.Pages == 0 || len(r.Columns) != 8 {
		t.Fatalf("%+v", r)
	}
	for _, c := range r.Columns {
		if want := map[string]string{"Invoice": "utf8", "Quantity": "int64", "InvoiceDate": "timestamp", "Price": "float64", "Customer ID": "float64"}[c.Name]; want != "" && c.Type != want {
			t.Errorf("%s is %s, want %s", c.Name, c.Type, want)
		}
		if (c.Nulls > 0) != (c.Name == "Customer ID") {
			t.Errorf("%s has %d nulls", c.Name, c.Nulls)
		}
	}
}
