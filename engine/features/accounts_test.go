package features

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"segovia/engine/quality"
	"segovia/kernels/problem"
)

func TestHeads(t *testing.T) {
	for _, c := range []struct {
		name, parents, want string // key:parent, all keys ascending
		found               quality.Accounts
	}{
		{"none", "a: b: c:", "a b c", quality.Accounts{Accounts: 3, Largest: 1}},
		{"chain", "a:c b:a c:d d:", "d d d d", quality.Accounts{Accounts: 1, Joint: 1, Members: 4, Largest: 4}},
		{"its own parent", "a:a b:a", "a a", quality.Accounts{Accounts: 1, Joint: 1, Members: 2, Largest: 2}},
		{"siblings without their parent", "b:x c:x d:y e:b", "b b d b",
			quality.Accounts{Accounts: 2, Joint: 1, Members: 3, Largest: 3, UnknownParent: 3, MissingParents: 2}},
		{"circle with a tail", "a:d b:c c:d d:b e:", "b b b b e",
			quality.Accounts{Accounts: 2, Joint: 1, Members: 4, Largest: 4, Circles: 1, InCircles: 3}},
		{"two circles", "a:b b:a c:d d:c", "a a c c", quality.Accounts{Accounts: 2, Joint: 2, Members: 4, Largest: 2, Circles: 2, InCircles: 4}},
	} {
		var keys, parents, got []string
		for f := range strings.FieldsSeq(c.parents) {
			key, parent, _ := strings.Cut(f, ":")
			keys, parents = append(keys, key), append(parents, parent)
		}
		heads, found := Heads(keys, parents)
		for _, h := range heads {
			got = append(got, keys[h])
		}
		if s := strings.Join(got, " "); s != c.want || found != c.found {
			t.Errorf("%s: %s %+v, want %s %+v", c.name, s, found, c.want, c.found)
		}
	}
}

// slowHead walks from parent to parent and writes down where it was.
func slowHead(parents map[string]string, key string) string {
	var way []string
	for {
		if at := slices.Index(way, key); at >= 0 {
			return slices.Min(way[at:])
		}
		way = append(way, key)
		parent := parents[key]
		if parent == "" {
			return key
		}
		if _, known := parents[parent]; !known {
			for sibling, p := range parents {
				if p == parent {
					key = min(key, sibling)
				}
			}
			return key
		}
		key = parent
	}
}

var memberSchema = schemaOf(field("id", tText), field("industry", tText), field("employees", tInt), field("country", tText), field("parent", tText))

// genAccounts draws customers with parents: in the table, outside it, and in circles.
func genAccounts(t *rapid.T) (rows [][]string, parents map[string]string) {
	parents = map[string]string{}
	for _, key := range []string{"a", "b", "c", "007", "d", "e", "f"} {
		parents[key] = rapid.SampledFrom([]string{"", "", "a", "b", "c", "007", "e", "x", "y"}).Draw(t, "parent of "+key)
		rows = append(rows, []string{key, rapid.SampledFrom([]string{"Bau", "Handel", ""}).Draw(t, "industry"),
			fmt.Sprint(len(rows)), rapid.SampledFrom([]string{"DE", "AT", ""}).Draw(t, "country"), parents[key]})
	}
	return rows, parents
}

func withAccounts(distinct, mode string) Config {
	cfg := everything(distinct)
	cfg.Entity.Account, cfg.Entity.Accounts = "parent", mode
	cfg.Columns = append(cfg.Columns, Column{Name: "members", From: "customers", Agg: "count", By: "country"})
	return cfg
}

// Summing up accounts gives the features of the same files in which somebody has replaced every member's id by its head's
// by hand, and left the members out of the customer table.
func TestSumIsRenaming(t *testing.T) {
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		customers, parents := genAccounts(t)
		var rows, renamed, heads [][]string
		for _, e := range genEvents(t) {
			rows = append(rows, e.row)
			other := slices.Clone(e.row)
			if other[0] = slowHead(parents, e.key); other[0] != e.key {
				moved++
			}
			renamed = append(renamed, other)
		}
		rows, renamed = append(rows, []string{"x", "9", "x", "2026-05-01", "1", "1", "true"}), append(renamed, []string{"x", "9", "x", "2026-05-01", "1", "1", "true"})
		for _, c := range customers {
			if slowHead(parents, c[0]) == c[0] {
				heads = append(heads, c)
			}
		}
		source := func(name string, rows [][]string, batch int) *memSource {
			schema := eventSchema
			if name == "customers" {
				schema = memberSchema
			}
			return &memSource{name: name, schema: schema, names: []string{"f"}, files: [][][]string{rows}, batch: batch}
		}
		cfg := withAccounts("none", AccountsSum)
		got, err := fold(cfg, source("customers", customers, 3), source("orders", rows, 7))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Entity.Account, cfg.Entity.Accounts = "", ""
		want, err := fold(cfg, source("customers", heads, 0), source("orders", renamed, 0))
		if err != nil {
			t.Fatal(err)
		}
		account(t, got)
		if *got.Quality.Entity.Amount != *want.Quality.Entity.Amount || *got.Quality.Entity.Orders != *want.Quality.Entity.Orders {
			t.Fatal("the counts of records differ")
		}
		for i, key := range got.Accounts.Customers {
			if head := got.Table.Keys[got.Accounts.Head[i]]; head != slowHead(parents, key) {
				t.Fatalf("the head of %s is %s, want %s of %v", key, head, slowHead(parents, key), parents)
			}
		}
		if len(got.Accounts.Customers) != len(customers) {
			t.Fatal("customers are lost")
		}
		got.Quality, want.Quality, got.RowsUsed, want.RowsUsed = &quality.Report{}, &quality.Report{}, nil, nil
		if a, b := bytesOf(t, got), bytesOf(t, want); !bytes.Equal(a, b) {
			t.Fatalf("%s\nwant\n%s", a, b)
		}
	})
	if moved < 100 {
		t.Errorf("only %d rows were another customer's", moved)
	}
}

// Tying changes no feature.
func TestTieChangesNoFeature(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers, parents := genAccounts(t)
		var rows [][]string
		for _, e := range genEvents(t) {
			rows = append(rows, e.row)
		}
		sources := func() []Source {
			return []Source{&memSource{name: "customers", schema: memberSchema, names: []string{"f"}, files: [][][]string{customers}},
				&memSource{name: "orders", schema: eventSchema, names: []string{"f"}, files: [][][]string{rows}}}
		}
		cfg := withAccounts("none", "")
		got, err := fold(cfg, sources()...)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Entity.Account = ""
		want, err := fold(cfg, sources()...)
		if err != nil {
			t.Fatal(err)
		}
		for i, key := range got.Table.Keys {
			if head := got.Table.Keys[got.Accounts.Head[i]]; head != slowHead(parents, key) {
				t.Fatalf("the head of %s is %s, want %s of %v", key, head, slowHead(parents, key), parents)
			}
		}
		got.Quality, want.Quality = &quality.Report{}, &quality.Report{}
		if !bytes.Equal(bytesOf(t, got), bytesOf(t, want)) {
			t.Fatal("features differ")
		}
	})
}

// manyAccounts gives manyCustomers parents: in three of four accounts of ten, chains among them.
func manyAccounts(n int) (customers, events [][]string) {
	customers, events = manyCustomers(n)
	for i := range customers {
		parent := ""
		switch {
		case i%40 >= 30 || i%10 == 0:
		case i%7 == 0:
			parent = fmt.Sprintf("customer %d", i-1)
		default:
			parent = fmt.Sprintf("customer %d", i-i%10)
		}
		if i == 33 {
			parent = "nobody"
		}
		customers[i] = append(customers[i], parent)
	}
	return customers, events
}

// Any order of files and rows, any number of threads, any budget down to the least one: the same bits, the accounts'
// included.
func TestAccountsInAnyOrder(t *testing.T) {
	customers, events := manyAccounts(120)
	for _, mode := range []string{AccountsTie, AccountsSum} {
		for _, distinct := range []string{"none", "exact"} {
			var want []byte
			spilled := 0
			for try := range 8 {
				names, files := split(events, uint64(try))
				orders := &memSource{name: "orders", schema: eventSchema, names: names, files: files, batch: 10 + try*13}
				names, files = split(customers, uint64(try))
				table := &memSource{name: "customers", schema: memberSchema, names: names, files: files, batch: 5 + try*11}
				cfg := withAccounts(distinct, mode)
				cfg.Threads, cfg.TempDir = []int{1, 2, 7}[try%3], t.TempDir()
				if try >= 2 {
					cfg.MemoryMax = 1 << 10
					_, err := prepared(t, cfg, table, orders).run(context.Background())
					cfg.MemoryMax = leastOf(t, err) + int64(try-2)*10<<10
				}
				f := prepared(t, cfg, table, orders)
				r, err := f.run(context.Background())
				if err != nil {
					t.Fatalf("%s, %s, try %d, %d bytes: %v", mode, distinct, try, cfg.MemoryMax, err)
				}
				if f.parts != nil {
					spilled++
				}
				got := append(bytesOf(t, r), fmt.Sprint(r.Accounts)...)
				if want == nil {
					want = got
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%s, %s, try %d differs:\n%s\nwant\n%s", mode, distinct, try, got, want)
				}
				if a := r.Quality.Entity.Accounts; a.Joint != 9 || a.Members != 90 || a.Largest != 10 || a.UnknownParent != 1 {
					t.Fatalf("%+v", a)
				}
			}
			if spilled < 2 {
				t.Errorf("%s, %s: only %d folds were spilled", mode, distinct, spilled)
			}
		}
	}
}

// Where a customer stands twice, the row that counts tells its parent; tables with one row per customer give an account
// its head's.
func TestAccountsOfRepeatedCustomers(t *testing.T) {
	rows := [][]string{{"a", "Bau", "1", "", ""}, {"b", "IT", "2", "", "a"}, {"c", "IT", "3", "", ""}, {"b", "Handel", "5", "", "c"}}
	for mode, want := range map[string]string{"first": "[a c] [0 0 1] [1 3] [7 9]", "last": "[a c] [0 1 1] [1 3] [7 9]"} {
		for _, batch := range []int{1, 4} {
			cfg := Config{Sources: []SourceConfig{{Name: "customers", Key: "id", OnDuplicate: mode}, {Name: "size", Key: "customer"}},
				Entity: Entity{Table: "customers", Account: "parent", Accounts: AccountsSum}, AsOf: date("2026-07-01"), Threads: 2,
				Columns: []Column{{Name: "employees", From: "customers"}, {Name: "net", From: "size"}}}
			r, err := fold(cfg, &memSource{name: "customers", schema: memberSchema, names: []string{"f"}, files: [][][]string{rows}, batch: batch},
				&memSource{name: "size", schema: eventSchema, names: []string{"f"}, files: [][][]string{{{"a", "", "", "", "7", "", ""},
					{"b", "", "", "", "8", "", ""}, {"c", "", "", "", "9", "", ""}}}})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(r.Table.Keys, r.Accounts.Head, r.Table.Columns[0].Numbers, r.Table.Columns[1].Numbers); got != want {
				t.Errorf("%s: %s, want %s", mode, got, want)
			}
		}
	}
}

func TestAccountProblems(t *testing.T) {
	cfg := withAccounts("none", "tie")
	source := &memSource{name: "customers", schema: memberSchema, names: []string{"f"}, files: [][][]string{{}}}
	for _, c := range []struct {
		entity          Entity
		id, place, hint string
	}{
		{Entity{Table: "customers", Account: "parnt"}, "SEG-FEA-002", "features.entity.account", "parent"},
		{Entity{From: "orders", Account: "parent"}, "SEG-CFG-008", "features.entity.account", "table"},
		{Entity{Table: "customers", Accounts: "sum"}, "SEG-CFG-008", "features.entity.accounts", "account"},
		{Entity{Table: "customers", Account: "parent", Accounts: "sun"}, "SEG-CFG-003", "features.entity.accounts", "sum"},
	} {
		cfg.Entity = c.entity
		_, err := fold(cfg, source, eventsSource())
		all := problem.All(err)
		if len(all) == 0 || all[0].ID != c.id || all[0].Place != c.place || !strings.Contains(all[0].Fix, c.hint) {
			t.Errorf("%+v: %v", c.entity, err)
		}
	}
}

func TestAccountFindings(t *testing.T) {
	rows := [][]string{{"a", "Bau", "1", "", "b"}, {"b", "IT", "2", "", "a"}, {"c", "IT", "3", "", "x"}, {"d", "IT", "3", "", "x"}}
	cfg := withAccounts("none", "tie")
	cfg.TempDir = filepath.Join(t.TempDir(), "absent")
	r, err := fold(cfg, &memSource{name: "customers", schema: memberSchema, names: []string{"f"}, files: [][][]string{rows}},
		eventsSource([]string{"a", "1", "x", "2026-10-01", "10", "10", "true"}))
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range r.Quality.Findings {
		if strings.HasPrefix(f.Code, "account") {
			codes = append(codes, f.Severity+" "+f.Code)
		}
	}
	if got := strings.Join(codes, ", "); got != "info accounts, warn account_parent_unknown, warn account_circle" {
		t.Error(got)
	}
	if math.IsNaN(r.Table.Column("sum").Numbers[0]) {
		t.Error("the order of customer a is lost")
	}
}
