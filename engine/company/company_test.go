package company

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"segovia/kernels/problem"
)

// collect keeps all chunks.
type collect []*Chunk

func (c *collect) Put(chunk *Chunk) error { *c = append(*c, chunk); return nil }

func (c *Chunk) tables() map[string][]Column {
	return map[string][]Column{
		"customers": c.Customers.Columns(), "orders": c.Orders.Columns(), "devices": c.Devices.Columns(),
		"contacts": c.Contacts.Columns(), "truth": c.Truth.Columns(),
	}
}

// digest hashes every value of the chunks, table by table.
type digest struct{ tables map[string]hash.Hash }

func (d *digest) Put(c *Chunk) error {
	for name, columns := range c.tables() {
		if d.tables[name] == nil {
			d.tables[name] = sha256.New()
		}
		for _, col := range columns {
			fmt.Fprintln(d.tables[name], col.Name, col.Kind, col.Scale)
			for _, v := range col.Texts {
				fmt.Fprintln(d.tables[name], v)
			}
			for _, v := range col.Ints {
				fmt.Fprintln(d.tables[name], v)
			}
		}
	}
	for _, m := range c.Orders.Month {
		fmt.Fprintln(d.tables["orders"], m)
	}
	return nil
}

func sums(t *testing.T, cfg Config, workers int) string {
	t.Helper()
	d := &digest{map[string]hash.Hash{}}
	if err := generate(cfg, d, workers); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for name, h := range d.tables {
		lines = append(lines, name+" "+hex.EncodeToString(h.Sum(nil))[:16])
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// The golden sums hold the promise that a company is the same on every machine and at every GOAMD64 level. They change
// when the generator is meant to change, and then only together with the changelog.
func TestSameSeedSameCompany(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	cfg := Config{Customers: 2500, Seed: 7}
	got := sums(t, cfg, 1)
	if got != golden {
		t.Errorf("the company has changed:\n%s\nwant\n%s", got, golden)
	}
	for _, workers := range []int{2, 7} {
		if again := sums(t, cfg, workers); again != got {
			t.Errorf("%d workers made another company", workers)
		}
	}
	cfg.Seed = 8
	if sums(t, cfg, 2) == got {
		t.Error("another seed made the same company")
	}
}

// A customer's values do not depend on how many others there are, but for the segment, which is cut from all.
func TestCustomerStandsAlone(t *testing.T) {
	one := newGenerator(mustDefaults(t, Config{Customers: 1024, Seed: 3}))
	many := newGenerator(mustDefaults(t, Config{Customers: 4096, Seed: 3}))
	a, b := one.chunk(0), many.chunk(0)
	if !slices.Equal(a.Customers.ID, b.Customers.ID) || !slices.Equal(a.Customers.Name, b.Customers.Name) {
		t.Error("ids or names depend on the size of the company")
	}
}

func mustDefaults(t *testing.T, cfg Config) Config {
	t.Helper()
	cfg, err := cfg.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// year is what one customer did in the last twelve months.
type year struct {
	orders                              map[string]bool
	revenue, own, consumable, back, all int64
	contacts, campaign                  int
	last                                int64
}

func lastYear(t *testing.T, cfg Config) (*collect, map[string]*year) {
	t.Helper()
	var all collect
	if err := Generate(cfg, &all); err != nil {
		t.Fatal(err)
	}
	from := mustDefaults(t, cfg).End.AddDate(-1, 0, 0).UnixMicro()
	years := map[string]*year{}
	for _, c := range all {
		for _, id := range c.Customers.ID {
			years[id] = &year{orders: map[string]bool{}}
		}
		for i, id := range c.Orders.CustomerID {
			y := years[id]
			if c.Orders.OrderDate[i] < from {
				continue
			}
			amount := c.Orders.NetAmount[i]
			y.revenue += amount
			if c.Orders.Quantity[i] > 0 {
				y.orders[c.Orders.OrderID[i]] = true
				y.all += amount
				y.last = max(y.last, c.Orders.OrderDate[i])
			} else {
				y.back -= amount
			}
			if c.Orders.Brand[i] == "own" {
				y.own += amount
			}
			y.consumable += amount * c.Orders.Consumable[i]
		}
		for i, id := range c.Contacts.CustomerID {
			if c.Contacts.ContactedAt[i] >= from {
				years[id].contacts++
				if c.Contacts.Campaign[i] != "" {
					years[id].campaign++
				}
			}
		}
	}
	return &all, years
}

// The segments' shares are those of the issue, and over the last twelve months each segment is what its name says.
// Bounds are chosen around the planned medians, far outside what 5,000 customers' means can vary by.
func TestPlantedSegments(t *testing.T) {
	const n = 5000
	all, years := lastYear(t, Config{Customers: n, Seed: 1})
	type mean struct{ customers, orders, revenue, own, consumable, contacts, campaign, realised float64 }
	var m [6]mean
	for _, c := range *all {
		for i, id := range c.Truth.CustomerID {
			y, s := years[id], &m[c.Truth.Segment[i]]
			s.customers++
			s.orders += float64(len(y.orders))
			s.revenue += float64(y.revenue) / 100
			s.own += float64(y.own) / 100
			s.consumable += float64(y.consumable) / 100
			s.contacts += float64(y.contacts)
			s.campaign += float64(y.campaign)
			s.realised += float64(y.revenue) / float64(c.Truth.Wallet[i])
		}
	}
	for k := 1; k <= 5; k++ {
		s := &m[k]
		if want := float64(Segments[k-1].PerMille) / 1000 * n; math.Abs(s.customers-want) > 1 {
			t.Errorf("segment %d has %.0f customers, want %.1f", k, s.customers, want)
		}
		s.own /= s.revenue
		s.consumable /= s.revenue
		for _, v := range []*float64{&s.orders, &s.revenue, &s.contacts, &s.campaign, &s.realised} {
			*v /= s.customers
		}
	}
	for _, c := range []struct {
		what      string
		got       float64
		low, high float64
	}{
		{"1: few orders", m[1].orders, 4, 5.5},
		{"1: high revenue", m[1].revenue, 25_000, 45_000},
		{"1: third-party brands", m[1].own, 0, 0.2},
		{"1: potential realised", m[1].realised, 0.8, 0.95},
		{"2: very high revenue", m[2].revenue, 55_000, 90_000},
		{"2: own brand", m[2].own, 0.8, 0.92},
		{"2: much consumables", m[2].consumable, 0.7, 0.85},
		{"2: many campaign contacts", m[2].campaign, 11, 15},
		{"3: contacted ten times", m[3].contacts, 9.5, 10.8},
		{"3: orders three times", m[3].orders, 2.8, 3.5},
		{"3: low revenue", m[3].revenue, 2_500, 4_500},
		{"3: potential not realised", m[3].realised, 0.05, 0.15},
		{"4: few consumables", m[4].consumable, 0.03, 0.15},
		{"4: third-party brands", m[4].own, 0.08, 0.25},
		{"4: medium revenue", m[4].revenue, 11_000, 18_000},
		{"4: potential not realised", m[4].realised, 0.25, 0.4},
		{"5: own brand", m[5].own, 0.8, 0.92},
		{"5: few contacts", m[5].contacts, 1, 2.2},
		{"5: medium revenue", m[5].revenue, 11_000, 18_000},
		{"5: potential not realised", m[5].realised, 0.28, 0.42},
	} {
		if !(c.low <= c.got && c.got <= c.high) {
			t.Errorf("%s: %.4g, want %.4g to %.4g", c.what, c.got, c.low, c.high)
		}
	}
}

// Master data and records are consistent with each other.
func TestRecordsAreConsistent(t *testing.T) {
	const n = 3000
	cfg := Config{Customers: n, Seed: 11}
	all, years := lastYear(t, cfg)
	if len(years) != n {
		t.Fatalf("%d different ids, want %d", len(years), n)
	}
	full := mustDefaults(t, cfg)
	first, end := full.End.AddDate(0, -full.Months, 0), full.End
	regions := AllRegions()
	var missing struct{ industry, employees, postcode, usage, devices, subsidiaries, abroad, returns, lines int }
	previous := ""
	for _, c := range *all {
		country, parents := map[string]string{}, map[string]string{}
		for i, id := range c.Customers.ID {
			if id <= previous {
				t.Fatalf("customer %q comes after %q", id, previous)
			}
			previous = id
			country[id], parents[id] = c.Customers.Country[i], c.Customers.ParentID[i]
			if p := c.Customers.ParentID[i]; p != "" {
				missing.subsidiaries++
				if head, ok := parents[p]; !ok || head != "" {
					t.Errorf("customer %s: %q is no head of an account", id, p)
				}
				if country[p] != country[id] {
					missing.abroad++
				}
			}
			if r := slices.Index(regions.Region, c.Customers.Region[i]); r < 0 || regions.Country[r] != country[id] {
				t.Errorf("customer %s: region %q is not in %s", id, c.Customers.Region[i], country[id])
			}
			count(&missing.industry, c.Customers.Industry[i] == "")
			count(&missing.postcode, c.Customers.Postcode[i] == "")
			count(&missing.employees, c.Customers.Employees[i] == Missing)
		}
		lines := map[string]int64{} // order and line
		for i, id := range c.Orders.OrderID {
			o := &c.Orders
			at := time.UnixMicro(o.OrderDate[i]).UTC()
			if at.Before(first) || !at.Before(end) {
				t.Fatalf("order %s at %v lies outside the history", id, at)
			}
			if month := first.AddDate(0, o.Month[i], 0); at.Year() != month.Year() || at.Month() != month.Month() {
				t.Fatalf("order %s at %v is filed under %v", id, at, month)
			}
			if o.NetAmount[i] != o.Quantity[i]*o.UnitPrice[i] || o.UnitPrice[i] < 1 || o.Quantity[i] == 0 {
				t.Fatalf("order %s line %d: %d x %d = %d", id, o.Line[i], o.Quantity[i], o.UnitPrice[i], o.NetAmount[i])
			}
			missing.lines++
			key := fmt.Sprint(id, " ", o.Line[i])
			if _, twice := lines[key]; twice {
				t.Fatalf("order %s has line %d twice", id, o.Line[i])
			}
			lines[key] = o.Quantity[i]
			if o.Quantity[i] < 0 {
				missing.returns++
				if bought := lines[fmt.Sprint(id, " ", o.Line[i]-900)]; bought < -o.Quantity[i] {
					t.Fatalf("order %s line %d: %d of %d sent back", id, o.Line[i], -o.Quantity[i], bought)
				}
			}
		}
		for i := range c.Devices.ID {
			missing.devices++
			count(&missing.usage, c.Devices.MonthlyUsage[i] == Missing)
			if on := time.UnixMicro(c.Devices.InstalledOn[i]); !on.Before(end) {
				t.Errorf("device %s is installed on %v", c.Devices.ID[i], on)
			}
		}
	}
	for _, v := range []struct {
		what      string
		share     float64
		low, high float64
	}{
		{"industry missing", float64(missing.industry) / n, 0.04, 0.08},
		{"postcode missing", float64(missing.postcode) / n, 0.01, 0.03},
		{"employees missing", float64(missing.employees) / n, 0.09, 0.15},
		{"usage missing", float64(missing.usage) / float64(missing.devices), 0.03, 0.07},
		{"subsidiaries", float64(missing.subsidiaries) / n, 0.08, 0.25},
		{"subsidiaries abroad", float64(missing.abroad) / float64(missing.subsidiaries), 0.4, 0.95},
		{"return lines", float64(missing.returns) / float64(missing.lines), 0.02, 0.12},
	} {
		if !(v.low <= v.share && v.share <= v.high) {
			t.Errorf("%s: %.4f, want %.2f to %.2f", v.what, v.share, v.low, v.high)
		}
	}
}

func count(n *int, b bool) {
	if b {
		*n++
	}
}

func TestSeasons(t *testing.T) {
	c := newOrderCalendar(DefaultEnd, 24)
	perDay := func(from, to string) float64 {
		a, _ := time.Parse(time.DateOnly, from)
		b, _ := time.Parse(time.DateOnly, to)
		i, j := int(a.Sub(c.first).Hours()/24), int(b.Sub(c.first).Hours()/24)
		return float64(c.sums[j]-c.sums[i]) / float64(j-i)
	}
	year := perDay("2025-11-01", "2026-11-01")
	if v := perDay("2025-12-23", "2026-01-02"); v > 0.2*year {
		t.Errorf("Christmas has %.2f of an ordinary day", v/year)
	}
	if v := perDay("2026-08-01", "2026-09-01"); v > 0.9*year {
		t.Errorf("August has %.2f of an ordinary day", v/year)
	}
	if growth := year / perDay("2024-11-01", "2025-11-01"); growth < 1.03 || growth > 1.05 {
		t.Errorf("growth %.3f, want about 1.04", growth)
	}
}

func TestEventsKeepTheirRate(t *testing.T) {
	g := newGenerator(mustDefaults(t, Config{Customers: 1000, Seed: 2}))
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.3, 80).Draw(t, "rate")
		drift := rapid.Float64Range(-0.5, 0.5).Draw(t, "drift")
		d := g.draws(streamOrders, rapid.IntRange(0, 1<<40).Draw(t, "customer"))
		days := g.orderDays.events(d, rate, 0.6, drift)
		if want := rate * g.orderDays.years(); math.Abs(float64(len(days))-want) > 2 {
			t.Fatalf("%d events, want about %.1f", len(days), want)
		}
		if !slices.IsSorted(days) || len(days) > 0 && (days[0] < 0 || days[len(days)-1] >= len(g.orderDays.sums)-1) {
			t.Fatalf("days %v", days)
		}
	})
}

func TestShuffleIsAPermutation(t *testing.T) {
	for n := range 300 {
		if n == 0 {
			continue
		}
		s := newShuffle(uint64(n), n)
		seen := make([]bool, n)
		for i := range n {
			v := s.at(i)
			if seen[v] {
				t.Fatalf("n = %d: %d comes twice", n, v)
			}
			seen[v] = true
		}
	}
}

// Mean and variance of 200,000 draws lie within six standard errors (1/sqrt(n), sqrt(2/n)) of 0 and 1.
func TestNormal(t *testing.T) {
	g := newGenerator(mustDefaults(t, Config{Seed: 1}))
	d := g.draws(streamPlan, 0)
	const n = 200_000
	var sum, squares float64
	for range n {
		z := d.normal()
		sum += z
		squares += z * z
	}
	if mean := sum / n; math.Abs(mean) > 6/math.Sqrt(n) {
		t.Errorf("mean %g", mean)
	}
	if v := squares / n; math.Abs(v-1) > 6*math.Sqrt(2.0/n) {
		t.Errorf("variance %g", v)
	}
}

func TestSmallAndShortCompanies(t *testing.T) {
	for _, cfg := range []Config{{Customers: 1}, {Customers: 17, Months: 1}, {Customers: 5, Months: 120}, {Customers: 1025, Months: 3}} {
		var all collect
		if err := Generate(cfg, &all); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, c := range all {
			n += len(c.Customers.ID)
			for _, table := range c.tables() {
				for _, col := range table {
					if rows := max(len(table[0].Texts), len(table[0].Ints)); max(len(col.Texts), len(col.Ints)) != rows {
						t.Fatalf("%+v: column %s has not %d rows", cfg, col.Name, rows)
					}
				}
			}
		}
		if n != cfg.Customers {
			t.Errorf("%+v: %d customers", cfg, n)
		}
	}
}

func TestImpossibleConfigs(t *testing.T) {
	for _, cfg := range []Config{
		{Customers: -1}, {Customers: maxCustomers + 1}, {Months: -1}, {Months: 121},
		{End: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}, {End: time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC)},
		{Faults: []string{"no-such-fault"}},
	} {
		if err := Generate(cfg, &collect{}); !errors.Is(err, &problem.Problem{ID: "SEG-CLI-001"}) {
			t.Errorf("%+v: %v, want SEG-CLI-001", cfg, err)
		}
	}
}

type failing struct{ after int }

var errSink = errors.New("sink is full")

func (f *failing) Put(*Chunk) error {
	if f.after--; f.after < 0 {
		return errSink
	}
	return nil
}

func TestSinkStopsGeneration(t *testing.T) {
	if err := Generate(Config{Customers: 20_000}, &failing{1}); err != errSink {
		t.Errorf("got %v, want the sink's error", err)
	}
}
