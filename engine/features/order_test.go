package features

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"segovia/engine/ports"
	"segovia/engine/table"
)

// bytesOf returns every bit of the table and the quality report.
func bytesOf(t interface{ Fatal(...any) }, r *Result) []byte {
	var b bytes.Buffer
	for _, k := range r.Table.Keys {
		fmt.Fprintln(&b, k)
	}
	for _, c := range r.Table.Columns {
		fmt.Fprintln(&b, c.Name, c.Kind, c.Unit, c.Formula, c.Type, c.Strings, c.Missing)
		for _, x := range c.Numbers {
			b.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)))
		}
	}
	q := *r.Quality
	for i := range q.Sources {
		q.Sources[i].Files = 0 // the number of files is what the test changes
	}
	j, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(j)
	fmt.Fprintln(&b, r.RowsUsed, r.AsOf, r.From)
	return b.Bytes()
}

// everything is a configuration with all aggregations, levels, derived features and a customer table.
func everything(distinct string) Config {
	cfg := Config{
		Sources: []SourceConfig{
			{Name: "orders", Key: "customer", Time: "at", Amount: "net * 1.19 + if(flag, 0.5, 0)", Order: "order",
				Where: "gross is null or gross > -15", Distinct: distinct},
			{Name: "customers", Key: "id", OnDuplicate: "last", Distinct: distinct},
		},
		Entity: Entity{Table: "customers"}, AsOf: date("2026-12-31"), Window: 300 * 24 * time.Hour,
		Columns: []Column{
			{Name: "industry", From: "customers", Encode: "one_hot"}, {Name: "employees", From: "customers"},
			{Name: "by_category", From: "orders", Agg: "share", By: "category", MaxBy: 2},
			{Name: "n", From: "orders", Agg: "count", By: "flag"},
			{Name: "volume", From: "orders", Agg: "sum", Column: "amount", By: "category", Window: -1},
			{Name: "per_order", Expr: "sum / nullif(count_orders, 0)"},
			{Name: "R", Score: &Score{Of: "days_since_last", Reversed: true}},
			{Name: "F", Score: &Score{Of: "count_orders", Rank: true}},
			{Name: "M", Score: &Score{Of: "sum", Style: "rfm"}},
			{Name: "rfm", Agg: "rfm_segment", Column: "R,F,M"},
			{Name: "map", Agg: "rfm_segment", Column: "R,F"},
		},
	}
	for _, a := range Aggregations {
		c := Column{Name: a.Name, From: "orders", Agg: a.Name}
		switch a.Name {
		case "value", "rfm_segment":
			continue
		case "count_distinct", "mode", "first", "last":
			c.Column = "category"
		case "share":
			c.Where = "flag"
		case "top_share":
			c.By = "category"
		}
		cfg.Columns = append(cfg.Columns, c)
	}
	return cfg
}

var customerSchema = schemaOf(field("id", tText), field("industry", tText), field("employees", tInt), field("country", tText))

func customerRows() [][]string {
	return [][]string{{"a", "Bau", "12", "DE"}, {"b", "Handel", "", "AT"}, {"c", "", "7", "DE"}, {"d", "Bau", "9", ""},
		{"007", "IT", "1", "AT"},
		{"a", "Handel", "12", "DE"}, {"b", "Handel", "", "AT"}, {"a", "Handel", "12", "DE"}}
}

// split deals rows out to files and shuffles all; seed 0 leaves one file.
func split(rows [][]string, seed uint64) (names []string, files [][][]string) {
	if seed == 0 {
		return []string{"f"}, [][][]string{rows}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	files = make([][][]string, 1+r.IntN(5))
	for i := range files {
		names = append(names, fmt.Sprint("f", r.IntN(100)))
		files[i] = [][]string{}
	}
	for _, i := range r.Perm(len(rows)) {
		f := r.IntN(len(files))
		files[f] = append(files[f], rows[i])
	}
	return names, files
}

// The same rows in other files, in another order, in other batches, with other numbers of threads give the same bits.
// (In mode across_files the multiplicity within a file counts, so there only the order of the files changes.)
func TestSameBitsForAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := genEvents(t)
		var rows [][]string
		for _, e := range events {
			rows = append(rows, e.row)
			if e.flag {
				rows = append(rows, e.row)
			}
		}
		rows = append(rows, []string{"", "9", "x", "2026-05-01", "1", "1", "true"}, []string{"zz", "9", "x", "2026-05-01", "1", "1", "true"},
			[]string{"a", "9", "x", "", "1", "NaN", "true"}, []string{"b", "9", "x", "1900-01-01", "1", "inf", ""})
		distinct := rapid.SampledFrom([]string{"none", "exact"}).Draw(t, "distinct")
		var want []byte
		for try := range 5 {
			names, files := split(rows, uint64(try))
			orders := &memSource{name: "orders", schema: eventSchema, names: names, files: files, batch: 1 + try*7}
			// on_duplicate looks at file name and row: these stay, the files come in another order
			customers := &memSource{name: "customers", schema: customerSchema, names: []string{"k1", "k2"},
				files: [][][]string{customerRows()[:3], customerRows()[3:]}, batch: 1 + try}
			if try%2 == 1 {
				customers.names = []string{"k2", "k1"}
				customers.files[0], customers.files[1] = customers.files[1], customers.files[0]
			}
			cfg := everything(distinct)
			cfg.Threads = []int{1, 2, 7, 3, 1}[try]
			r, err := Fold(context.Background(), cfg, []Source{customers, orders}, ports.Silent{})
			if err != nil {
				t.Fatal(err)
			}
			got := bytesOf(t, r)
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("try %d differs:\n%s\nwant\n%s", try, got, want)
			}
			account(t, r)
		}
	})
}

// account checks that every row read counts exactly once.
func account(t interface{ Fatalf(string, ...any) }, r *Result) {
	for _, s := range r.Quality.Sources {
		sum := s.RowsWithoutKey + s.RowsDuplicateRemoved + s.RowsRejected + s.RowsFiltered + s.RowsWithoutTime + s.RowsFuture +
			s.RowsOutsideWindow + s.RowsUnknownCustomer + s.RowsUsed
		if sum != s.RowsRead+s.RowsDuplicateWithoutKey {
			t.Fatalf("source %s: rows do not add up: %+v", s.Name, s)
		}
	}
}

// Removing duplicates across files keeps, of each row, as many as the file has that has most, in any order of the files.
func TestAcrossFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := func(i int) []string {
			return []string{[]string{"a", "b", ""}[i%3], fmt.Sprint(i), "x", "2026-06-01", "1.50", "1.5", "true"}
		}
		counts := make([][4]int, rapid.IntRange(1, 4).Draw(t, "files"))
		var names []string
		var files [][][]string
		total, distinctRows := 0, 0
		var most [4]int
		for f := range counts {
			var rows [][]string
			for i := range 4 {
				n := rapid.IntRange(0, 3).Draw(t, "copies")
				counts[f][i] = n
				most[i] = max(most[i], n)
				total += n
				for range n {
					rows = append(rows, row(i))
				}
			}
			rand.New(rand.NewPCG(uint64(total), 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			names, files = append(names, fmt.Sprint("f", f)), append(files, rows)
		}
		kept, keptUsed := 0, 0
		for i, n := range most {
			kept += n
			if i%3 != 2 {
				keptUsed += n
			}
			if n > 0 {
				distinctRows++
			}
		}
		cfg := Config{Sources: []SourceConfig{{Name: "o", Key: "customer", Time: "at", Amount: "net",
			Distinct: "across_files"}},
			Entity: Entity{From: "o"}, AsOf: date("2027-01-01"), Columns: []Column{{Name: "n", From: "o",
				Agg: "count"}}, Threads: 1 + total%3}
		r, err := Fold(context.Background(), cfg, []Source{&memSource{name: "o", schema: eventSchema, names: names,
			files: files, batch: 1 + total%4}}, ports.Silent{})
		if keptUsed == 0 {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		q := r.Quality.Sources[0]
		if int(q.RowsRead-q.RowsDuplicateRemoved) != kept || int(q.RowsUsed) != keptUsed ||
			int(q.RowsDuplicate) != total-distinctRows {
			t.Fatalf("%+v; want %d kept, %d used, %d duplicates", q, kept, keptUsed, total-distinctRows)
		}
		if want := fmt.Sprintf("%d.%d", keptUsed*3/2, keptUsed%2*5); want != *r.Quality.Entity.Amount &&
			*r.Quality.Entity.Amount+".0" != want {
			t.Fatalf("amount %s, want %s", *r.Quality.Entity.Amount, want)
		}
		account(t, r)
	})
}

// Onto real data: 60 day files against a few, backwards, on several threads, and spilled.
func TestOnlineRetailInAnyOrder(t *testing.T) {
	src := onlineRetail(t)
	src.names, src.files = src.names[:60], src.files[:60]
	cfg := Config{Sources: []SourceConfig{{Name: "orders", Key: "CustomerID", Time: "InvoiceDate",
		Amount: "Quantity * UnitPrice", Order: "InvoiceNo", Distinct: "exact"}},
		Entity: Entity{From: "orders"}, AsOf: date("2011-12-10"),
		Columns: []Column{{Name: "revenue", From: "orders", Agg: "sum"},
			{Name: "orders", From: "orders", Agg: "count_orders"},
			{Name: "country", From: "orders", Agg: "last", Column: "Country"},
			{Name: "season", From: "orders", Agg: "seasonality"},
			{Name: "by", From: "orders", Agg: "share", By: "Country", MaxBy: 3}}}
	var want []byte
	for try := range 2 {
		run := *src
		cfg.Threads, cfg.TempDir = 1+2*try, t.TempDir()
		if try == 1 {
			// the same rows in 4 files, backwards
			run.names, run.files, run.batch = []string{"d", "c", "b", "a"}, make([][][]string, 4), 777
			for i := range src.files {
				rows := src.files[len(src.files)-1-i]
				for j := range rows {
					run.files[i%4] = append(run.files[i%4], rows[len(rows)-1-j])
				}
			}
		}
		if try == 1 { // little more than the least budget
			cfg.MemoryMax = 1 << 10
			_, err := prepared(t, cfg, &run).run(context.Background())
			cfg.MemoryMax = leastOf(t, err) + 64<<10
		}
		f := prepared(t, cfg, &run)
		r, err := f.run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if q := r.Quality.Sources[0]; q.RowsDuplicateRemoved == 0 || (f.parts != nil) != (try == 1) {
			t.Errorf("%d duplicates removed, spilled: %v", q.RowsDuplicateRemoved, f.parts != nil)
		}
		got := bytesOf(t, r)
		if want == nil {
			want = got
		} else if !bytes.Equal(got, want) {
			t.Error("the order of the rows shows")
		}
	}
}

func TestLevels(t *testing.T) {
	rows := [][]string{{"a", "1", "x", "2026-06-01", "3", "", "true"}, {"a", "1", "y y", "2026-06-01", "1", "", "true"},
		{"b", "2", "x", "2026-06-01", "5", "", "false"}, {"b", "2", "", "2026-06-01", "5", "", "false"},
		{"c", "3", "y.y", "2026-06-01", "1", "", "true"},
		{"c", "3", "Ä", "2026-06-01", "-4", "", "true"}, {"d", "3", "", "2020-06-01", "-4", "", "true"}}
	src := &memSource{name: "o", schema: eventSchema, names: []string{"f"}, files: [][][]string{rows}}
	cfg := Config{Sources: []SourceConfig{{Name: "o", Key: "customer", Time: "at", Amount: "net"}},
		Entity: Entity{From: "o"}, AsOf: date("2026-07-01"), Window: 100 * 24 * time.Hour,
		Columns: []Column{{Name: "s", From: "o", Agg: "sum", By: "category", LabelEN: "sum of"},
			{Name: "p", From: "o", Agg: "share", Column: "amount", By: "category", MaxBy: 1},
			{Name: "half", Expr: "p_x / 2"}}}
	r, err := Fold(context.Background(), cfg, []Source{src}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, c := range r.Table.Columns {
		got += fmt.Sprintln(c.Name, c.LabelEN, c.Numbers)
	}
	// Totals: x 8, without level 5, y y 1, y.y 1, Ä -4. Customer d has no row in the window: its shares are missing.
	want := `s_x sum of (x) [3 5 0 0]
s_y_y sum of (y y) [1 0 0 0]
s_y_y_2 sum of (y.y) [0 0 1 0]
s_Ä sum of (Ä) [0 0 -4 0]
s_other sum of (other) [0 5 0 0]
p_x  [0.75 0.5 0 NaN]
p_other  [0.25 0.5 1 NaN]
half  [0.375 0.25 0 NaN]
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Table.Columns[0].Kind != table.Number {
		t.Error("kind")
	}
}
