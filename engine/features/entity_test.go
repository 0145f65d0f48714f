package features

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/engine/ports"
	"segovia/engine/quality"
	"segovia/kernels/problem"
)

// fold runs a configuration over sources in memory.
func fold(cfg Config, sources ...Source) (*Result, error) {
	return Fold(context.Background(), cfg, sources, ports.Silent{})
}

func customersSource(rows ...[]string) *memSource {
	return &memSource{name: "customers", schema: customerSchema, names: []string{"k2", "k1"},
		files: [][][]string{rows[len(rows)/2:], rows[:len(rows)/2]}}
}

func eventsSource(rows ...[]string) *memSource {
	return &memSource{name: "orders", schema: eventSchema, names: []string{"o"}, files: [][][]string{rows}}
}

func TestEntityKeys(t *testing.T) {
	cfg := Config{Sources: []SourceConfig{{Name: "customers", Key: "id"}}, Entity: Entity{Table: "customers"},
		AsOf:    date("2026-07-01"),
		Columns: []Column{{Name: "industry", From: "customers"}, {Name: "employees", From: "customers"}}}
	// k1 holds the first half of the rows, k2 the second
	rows := [][]string{{"b", "Bau", "1", ""}, {"a", "IT", "2", ""}, {"b", "Handel", "", ""}, {"a", "", "4", ""},
		{"a", "Bau", "5", ""}}
	_, err := fold(cfg, customersSource(rows...))
	var p *problem.Problem
	if !errors.As(err, &p) || p.ID != "SEG-KEY-001" || !strings.Contains(p.What, "2 customers stand more than once") ||
		!strings.Contains(p.What, "3 rows") ||
		p.File != "k2" || !strings.Contains(p.Why, "1, 2, 3") || !strings.Contains(p.Fix, "on_duplicate") {
		t.Errorf("duplicate keys: %v", err)
	}
	for mode, want := range map[string]string{"first": "[a b] [IT Bau] [2 1]", "last": "[a b] [Bau Handel] [5 NaN]"} {
		cfg.Sources[0].OnDuplicate = mode
		r, err := fold(cfg, customersSource(rows...))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(r.Table.Keys, r.Table.Columns[0].Strings, r.Table.Columns[1].Numbers); got != want {
			t.Errorf("%s: %s, want %s", mode, got, want)
		}
	}
	cfg.Sources[0].OnDuplicate = ""
	cfg.Sources[0].Distinct = "exact"
	if r, err := fold(cfg, customersSource([]string{"a", "IT", "2", ""}, []string{"a", "IT", "2", ""})); err != nil ||
		r.Table.Rows() != 1 {
		t.Errorf("equal rows are one customer when distinct: %v", err)
	}
	without := [][]string{{"b", "Bau", "1", ""}, {"", "IT", "2", ""}, {"", "Handel", "", ""}, {"c", "", "4", ""}}
	if _, err = fold(cfg, customersSource(without...)); !errors.As(err, &p) || p.ID != "SEG-KEY-001" ||
		!strings.Contains(p.What, "2 rows") || p.File != "k1" || p.Why != "it is empty in data rows 2, 1 of k2" {
		t.Errorf("missing keys: %v", err)
	}
	cfg.Sources[0].MissingKey = "drop"
	if r, err := fold(cfg, customersSource(without...)); err != nil || r.Table.Rows() != 2 ||
		r.Quality.Sources[0].RowsWithoutKey != 2 {
		t.Errorf("dropping missing keys: %v", err)
	}
	cfg.Sources[0].Where = "industry = 'none'"
	if _, err = fold(cfg, customersSource(without...)); !errors.As(err, &p) || p.ID != "SEG-SEG-002" ||
		!strings.Contains(p.Why, "2 are filtered") {
		t.Errorf("nobody left: %v", err)
	}
}

// Customers without events get 0 or a missing value, as the aggregation says; strangers, future rows and rows without a
// time are counted and not used.
func TestCustomersWithoutEvents(t *testing.T) {
	cfg := everything("none")
	events := eventsSource([]string{"a", "1", "x", "2026-10-01", "10", "10", "true"}, []string{"stranger", "1", "x", "2026-10-01", "10", "10", "true"},
		[]string{"a", "1", "x", "2027-01-01", "10", "10", "true"}, []string{"a", "1", "x", "2020-01-01", "10", "10", "true"},
		[]string{"a", "1", "x", "", "10", "10", "true"}, []string{"", "1", "x", "2026-10-01", "10", "10", "true"},
		[]string{"a", "1", "x", "2026-10-01", "-50", "-50", "true"})
	r, err := fold(cfg, customersSource(customerRows()[:5]...), events)
	if err != nil {
		t.Fatal(err)
	}
	row := 1 // "007", "a", "b", ...: a has events, the others none
	if r.Table.Keys[row] != "a" || r.Table.Rows() != 5 {
		t.Fatal(r.Table.Keys)
	}
	for _, a := range Aggregations {
		c := r.Table.Column(a.Name)
		if c == nil {
			continue
		}
		want := "missing"
		if !c.IsMissing(0) {
			want = fmt.Sprint(c.Numbers[0])
		}
		if want != a.Empty {
			t.Errorf("%s of a customer without rows: %s, want %s", a.Name, want, a.Empty)
		}
	}
	q := r.Quality.Sources[0]
	// the volume's window is all, so the row of 2020 is used
	if q.RowsRead != 7 || q.RowsUsed != 2 || q.RowsUnknownCustomer != 1 || q.RowsFuture != 1 ||
		q.RowsWithoutTime != 1 || q.RowsWithoutKey != 1 || q.RowsFiltered != 1 || q.RowsOutsideWindow != 0 {
		t.Errorf("%+v", q)
	}
	if got := *r.Quality.Entity.Amount; got != "24.8" { // 2 * (10 * 1.19 + 0.5)
		t.Errorf("amount %s", got)
	}
	if n := numbers(t, r.Table, "count")[row]; n != 1 {
		t.Errorf("count in the window: %v", n)
	}
	codes := map[string]bool{}
	for _, f := range r.Quality.Findings {
		codes[f.Code] = true
		for _, text := range []string{f.Text.DE, f.Text.EN} {
			if text == "" || strings.Contains(text, "stranger") || strings.Contains(text, "%!") {
				t.Errorf("finding %q", text)
			}
		}
	}
	for _, code := range []string{"SEG-FEA-004", "rows_without_time", "unknown_customer", "stale", "unused_columns", "feature_constant", "feature_missing", "complete_customers"} {
		if !codes[code] {
			t.Errorf("no finding %s in %v", code, codes)
		}
	}
}

// The customers of an event source are those with a row that passes its where before as_of, in the window or not.
func TestEntityFromEvents(t *testing.T) {
	cfg := Config{Sources: []SourceConfig{{Name: "orders", Time: "at", Amount: "net", Where: "flag"}},
		Entity: Entity{From: "orders", Key: "order"},
		AsOf:   date("2026-07-01"), Window: 30 * 24 * time.Hour, Columns: []Column{{Name: "n", From: "orders",
			Agg: "count"}}}
	r, err := fold(cfg, eventsSource([]string{"x", "in", "", "2026-06-20", "1", "", "true"}, []string{"x", "before", "", "2020-06-20", "1", "", "true"},
		[]string{"x", "future", "", "2026-07-01", "1", "", "true"}, []string{"x", "filtered", "", "2026-06-20", "1", "", "false"}, []string{"x", "null", "", "2026-06-20", "1", "", ""}))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Table.Keys, r.Table.Columns[0].Numbers, r.From.Format(time.DateOnly)); got != "[before in] [0 1]2026-06-01" {
		t.Error(got)
	}
}

func TestCoverageByCountry(t *testing.T) {
	cfg := Config{Sources: []SourceConfig{{Name: "customers", Key: "id"},
		{Name: "orders", Key: "customer", Time: "at", Amount: "net"}}, Entity: Entity{Table: "customers"},
		AsOf: date("2026-07-01"), Columns: []Column{{Name: "n", From: "orders", Agg: "count"},
			{Name: "r", From: "orders", Agg: "days_since_last"}}}
	var customers, events [][]string
	for i := range 40 {
		country := "DE"
		switch {
		case i >= 38:
			country = "LI"
		case i >= 25:
			country = "AT"
		}
		key := fmt.Sprint("c", i)
		customers = append(customers, []string{key, "", "", country})
		if country == "DE" {
			events = append(events, []string{key, "", "", "2026-06-20", "1", "", ""})
		}
	}
	r, err := fold(cfg, customersSource(customers...), eventsSource(events...))
	if err != nil {
		t.Fatal(err)
	}
	want := []quality.Coverage{{Column: "country", Level: "DE", Customers: 25, Active: 25, Complete: 25},
		{Column: "country", Level: "AT", Customers: 13},
		{Column: "country", Level: "other", Customers: 2}}
	if fmt.Sprint(r.Quality.Coverage) != fmt.Sprint(want) {
		t.Errorf("%+v", r.Quality.Coverage)
	}
	found := false
	for _, f := range r.Quality.Findings {
		found = found || f.Code == "coverage" && strings.Contains(f.Text.EN, "In 2 of 3 levels")
	}
	if !found {
		t.Error("no finding about coverage")
	}
}

func TestOverflowIsAnError(t *testing.T) {
	cfg := Config{Sources: []SourceConfig{{Name: "orders", Key: "customer", Amount: "gross * gross"}},
		Entity: Entity{From: "orders"}, AsOf: date("2026-07-01"),
		Columns: []Column{{Name: "s", From: "orders", Agg: "sum"}}}
	for _, gross := range []string{"1e300", "1e20"} {
		_, err := fold(cfg, eventsSource([]string{"a", "", "", "", "", gross, ""}))
		var p *problem.Problem
		if !errors.As(err, &p) || p.ID != "SEG-NUM-002" || p.File != "o" {
			t.Errorf("%s: %v", gross, err)
		}
	}
}

// yes/no counts as 1 and 0 where a number is wanted; a number encoded as levels is a category.
func TestYesNoAndCodes(t *testing.T) {
	cfg := Config{Sources: []SourceConfig{{Name: "customers", Key: "id"}, {Name: "orders", Key: "customer"}}, Entity: Entity{Table: "customers"}, AsOf: date("2026-07-01"),
		Columns: []Column{{Name: "yes", From: "orders", Agg: "sum", Column: "flag"}, {Name: "rate", From: "orders", Agg: "mean", Column: "flag"},
			{Name: "employees", From: "customers", Encode: "one_hot"}, {Name: "often", Expr: "yes > 1"}, {Name: "word", Expr: "if(often = 1, 'often', null)"}}}
	r, err := fold(cfg, customersSource([]string{"a", "", "250", ""}, []string{"b", "", "", ""}),
		eventsSource([]string{"a", "", "", "", "", "", "true"}, []string{"a", "", "", "", "", "", "false"}, []string{"a", "", "", "", "", "", "true"},
			[]string{"a", "", "", "", "", "", ""}, []string{"b", "", "", "", "", "", "false"}))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, c := range r.Table.Columns {
		got += fmt.Sprint(c.Kind, c.Numbers, c.Strings, c.Missing, "; ")
	}
	want := "number [2 0] [] []; number [0.6666666666666666 0] [] []; category [] [250 ] [false true]; bool [1 0] [] []; category [] [often ] [false true]; "
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCancelAndErrors(t *testing.T) {
	cfg := Config{Sources: []SourceConfig{{Name: "orders", Key: "customer"}}, Entity: Entity{From: "orders"},
		AsOf: date("2026-07-01"), Threads: 4}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fold(ctx, cfg, []Source{eventsSource([]string{"a", "", "", "", "", "", ""})}, ports.Silent{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// of several broken files the first one is named, whichever worker is faster
	for range 20 {
		_, err := fold(cfg, &brokenSource{})
		if err == nil || err.Error() != "file 3 is broken" {
			t.Fatalf("got %v", err)
		}
	}
}

// brokenSource fails in every file from 3 on, the later the sooner.
type brokenSource struct{}

func (*brokenSource) Name() string               { return "orders" }
func (*brokenSource) Schema() *arrow.Schema      { return eventSchema }
func (*brokenSource) Files() []string            { return make([]string, 20) }
func (*brokenSource) Rejected() map[string]int64 { return nil }
func (*brokenSource) ReadFile(ctx context.Context, i int, yield func(arrow.Record, int64) error) error {
	if i < 3 {
		return nil
	}
	time.Sleep(time.Duration(20-i) * 100 * time.Microsecond)
	return fmt.Errorf("file %d is broken", i)
}

func TestValidateConfig(t *testing.T) {
	schemas := map[string]*arrow.Schema{"orders": eventSchema, "customers": customerSchema}
	good := everything("none")
	if l := ValidateConfig(good, schemas); len(l) > 0 {
		t.Fatalf("a good configuration: %v", l)
	}
	for _, c := range []struct {
		change func(c *Config)
		id     string
		place  string
		text   string
	}{
		{func(c *Config) { c.Sources[0].Key = "custmer" }, "SEG-FEA-002", "sources.orders.key", `Did you mean "customer"?`},
		{func(c *Config) { c.Sources[0].Key = "" }, "SEG-CFG-008", "sources.orders.key", "no key"},
		{func(c *Config) { c.Sources[0].Time = "net" }, "SEG-FEA-005", "sources.orders.time", "not a time"},
		{func(c *Config) { c.Sources[0].Where = "flag and nett > 0" }, "SEG-FEA-002", "sources.orders.where", `Did you mean "net"?`},
		{func(c *Config) { c.Sources[0].Where = "net" }, "SEG-FEA-005", "sources.orders.where", "condition"},
		{func(c *Config) { c.Sources[0].Where = "net > 'x'" }, "SEG-FEA-005", "sources.orders.where", `at character 7 of "net > 'x'"`},
		{func(c *Config) { c.Sources[0].Distinct = "acrossfiles" }, "SEG-CFG-003", "sources.orders.distinct", "across_files"},
		{func(c *Config) { c.Entity.Table = "custumers" }, "SEG-FEA-002", "features.entity", `Did you mean "customers"?`},
		{func(c *Config) { c.Entity.From = "orders" }, "SEG-CFG-008", "features.entity", "both"},
		{func(c *Config) { c.AsOf = time.Time{} }, "SEG-CFG-008", "features.as_of", "not set"},
		{func(c *Config) { c.Columns[0].Name = c.Columns[1].Name; c.Columns[0].Column = "industry" }, "SEG-CFG-008", "features.columns[1].name", "twice"},
		{func(c *Config) { c.Columns[0].Column = "industri" }, "SEG-FEA-002", "features.columns[0].column", `Did you mean "industry"?`},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "countryy",
				From: "customers"}
		}, "SEG-FEA-002", "features.columns[0].column", `Did you mean "country"?`},
		{func(c *Config) { c.Columns[0] = Column{Name: "x"} }, "SEG-CFG-008", "features.columns[0]", "exactly one"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", From: "order",
				Agg: "count"}
		}, "SEG-FEA-002", "features.columns[0].from", `Did you mean "orders"?`},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", From: "orders",
				Agg: "summ"}
		}, "SEG-FEA-002", "features.columns[0].agg", `Did you mean "sum"?`},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", From: "orders", Agg: "sum",
				Column: "category"}
		}, "SEG-FEA-005", "features.columns[0].column", "number"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", From: "orders",
				Agg: "share"}
		}, "SEG-CFG-008", "features.columns[0].where", "part"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", From: "orders", Agg: "mean",
				By: "category"}
		}, "SEG-CFG-008", "features.columns[0].by", "no use"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", From: "customers",
				Agg: "gap_mean"}
		}, "SEG-CFG-008", "features.columns[0].from", "time"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", From: "orders",
				Column: "at"}
		}, "SEG-FEA-005", "features.columns[0].column", "days_since_first"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x",
				Expr: "summ / 2"}
		}, "SEG-FEA-002", "features.columns[0].expr", `Did you mean "sum"?`},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x",
				Expr: "x + 1"}
		}, "SEG-FEA-005", "features.columns[0].expr", "itself"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", Expr: "y"}
			c.Columns[1] = Column{Name: "y", Expr: "x"}
		}, "SEG-FEA-005", "features.columns[1].expr", "itself"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x",
				Expr: "by_category"}
		}, "SEG-FEA-002", "features.columns[0].expr", "by_category_LEVEL"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x",
				Score: &Score{Of: "mode"}}
		}, "SEG-FEA-005", "features.columns[0].score.of", "category"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", Score: &Score{Of: "sum",
				Style: "panda"}}
		}, "SEG-CFG-003", "features.columns[0].score.style", "pandas"},
		{func(c *Config) {
			c.Columns[0] = Column{Name: "x", Agg: "rfm_segment",
				Column: "R"}
		}, "SEG-CFG-008", "features.columns[0].column", "two scores"},
	} {
		cfg := everything("none")
		cfg.Sources = append([]SourceConfig{}, cfg.Sources...)
		c.change(&cfg)
		l := ValidateConfig(cfg, schemas)
		found := false
		for _, p := range l {
			found = found || p.ID == c.id && p.Place == c.place && strings.Contains(p.Error(), c.text)
			if _, ok := problem.Lookup(p.ID); !ok {
				t.Errorf("%s is not in the catalogue", p.ID)
			}
		}
		if !found {
			t.Errorf("want %s at %s with %q; got %v", c.id, c.place, c.text, l)
		}
	}
	// all at once
	bad := Config{Sources: []SourceConfig{{Name: "orders", Key: "x1", Time: "x2", Where: "x3"}},
		Columns: []Column{{Name: "a", From: "x4"}, {Name: "b", Expr: "x5"}}}
	if l := ValidateConfig(bad, schemas); len(l) != 7 {
		t.Errorf("%d problems: %v", len(l), l)
	}
}
