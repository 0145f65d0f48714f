package features

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"segovia/engine/ports"
	"segovia/engine/table"
)

func numbers(t *testing.T, tb *table.Table, name string) []float64 {
	t.Helper()
	c := tb.Column(name)
	if c == nil {
		t.Fatalf("no column %q in %v", name, tb.Names())
	}
	return c.Numbers
}

// CDNOW, calibration to 1997-09-30: frequency, active span and T of all customers of the sample. Records up to and with
// 09-30 count, so as_of is 10-01; T is measured to 09-30, one day less than the tenure.
func TestCDNOW(t *testing.T) {
	text, err := os.ReadFile(shared(t, "data", "cdnow", "CDNOW_sample.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 5 {
			rows = append(rows, f)
		}
	}
	src := &memSource{name: "cd",
		schema: schemaOf(field("master", tText), field("id", tInt), field("date", tTime), field("n", tInt), field("value", tDecimal(2))),
		names:  []string{"CDNOW_sample.txt"}, files: [][][]string{rows}}
	r, err := Fold(context.Background(), Config{
		Sources: []SourceConfig{{Name: "cd", Key: "id", Time: "date", Amount: "value"}},
		Entity:  Entity{From: "cd"}, AsOf: date("1997-10-01"),
		Columns: []Column{
			{Name: "frequency", From: "cd", Agg: "repeat_days"},
			{Name: "span", From: "cd", Agg: "active_span"},
			{Name: "tenure", From: "cd", Agg: "days_since_first"},
			{Name: "t_x", Expr: "span / 7"},
			{Name: "T", Expr: "(tenure - 1) / 7"},
		}}, []Source{src}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	_, want := readCSV(t, shared(t, "data", "cdnow", "cdnow_customers_summary.csv"))
	if len(want) != 2357 || r.Table.Rows() != 2357 {
		t.Fatalf("%d customers, want %d", r.Table.Rows(), len(want))
	}
	at := map[string]int{}
	for i, k := range r.Table.Keys {
		at[k] = i
	}
	x, tx, T := numbers(t, r.Table, "frequency"), numbers(t, r.Table, "t_x"), numbers(t, r.Table, "T")
	for _, w := range want {
		i := at[w[0]]
		// The reference is rounded to 2 decimals.
		if got := fmt.Sprintf("%.0f %.2f %.2f", x[i], tx[i], T[i]); got != fmt.Sprintf("%s %.2f %.2f", w[1], parse2(w[2]), parse2(w[3])) {
			t.Errorf("customer %s: got %s, want %v", w[0], got, w[1:])
		}
	}
}

func parse2(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	must(err)
	return f
}

var retail struct {
	once  sync.Once
	names []string
	files [][][]string
}

// onlineRetail reads the 305 day files once.
func onlineRetail(t *testing.T) *memSource {
	t.Helper()
	dir := shared(t, "data", "online-retail", "by-day")
	retail.once.Do(func() {
		paths, err := filepath.Glob(filepath.Join(dir, "*.csv"))
		must(err)
		for _, p := range paths {
			_, rows := readCSV(t, p)
			for _, row := range rows {
				row[6] = strings.TrimSuffix(row[6], ".0")
			}
			retail.names = append(retail.names, filepath.Base(p))
			retail.files = append(retail.files, rows)
		}
	})
	return &memSource{name: "orders", names: retail.names, files: retail.files,
		schema: schemaOf(field("InvoiceNo", tText), field("StockCode", tText), field("Description", tText), field("Quantity", tInt),
			field("InvoiceDate", tTime), field("UnitPrice", tDecimal(3)), field("CustomerID", tText), field("Country", tText))}
}

func TestOnlineRetail(t *testing.T) {
	src := onlineRetail(t)
	r, err := Fold(context.Background(), Config{
		Sources: []SourceConfig{{Name: "orders", Key: "CustomerID", Time: "InvoiceDate", Amount: "Quantity * UnitPrice",
			Where: "not starts_with(InvoiceNo, 'C') and Quantity > 0 and UnitPrice > 0"}},
		Entity: Entity{From: "orders"}, AsOf: date("2011-12-11"),
		Columns: []Column{
			{Name: "recency", From: "orders", Agg: "days_since_last"},
			{Name: "orders", From: "orders", Agg: "count_distinct", Column: "InvoiceNo"},
			{Name: "revenue", From: "orders", Agg: "sum", Column: "amount"},
			{Name: "R", Score: &Score{Of: "recency", Style: "pandas", Reversed: true}},
			{Name: "F", Score: &Score{Of: "orders", Style: "pandas", Rank: true}},
			{Name: "M", Score: &Score{Of: "revenue", Style: "pandas"}},
			{Name: "segment", Agg: "rfm_segment", Column: "R, F"},
		}}, []Source{src}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	q := r.Quality.Sources[0]
	if q.Files != 305 || q.RowsRead != 541909 || q.RowsWithoutKey != 135080 || q.RowsDuplicate != 5268 ||
		q.RowsDuplicateRemoved != 0 || q.RowsUsed != 397884 {
		t.Errorf("source: %+v", q)
	}
	if e := r.Quality.Entity; e.Customers != 4338 || *e.Orders != 18532 || *e.Amount != "8911407.904" {
		t.Errorf("entity: %d %d %s", e.Customers, *e.Orders, *e.Amount)
	}
	counts := map[string]int{}
	for _, s := range r.Table.Column("segment").Strings {
		counts[s]++
	}
	want := map[string]int{"hibernating": 1071, "at_risk": 593, "cant_loose": 63, "about_to_sleep": 352, "need_attention": 187,
		"loyal_customers": 819, "promising": 94, "new_customers": 42, "potential_loyalists": 484, "champions": 633}
	for name, n := range want {
		if counts[name] != n {
			t.Errorf("%s: %d, want %d", name, counts[name], n)
		}
	}
	for name, mean := range map[string]float64{"recency": 93.059, "orders": 4.272, "revenue": 2054.266} {
		sum := 0.0
		for _, x := range numbers(t, r.Table, name) {
			sum += x
		}
		if got := sum / 4338; math.Abs(got-mean) > 0.0005 { // three decimals are given
			t.Errorf("mean %s = %v, want %v", name, got, mean)
		}
	}
}
