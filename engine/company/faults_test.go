package company

import (
	"slices"
	"strings"
	"testing"

	"segovia/kernels/problem"
)

func TestFaultsAreNamedAndKnown(t *testing.T) {
	seen := map[string]bool{}
	tables := (&Chunk{}).tables()
	for _, f := range Faults {
		if seen[f.Name] {
			t.Errorf("two faults are named %q", f.Name)
		}
		seen[f.Name] = true
		if f.Problem != "" {
			if _, ok := problem.Lookup(f.Problem); !ok {
				t.Errorf("%s: no id %s in the catalogue", f.Name, f.Problem)
			}
		}
		if tables[f.Table] == nil || f.Plants == "" {
			t.Errorf("%s: table %q, plants %q", f.Name, f.Table, f.Plants)
		}
	}
	if len(FaultNames()) != len(Faults) {
		t.Error("names are missing")
	}
}

// Each fault in the records changes its table as it says, and no other table.
func TestRowFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	make := func(faults ...string) *Chunk {
		return newGenerator(mustDefaults(t, Config{Customers: 3 * chunkCustomers, Seed: 4, Faults: faults})).chunk(0)
	}
	clean := make()
	duplicates := func(keys []string) int { return len(keys) - len(slices.Compact(slices.Sorted(slices.Values(keys)))) }
	lineKeys := func(o *Orders) []string {
		keys := []string{}
		for i := range o.OrderID {
			keys = append(keys, o.OrderID[i]+" "+string(rune(o.Line[i])))
		}
		return keys
	}
	outside := func(o *Orders, future bool) (n int) {
		for _, at := range o.OrderDate {
			if future && at >= micros(DefaultEnd) || !future && at == -2_208_988_800_000_000 { // 1900-01-01
				n++
			}
		}
		return n
	}
	holds := map[string]func(c *Chunk) bool{
		"duplicate-customer": func(c *Chunk) bool {
			return duplicates(c.Customers.ID) == 1 && len(c.Customers.ID) == len(clean.Customers.ID)+1
		},
		"missing-key": func(c *Chunk) bool { return count1(c.Customers.ID, "") == 1 },
		"html-names": func(c *Chunk) bool {
			names := strings.Join(c.Customers.Name, "\n")
			return strings.Contains(names, "<img") && strings.Contains(names, "</script>") && strings.Contains(names, "=cmd|")
		},
		"orders-without-customer": func(c *Chunk) bool {
			return count1(c.Orders.CustomerID, "") == len(c.Orders.CustomerID)/100
		},
		"duplicate-lines": func(c *Chunk) bool {
			return duplicates(lineKeys(&c.Orders)) == len(clean.Orders.OrderID)/500
		},
		"future-dates":      func(c *Chunk) bool { return outside(&c.Orders, true) == 5 },
		"placeholder-dates": func(c *Chunk) bool { return outside(&c.Orders, false) == 5 },
		"constant-feature":  func(c *Chunk) bool { return slices.Max(c.Orders.Consumable) == 0 },
		"outlier":           func(c *Chunk) bool { return slices.Max(c.Devices.MonthlyUsage) == 1_000_000_000_000_000 },
	}
	for _, f := range Faults {
		if f.Where != InRows {
			continue
		}
		check := holds[f.Name]
		if check == nil {
			t.Errorf("%s: not tested", f.Name)
			continue
		}
		if check(clean) {
			t.Errorf("%s: the clean company has it", f.Name)
		}
		c := make(f.Name)
		if !check(c) {
			t.Errorf("%s: not planted", f.Name)
		}
		got, want := c.tables(), clean.tables()
		for name := range got {
			if name != f.Table && !sameColumns(got[name], want[name]) {
				t.Errorf("%s: table %s has changed", f.Name, name)
			}
		}
		for _, col := range got[f.Table] {
			if rows := max(len(got[f.Table][0].Texts), len(got[f.Table][0].Ints)); max(len(col.Texts), len(col.Ints)) != rows {
				t.Errorf("%s: column %s has not %d rows", f.Name, col.Name, rows)
			}
		}
	}
}

func count1(texts []string, text string) (n int) {
	for _, s := range texts {
		if s == text {
			n++
		}
	}
	return n
}

func sameColumns(a, b []Column) bool {
	return slices.EqualFunc(a, b, func(x, y Column) bool { return slices.Equal(x.Texts, y.Texts) && slices.Equal(x.Ints, y.Ints) })
}
