package csvio

import (
	"context"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// shared returns a path below the folder of real data, which is no part of the project.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(dir); err != nil {
		if slices.Contains(strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ","), "shared") {
			t.Fatalf("SEGOVIA_REQUIRE names shared, but it is not there: %v", err)
		}
		t.Skipf("real data are not there: %v", err)
	}
	return filepath.Join(dir, path)
}

// table reads files as one source.
func table(t testing.TB, opt Options, files []string, yield func(rec arrow.Record)) *Layout {
	t.Helper()
	var p *Profile
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Scan(f, name, opt)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if p == nil {
			p = q
		} else if err := p.Merge(q); err != nil {
			t.Fatal(err)
		}
	}
	l, err := p.Layout()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		err = Read(context.Background(), f, name, opt, l, func(rec arrow.Record, _ int64) error { yield(rec); return nil })
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func types(l *Layout) string {
	var s []string
	for _, f := range l.Schema().Fields() {
		s = append(s, f.Type.String())
	}
	return strings.Join(s, " ")
}

// TestOnlineRetail: the totals of the data's own page come out exactly.
func TestOnlineRetail(t *testing.T) {
	files, err := filepath.Glob(shared(t, "data/online-retail/by-day/*.csv"))
	if err != nil || len(files) != 305 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var rows, noCustomer int64
	sum := new(big.Int)
	var first, last arrow.Timestamp
	l := table(t, Options{}, files, func(rec arrow.Record) {
		rows += rec.NumRows()
		noCustomer += int64(rec.Column(6).NullN())
		quantity, price, when := rec.Column(3).(*array.Int64), rec.Column(5).(*array.Decimal128), rec.Column(4).(*array.Timestamp)
		for i := range int(rec.NumRows()) {
			sum.Add(sum, new(big.Int).Mul(big.NewInt(quantity.Value(i)), price.Value(i).BigInt()))
			if v := when.Value(i); first == 0 || v < first {
				first = v
			}
			last = max(last, when.Value(i))
		}
	})
	if got := types(l); got != "utf8 utf8 utf8 int64 timestamp[us] decimal(38, 3) decimal(38, 1) utf8" {
		t.Errorf("types %s", got)
	}
	if rows != 541909 || noCustomer != 135080 || sum.String() != "9747747934" {
		t.Errorf("%d rows, %d without customer, sum %s thousandths", rows, noCustomer, sum)
	}
	span := first.ToTime(arrow.Microsecond).Format(time.DateTime) + " " + last.ToTime(arrow.Microsecond).Format(time.DateTime)
	if span != "2010-12-01 08:26:00 2011-12-09 12:50:00" {
		t.Errorf("from and to: %s", span)
	}
	field := l.Schema().Field(0)
	if n, ok := field.Metadata.GetValue("csv.not_numbers"); !ok || n != "9291" {
		t.Errorf("InvoiceNo has %s cells that are no numbers", n)
	}
}

func TestCDNOW(t *testing.T) {
	rows, sum, customers := int64(0), new(big.Int), map[string]bool{}
	l := table(t, Options{}, []string{shared(t, "data/cdnow/CDNOW_master.txt")}, func(rec arrow.Record) {
		rows += rec.NumRows()
		id, value := rec.Column(0).(*array.String), rec.Column(3).(*array.Decimal128)
		for i := range int(rec.NumRows()) {
			customers[strings.Clone(id.Value(i))] = true
			sum.Add(sum, value.Value(i).BigInt())
		}
	})
	if got := types(l); got != "utf8 timestamp[us] int64 decimal(38, 2)" {
		t.Errorf("types %s", got)
	}
	if rows != 69659 || len(customers) != 23570 || sum.String() != "250031563" || !customers["00001"] {
		t.Errorf("%d rows, %d customers, %s cents", rows, len(customers), sum)
	}
	rows = 0
	opt := Options{Header: []string{"master_id", "id", "date", "cds", "dollars"}}
	l = table(t, opt, []string{shared(t, "data/cdnow/CDNOW_sample.txt")}, func(rec arrow.Record) { rows += rec.NumRows() })
	if got := types(l); got != "utf8 utf8 timestamp[us] int64 decimal(38, 2)" || rows != 6919 {
		t.Errorf("types %s, %d rows", got, rows)
	}
}

func TestOtherFiles(t *testing.T) {
	for path, want := range map[string]struct {
		rows  int64
		types string
	}{
		"data/hillstrom/hillstrom.csv": {64000, "int64 utf8 decimal(38, 2) int64 int64 utf8 int64 utf8 utf8 int64 int64 decimal(38, 2)"},
		"data/wholesale/customers.txt": {440, "int64 int64 int64 int64 int64 int64 int64 int64"},
		"reference/iris_r.csv":         {150, "decimal(38, 1) decimal(38, 1) decimal(38, 1) decimal(38, 1) utf8"},
		// Its first line is counts and names; they are taken as the names they stand for.
		"reference/iris_sklearn_raw.csv": {150, "decimal(38, 1) decimal(38, 1) decimal(38, 1) decimal(38, 1) int64"},
		"reference/mcdonalds.csv":        {1453, "bool bool bool bool bool bool bool bool bool bool bool utf8 int64 utf8 utf8"},
		"reference/ruspini.csv":          {75, "int64 int64"},
		"reference/rfm_data_orders.csv":  {4906, "utf8 timestamp[us] int64"},
		"reference/rfm_expected.csv":     {995, "utf8 int64 int64 int64 int64 int64 int64 int64 utf8"},
	} {
		rows := int64(0)
		l := table(t, Options{}, []string{shared(t, path)}, func(rec arrow.Record) { rows += rec.NumRows() })
		if rows != want.rows || types(l) != want.types {
			t.Errorf("%s: %d rows of %s", path, rows, types(l))
		}
	}
}

// BenchmarkScanRead is both passes over a day of Online Retail.
func BenchmarkScanRead(b *testing.B) {
	name := shared(b, "data/online-retail/by-day/2011-12-05.csv")
	text, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		table(b, Options{}, []string{name}, func(arrow.Record) {})
	}
}
