package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"segovia/engine/features"
	"segovia/engine/prep"
	"segovia/engine/quality"
)

func definitionConfig() features.Config {
	return features.Config{
		Sources: []features.SourceConfig{{Name: "orders", Key: "id", Time: "day", Amount: "net"}, {Name: "customers", Key: "id"}},
		Entity:  features.Entity{Table: "customers"}, AsOf: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Window: 365 * 24 * time.Hour,
		Columns: []features.Column{
			{Name: "orders", From: "orders", Agg: "count"},
			{Name: "revenue", From: "orders", Agg: "sum", Window: -1},
			{Name: "groups", From: "orders", Agg: "share", By: "group"},
			{Name: "basket", Expr: "revenue / nullif(orders, 0)"},
			{Name: "score", Score: &features.Score{Of: "basket", Style: "pandas"}},
			{Name: "region", From: "customers", Agg: "value", ProfileOnly: true},
		}}
}

func TestDefinitionReadsBackTheSame(t *testing.T) {
	read := &quality.Report{Sources: []quality.Source{{Name: "orders", Columns: []quality.SourceColumn{{Name: "net", Used: true},
		{Name: "id", Used: true}, {Name: "note"}}}}}
	d := Define(definitionConfig(), read)
	if d.Window != "365d" || d.Columns[0].Window != "" || d.Columns[1].Window != "all" || d.AsOf != "2026-11-01T00:00:00Z" {
		t.Errorf("windows %q, %q, %q as of %s", d.Window, d.Columns[0].Window, d.Columns[1].Window, d.AsOf)
	}
	if got := d.Sources[0].Columns; !reflect.DeepEqual(got, []string{"id", "net"}) {
		t.Errorf("used columns %v", got)
	}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Definition
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*d, back) {
		t.Errorf("%+v reads back as %+v", *d, back)
	}
}

// A model refuses a configuration whose features mean something else, through expressions and scores too, and no other.
func TestCheckDefinition(t *testing.T) {
	for _, c := range []struct {
		name   string
		fitted string
		change func(*features.Config)
		why    string // "" = fits
	}{
		{"nothing", "orders", func(*features.Config) {}, ""},
		{"another day", "orders", func(c *features.Config) { c.AsOf = c.AsOf.AddDate(0, 0, 1) }, ""},
		{"labels, threads", "orders", func(c *features.Config) { c.Columns[0].LabelDE, c.Threads = "Bestellungen", 3 }, ""},
		{"a feature that only describes", "orders", func(c *features.Config) { c.Columns[5].Agg = "mode" }, ""},
		{"a feature that is not fitted on", "orders", func(c *features.Config) { c.Columns[1].Agg = "mean" }, ""},
		{"only described now", "orders", func(c *features.Config) { c.Columns[0].ProfileOnly = true }, ""},
		{"a source that is not used", "orders", func(c *features.Config) { c.Sources[1].Where = "x > 1" }, ""},
		{"aggregation", "orders", func(c *features.Config) { c.Columns[0].Agg = "count_orders" }, "the feature orders is defined in another way"},
		{"gone", "orders", func(c *features.Config) { c.Columns = c.Columns[1:] }, "orders is not in the configuration"},
		{"window", "orders", func(c *features.Config) { c.Window = 0 }, "the window of the feature orders was 365d and is all"},
		{"window that is not used", "revenue", func(c *features.Config) { c.Window = 0 }, ""},
		{"source", "orders", func(c *features.Config) { c.Sources[0].Where = "net > 0" }, "the source orders, of the feature orders, is read in another way"},
		{"tied accounts", "orders", func(c *features.Config) { c.Entity.Account, c.Entity.Accounts = "parent", "tie" }, ""},
		{"summed accounts", "orders", func(c *features.Config) { c.Entity.Account, c.Entity.Accounts = "parent", "sum" },
			"accounts were summed up by no column, and are by parent"},
		{"level", "groups_service", func(c *features.Config) { c.Columns[2].By = "brand" }, "the feature groups is defined in another way"},
		{"below an expression", "basket", func(c *features.Config) { c.Columns[0].Agg = "count_orders" }, "the feature orders is defined in another way"},
		{"below a score", "score", func(c *features.Config) { c.Columns[1].Column = "gross" }, "the feature revenue is defined in another way"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &Model{Features: Define(definitionConfig(), &quality.Report{}), Prep: &prep.Model{Features: []prep.Feature{{Name: c.fitted}}}}
			now := definitionConfig()
			c.change(&now)
			err := m.CheckDefinition(now)
			switch {
			case c.why == "" && err != nil:
				t.Error(err)
			case c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), "SEG-STA-001")):
				t.Errorf("got %v, want %s", err, c.why)
			}
		})
	}
	if err := (&Model{Prep: &prep.Model{}}).CheckDefinition(definitionConfig()); err != nil {
		t.Errorf("a model of a ready table: %v", err)
	}
}
