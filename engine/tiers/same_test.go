package tiers

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"segovia/engine/table"
)

// fingerprint is a hash of every bit that leaves the package.
func (o outcome) fingerprint(t testing.TB, in Input, seg Segmentation) string {
	t.Helper()
	h := sha256.New()
	for _, v := range []any{o.report, o.regions, seg.Segments} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
	}
	for _, table := range []*table.Table{in.Table, o.estimates.Table(o.customers, seg, 0, in.Table.Rows())} {
		for _, c := range table.Columns {
			fmt.Fprintln(h, c.Name, c.Kind, c.Unit, c.Formula, c.Strings)
			for _, x := range c.Numbers {
				fmt.Fprintln(h, math.Float64bits(x))
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// Neither threads nor running twice, nor giving the same estimates segments again, changes a bit.
func TestSameBits(t *testing.T) {
	var first string
	for _, threads := range []int{1, 1, 2, 5} {
		in, seg := planted(500, 7)
		cfg := everything()
		cfg.Threads = threads
		o := mustWork(t, in, seg, cfg)
		got := o.fingerprint(t, in, seg)
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%d threads: %s, want %s", threads, got, first)
		}
		report, customers, regions, err := o.estimates.Assign(t.Context(), seg)
		if err != nil {
			t.Fatal(err)
		}
		if again := (outcome{o.estimates, report, customers, regions}).fingerprint(t, in, seg); again != first {
			t.Errorf("segments given again: %s, want %s", again, first)
		}
	}
	in, seg := planted(500, 8)
	o := mustWork(t, in, seg, everything())
	if o.fingerprint(t, in, seg) == first {
		t.Error("another company has the same fingerprint")
	}
}

// The customers' table holds what the report was made of.
func TestCustomersTable(t *testing.T) {
	in, seg := planted(300, 7)
	o := mustWork(t, in, seg, everything())
	out := o.estimates.Table(o.customers, seg, 0, in.Table.Rows())
	names := out.Names()
	if slices.Sort(names); len(slices.Compact(names)) != len(out.Columns) {
		t.Errorf("two columns of one name: %v", out.Names())
	}
	for _, c := range out.Columns {
		if max(len(c.Numbers), len(c.Strings)) != 300 {
			t.Errorf("%s has %d numbers, %d texts", c.Name, len(c.Numbers), len(c.Strings))
		}
		for i, x := range c.Numbers {
			if math.IsInf(x, 0) {
				t.Errorf("%s of customer %d is %v", c.Name, i, x)
			}
		}
	}
	for i := range 300 {
		text := func(name string) string { return out.Column(name).Strings[i] }
		if text("segment") != seg.Segments.Segments[seg.Labels[i]].Name.DE || text("tier") != o.customers.Tiers[o.customers.Tier[i]] ||
			text("tier_reason") != o.customers.Reason(i, true) || text("plan_visits") != o.customers.Plans[o.customers.PlanOf[i]][4].DE ||
			text("profile") != fmt.Sprintf("profile-%d", o.customers.Profile[i]+1) || text("profile_runner_up") == text("profile") {
			t.Fatalf("customer %d: %s, %s, %s", i, text("segment"), text("tier"), text("profile"))
		}
		for g, name := range o.customers.Groups {
			is := o.customers.InGroup[g][i]
			if (out.Column("group_" + name).Numbers[i] == 1) != is || is != slices.Contains(bytesFields(text("groups")), name) {
				t.Fatalf("customer %d is in %s", i, text("groups"))
			}
		}
		low, share, high := out.Column("share_of_wallet_low").Numbers[i], out.Column("share_of_wallet").Numbers[i], out.Column("share_of_wallet_high").Numbers[i]
		if low > share || share > high || high > 1 {
			t.Fatalf("customer %d has a share of %v in %v to %v", i, share, low, high)
		}
	}
}

func bytesFields(s string) (out []string) {
	for _, f := range bytes.Split([]byte(s), []byte(",")) {
		out = append(out, string(f))
	}
	return out
}

// Whatever the data, what goes to value.json, regions.json and segments.json can be written: it has no NaN and no infinity.
func TestAwkwardData(t *testing.T) {
	zero := func(c *table.Column) {
		for i := range c.Numbers {
			c.Numbers[i] = 0
		}
	}
	every := func(in Input, f func(c *table.Column)) {
		for _, c := range append(slices.Clone(in.Table.Columns), in.Hidden...) {
			f(c)
		}
	}
	for name, c := range map[string]struct {
		n    int
		edit func(in *Input, cfg *Config)
	}{
		"one customer": {1, func(*Input, *Config) {}}, "four customers": {4, func(*Input, *Config) {}},
		"no spend":     {300, func(in *Input, _ *Config) { zero(in.Table.Column("revenue_12m")) }},
		"nothing":      {300, func(in *Input, _ *Config) { every(*in, zero) }},
		"no devices":   {300, func(in *Input, _ *Config) { in.Hidden = in.Hidden[6:] }},
		"no purchases": {300, func(in *Input, _ *Config) { every(Input{Table: &table.Table{}, Hidden: in.Hidden[6:12]}, zero) }},
		"nobody known": {300, func(in *Input, _ *Config) { every(Input{Table: &table.Table{}, Hidden: in.Hidden[6:12]}, missing) }},
		"all missing":  {300, func(in *Input, _ *Config) { every(Input{Table: in.Table}, missing) }},
		"infinite":     {300, func(in *Input, _ *Config) { every(Input{Table: in.Table}, infinite) }},
		"given back":   {300, func(in *Input, _ *Config) { every(Input{Table: in.Table}, negative) }},
		"cuts by sums": {300, func(in *Input, c *Config) { zero(in.Table.Column("revenue_12m")); byRevenue(c) }},
		"score of 0/0": {300, func(_ *Input, c *Config) { c.Behaviour = "(orders_12m - orders_12m) / (orders_12m - orders_12m)" }},
		"equal":        {300, func(in *Input, _ *Config) { every(*in, equal) }},
		"no window":    {300, func(in *Input, _ *Config) { in.WindowDays = 0 }},
		"margin of inf": {300, func(in *Input, c *Config) {
			c.Lifetime.Margin = "contacts_12m"
			infinite(in.Table.Column("contacts_12m"))
		}},
		"wallet alone":   {300, func(in *Input, c *Config) { c.Potential = nil; zero(in.Table.Column("orders_12m")) }},
		"infinite score": {300, func(in *Input, c *Config) { c.Behaviour = "orders_12m"; infinite(in.Table.Column("orders_12m")) }},
		"one tier": {300, func(_ *Input, c *Config) {
			c.Plans = nil
			c.Rules = &Rules{Tiers: []string{"A"}, Grid: []Rule{{Tier: "A"}}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, k := range []int{3, 1} {
				in, seg := planted(max(c.n, 3), 5)
				if c.n < 3 {
					in, seg = first(in, c.n), inSegments(make([]int, c.n), 1)
				}
				if k == 1 {
					seg = inSegments(make([]int, c.n), 1)
				}
				cfg := everything()
				c.edit(&in, &cfg)
				o := mustWork(t, in, seg, cfg)
				o.fingerprint(t, in, seg)
				for i := range c.n {
					if o.customers.Tier != nil {
						for _, german := range []bool{true, false} {
							if text := o.customers.Reason(i, german); contains(text, "Inf") || contains(text, "NaN") {
								t.Fatal(text)
							}
						}
					}
				}
			}
		})
	}
}

func missing(c *table.Column) { fill(c, nan) }
func equal(c *table.Column)   { fill(c, 3) }

func fill(c *table.Column, v float64) {
	for i := range c.Numbers {
		c.Numbers[i] = v
	}
}

func negative(c *table.Column) {
	for i := range c.Numbers {
		c.Numbers[i] = -c.Numbers[i]
	}
}

// infinite leaves two of three values as they are.
func infinite(c *table.Column) {
	for i := 0; i < len(c.Numbers); i += 3 {
		c.Numbers[i] = math.Inf(1 - i%2*2)
	}
}

func byRevenue(c *Config) {
	c.Rules.Cuts[0].By, c.Rules.Cuts[0].At = "revenue", []float64{0.2, 0.5, 0.8}
}

// first keeps the first n customers.
func first(in Input, n int) Input {
	cut := func(columns []*table.Column) (out []*table.Column) {
		for _, c := range columns {
			d := *c
			d.Numbers, d.Strings = d.Numbers[:min(n, len(d.Numbers))], d.Strings[:min(n, len(d.Strings))]
			out = append(out, &d)
		}
		return out
	}
	in.Table, in.Hidden = &table.Table{Keys: keys(n), Columns: cut(in.Table.Columns)}, cut(in.Hidden)
	return in
}

// A part of the customers' table is that part of the whole.
func TestCustomersTableInParts(t *testing.T) {
	in, seg := planted(300, 7)
	o := mustWork(t, in, seg, everything())
	whole, part := o.estimates.Table(o.customers, seg, 0, 300), o.estimates.Table(o.customers, seg, 120, 250)
	if !slices.Equal(whole.Keys[120:250], part.Keys) || !slices.Equal(whole.Names(), part.Names()) {
		t.Fatal("other keys or columns")
	}
	for j, c := range part.Columns {
		w := whole.Columns[j]
		same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
		if c.Kind == table.Category && !slices.Equal(c.Strings, w.Strings[120:250]) || c.Kind != table.Category && !slices.EqualFunc(c.Numbers, w.Numbers[120:250], same) {
			t.Errorf("column %s differs", c.Name)
		}
	}
}
