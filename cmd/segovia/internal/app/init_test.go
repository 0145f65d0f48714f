package app

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

func TestTableName(t *testing.T) {
	for path, want := range map[string]string{
		"orders_2024-11.csv": "orders", "a/Orders 2026.parquet": "orders", "kunden.csv.gz": "kunden", "by-day/2010-12-01.csv": "by_day",
		"x/sales-20260101T0000.csv.zst": "sales", "crm.contacts.tsv": "crm_contacts", "Aufträge_1.csv": "aufträge", "12.csv": "data", "q1.arrow": "q",
		"daten.xlsx": "daten",
	} {
		if got := tableName(path); got != want {
			t.Errorf("tableName(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestCommonPattern(t *testing.T) {
	dir := t.TempDir()
	path := func(names ...string) (out []string) {
		for _, n := range names {
			p := filepath.Join(dir, n)
			if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			out = append(out, p)
		}
		return out
	}
	for _, c := range []struct {
		files []string
		want  string
	}{
		{path("one.csv"), "one.csv"},
		{path("a_2025-11.csv", "a_2025-12.csv"), "a_*.csv"},
		{path("b1.csv", "b20.csv"), "b*.csv"},
		{path("2010-12-01.tsv", "2010-12-02.tsv"), "*.tsv"},
		{path("c_1.csv", "c_2.csv.gz"), ""},
		{path("d_1.csv", "e_2.csv"), ""},
	} {
		want := c.want
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if got := commonPattern(c.files); got != want {
			t.Errorf("%v: %q, want %q", c.files, got, want)
		}
	}
	path("a_archive.csv") // the pattern would now take a file that was not named
	if got := commonPattern([]string{filepath.Join(dir, "a_2025-11.csv"), filepath.Join(dir, "a_2025-12.csv")}); got != "" {
		t.Errorf("a pattern that takes another file: %q", got)
	}
}

func TestColumnRef(t *testing.T) {
	for name, want := range map[string]string{"net_amount": "net_amount", "Größe": "Größe", "Customer ID": "`Customer ID`", "a`b": "`a``b`", "1st": "`1st`"} {
		if got := columnRef(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// What init sees of a column does not depend on how its rows are divided.
func TestColumnLookMerges(t *testing.T) {
	typ := &arrow.Decimal128Type{Precision: 38, Scale: 2}
	column := func(from, to int) arrow.Array {
		b := array.NewDecimal128Builder(memory.NewGoAllocator(), typ)
		defer b.Release()
		for i := from; i < to; i++ {
			switch {
			case i%7 == 3:
				b.AppendNull()
			default:
				b.Append(decimal128.FromI64(int64(i/2%40-3) * 100))
			}
		}
		return b.NewArray()
	}
	field := arrow.Field{Name: "x", Type: typ}
	whole := newColumnLook(field)
	whole.add(column(0, 500))
	if whole.nulls != 71 || whole.distinct != 40 || len(whole.levels) != 40 || !whole.whole || whole.levels["-3"] != 12 {
		t.Errorf("%+v", whole)
	}
	for cut := range 500 {
		parts := [2]*columnLook{newColumnLook(field), newColumnLook(field)}
		parts[0].add(column(0, cut))
		parts[1].add(column(cut, 500))
		parts[1].merge(parts[0])
		got := parts[1]
		if !maps.Equal(got.values, whole.values) || !maps.Equal(got.levels, whole.levels) || got.nulls != whole.nulls ||
			got.negative != whole.negative || got.distinct != whole.distinct || got.overlap(whole) != 1 {
			t.Fatalf("cut at %d: %+v, want %+v", cut, got, whole)
		}
	}
	got := newColumnLook(field)
	got.add(column(0, 500))
	got.lower(1 << 63)
	if half := whole.overlap(got); half != 1 || !got.many {
		t.Errorf("overlap of a part: %v", half)
	}
}
