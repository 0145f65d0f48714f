package quality

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"segovia/engine/table"
)

var testSchema = arrow.NewSchema([]arrow.Field{{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "price", Type: &arrow.Decimal128Type{Precision: 38, Scale: 2}, Nullable: true},
	{Name: "rate", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)

type testRow struct {
	name  string
	cents int64
	rate  float64
	at    int64
	n     int64
	null  int // bits
}

func record(mem memory.Allocator, rows []testRow) arrow.Record {
	b := array.NewRecordBuilder(mem, testSchema)
	defer b.Release()
	for _, r := range rows {
		for i := range 5 {
			if r.null>>i&1 == 1 {
				b.Field(i).AppendNull()
				continue
			}
			switch f := b.Field(i).(type) {
			case *array.StringBuilder:
				f.Append(r.name)
			case *array.Decimal128Builder:
				f.Append(decimal128.FromI64(r.cents))
			case *array.Float64Builder:
				f.Append(r.rate)
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(r.at))
			case *array.Int64Builder:
				f.Append(r.n)
			}
		}
	}
	return b.NewRecord()
}

// slowOutliers is the definition, over all values.
func slowOutliers(x []float64) (n int64) {
	if len(x) == 0 {
		return 0
	}
	sort.Float64s(x)
	q := func(p float64) float64 {
		h := float64(len(x)-1) * p
		i := int(h)
		if i == len(x)-1 {
			return x[i]
		}
		return x[i] + float64((h-float64(i))*(x[i+1]-x[i]))
	}
	low, high := q(0.25), q(0.75)
	for _, v := range x {
		if high > low && (v < low-3*(high-low) || v > high+3*(high-low)) {
			n++
		}
	}
	return n
}

// The judge agrees with a plain look at all rows, however these are cut into batches and spread over judges.
func TestJudgeAgainstPlain(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) testRow {
			return testRow{rapid.SampledFrom([]string{"a", "b", "", "Ä"}).Draw(t, "name"), int64(rapid.OneOf(rapid.IntRange(-5, 40), rapid.IntRange(-9000, 9000)).Draw(t, "cents")),
				rapid.SampledFrom([]float64{1, 2.5, math.NaN(), math.Inf(1), -3, 0, math.Copysign(0, -1), 1e300}).Draw(t, "rate"),
				int64(rapid.IntRange(-1e9, 1e9).Draw(t, "at")), int64(rapid.IntRange(-3, 3).Draw(t, "n")), rapid.IntRange(0, 31).Draw(t, "null") & rapid.IntRange(0, 31).Draw(t, "null too")}
		}), 1, 60).Draw(t, "rows")
		judges := []*Judge{NewJudge(testSchema), NewJudge(testSchema)}
		var hashes []Hash
		for at := 0; at < len(rows); {
			step := min(rapid.IntRange(1, 20).Draw(t, "batch"), len(rows)-at)
			rec := record(mem, rows[at:at+step])
			hashes = append(hashes, judges[at%2].Add(nil, rec)...)
			rec.Release()
			at += step
		}
		judges[1].Merge(judges[0])
		got := judges[1].Columns()
		for c := range got {
			g := got[c]
			var values []float64
			distinct := map[string]bool{}
			var nulls, nonFinite, negative int64
			for _, r := range rows {
				if r.null>>c&1 == 1 {
					nulls++
					continue
				}
				x := []float64{0, float64(r.cents) / 100, r.rate, float64(r.at), float64(r.n)}[c]
				distinct[[]string{r.name, fmt.Sprint(r.cents), fmt.Sprint(r.rate + 0), fmt.Sprint(r.at), fmt.Sprint(r.n)}[c]] = true
				if x-x != 0 {
					nonFinite++
					continue
				}
				if x < 0 && c != 3 {
					negative++
				}
				values = append(values, x)
			}
			if g.Nulls != nulls || g.NonFinite != nonFinite || g.Negative != negative ||
				g.Distinct != int64(len(distinct)) || !g.DistinctExact {
				t.Fatalf("column %s: %+v; want %d nulls, %d non-finite, %d negative, %d distinct", g.Name, g, nulls, nonFinite, negative, len(distinct))
			}
			if c == 0 || len(values) == 0 {
				if g.Min != nil || g.Max != nil || g.FirstTime != nil {
					t.Fatalf("column %s shows a value", g.Name)
				}
				continue
			}
			if c == 3 {
				if first := time.UnixMicro(int64(slices.Min(values))).UTC().Format("2006-01-02T15:04:05.999999Z"); *g.FirstTime != first || g.Min != nil {
					t.Fatalf("first time %s, want %s", *g.FirstTime, first)
				}
				continue
			}
			if n := slowOutliers(slices.Clone(values)); g.Outliers != n {
				t.Fatalf("column %s: %d outliers, want %d of %v", g.Name, g.Outliers, n, values)
			}
			low, _ := strconv.ParseFloat(*g.Min, 64)
			high, _ := strconv.ParseFloat(*g.Max, 64)
			if low != slices.Min(values) || high != slices.Max(values) {
				t.Fatalf("column %s from %s to %s", g.Name, *g.Min, *g.Max)
			}
		}
		for i := range rows {
			for j := range i {
				if (hashes[i] == hashes[j]) != (canonical(rows[i]) == canonical(rows[j])) {
					t.Fatalf("hashes of %v and %v", rows[i], rows[j])
				}
			}
		}
	})
}

// canonical is the row's content as the contract defines it: a missing cell is an empty text, -0 is 0.
func canonical(r testRow) string {
	s := []string{r.name, fmt.Sprint(r.cents), fmt.Sprint(r.rate + 0), fmt.Sprint(r.at), fmt.Sprint(r.n)}
	for i := range s {
		if r.null>>i&1 == 1 {
			s[i] = ""
		}
	}
	return strings.Join(s, "|")
}

// A decimal and a double of the same value, and columns in another order, give the same row hash.
func TestHashIgnoresTypesAndOrder(t *testing.T) {
	mem := memory.DefaultAllocator
	build := func(names []string, types []arrow.DataType, cells ...any) Hash {
		var fields []arrow.Field
		for i, n := range names {
			fields = append(fields, arrow.Field{Name: n, Type: types[i], Nullable: true})
		}
		s := arrow.NewSchema(fields, nil)
		b := array.NewRecordBuilder(mem, s)
		for i, c := range cells {
			switch f := b.Field(i).(type) {
			case *array.Float64Builder:
				f.Append(c.(float64))
			case *array.Decimal128Builder:
				f.Append(decimal128.FromI64(c.(int64)))
			case *array.Int64Builder:
				f.Append(c.(int64))
			case *array.StringBuilder:
				f.Append(c.(string))
			}
		}
		rec := b.NewRecord()
		defer rec.Release()
		return NewJudge(s).Add(nil, rec)[0]
	}
	dec := &arrow.Decimal128Type{Precision: 38, Scale: 3}
	want := build([]string{"price", "key"}, []arrow.DataType{dec, arrow.BinaryTypes.String}, int64(2550), "17850")
	for i, got := range []Hash{
		build([]string{"key", "price"}, []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64}, "17850", 2.55),
		build([]string{"key", "price", "note"}, []arrow.DataType{arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String}, 17850.0, 2.55, ""),
		build([]string{"key", "price"}, []arrow.DataType{arrow.PrimitiveTypes.Int64, dec}, int64(17850), int64(2550)),
	} {
		if got != want {
			t.Errorf("%d: %v, want %v", i, got, want)
		}
	}
	if build([]string{"a", "b"}, []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.String}, "x", "y") == build([]string{"a", "b"}, []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.String}, "y", "x") {
		t.Error("cells under other names are other rows")
	}
}

func TestDecimalText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := decimal128.New(rapid.Int64().Draw(t, "hi")>>rapid.IntRange(0, 63).Draw(t, "shift"), rapid.Uint64().Draw(t, "lo"))
		scale := int32(rapid.IntRange(0, 30).Draw(t, "scale"))
		want := new(big.Rat).SetFrac(v.BigInt(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
		text := decimalText(v, scale)
		got, ok := new(big.Rat).SetString(text)
		if !ok || got.Cmp(want) != 0 || strings.Contains(text, ".") && strings.HasSuffix(text, "0") {
			t.Fatalf("%v at %d: %q", v.BigInt(), scale, text)
		}
		if f, _ := want.Float64(); decimalFloat(v, scale) != f {
			t.Fatalf("float %v, want %v", decimalFloat(v, scale), f)
		}
	})
}

// Above its limits the sketches answer nearly, and the same for any order and any merging.
func TestSketchesBeyondTheirLimits(t *testing.T) {
	const n = 300_000
	value := func(i int) float64 { return float64(i*7919%n) + 0.25 }
	hash := func(i int) uint64 {
		h := uint64(i+1) * 0x9E3779B97F4A7C15
		h ^= h >> 32
		return h * 0xD6E8FEB86659FD93
	}
	whole, parts := newDistinct(), [3]*distinct{newDistinct(), newDistinct(), newDistinct()}
	fine, spreads := newSpread(), [3]*spread{newSpread(), newSpread(), newSpread()}
	for i := range n {
		whole.add(hash(i))
		fine.add(value(i), 1)
		parts[i*3/n].add(hash(n - 1 - i))
		spreads[i*3/n].add(value(n-1-i), 1)
	}
	whole.add(hash(5))
	for range 40 {
		fine.add(1e7, 1)
		spreads[1].add(1e7, 1)
	}
	parts[2].merge(parts[0])
	parts[2].merge(parts[1])
	spreads[2].merge(spreads[0])
	spreads[2].merge(spreads[1])
	a, exactA := whole.count()
	b, exactB := parts[2].count()
	if a != b || exactA || exactB || math.Abs(float64(a)/n-1) > 0.03 { // 5 standard errors
		t.Errorf("distinct %d and %d", a, b)
	}
	if !maps.Equal(maps.Collect(fine.counts.all()), maps.Collect(spreads[2].counts.all())) || !spreads[2].coarse || fine.outliers() != 40 || !fine.coarse {
		t.Errorf("outliers %d", fine.outliers())
	}
}

func TestFeaturesAndFindings(t *testing.T) {
	nan := math.NaN()
	numbers := make([]float64, 100)
	sparse := make([]float64, 100)
	for i := range numbers {
		numbers[i] = float64(i)
		sparse[i] = nan
		if i >= 60 {
			sparse[i] = float64(i % 7)
		}
	}
	numbers[99] = 1e6
	none := slices.Repeat([]float64{nan}, 100)
	same := slices.Repeat([]string{"x"}, 100)
	tb := &table.Table{Keys: make([]string, 100), Columns: []*table.Column{{Name: "a", Unit: "days", Numbers: numbers},
		{Name: "sparse", Numbers: sparse},
		{Name: "b", Kind: table.Category, Strings: same}, {Name: "p", Numbers: numbers, ProfileOnly: true}}}
	features, complete := Features(tb, 2)
	if n := len(slices.DeleteFunc(slices.Clone(complete), func(b bool) bool { return !b })); n != 40 {
		t.Errorf("%d complete", n)
	}
	f := features[0]
	if !f.Used || f.Missing != 0 || f.Outliers != 1 || *f.Skew < 9 || *f.CompleteShift <= 0 || f.Unit != "days" ||
		f.Kind != "number" {
		t.Errorf("a: %+v", f)
	}
	if f := features[1]; !f.Used || f.Missing != 60 || *f.CompleteShift != 0 {
		t.Errorf("sparse: %+v", f)
	}
	if f := features[2]; f.Used || !f.Constant || *f.WhyNot != "constant" || f.Skew != nil {
		t.Errorf("b: %+v", f)
	}
	if f := features[3]; f.Used || *f.WhyNot != "profile only" {
		t.Errorf("p: %+v", f)
	}
	tb.Columns = append(tb.Columns, &table.Column{Name: "none", Numbers: none})
	if features, complete := Features(tb, 2); slices.Contains(complete, true) ||
		*features[4].WhyNot != "all values missing" {
		t.Errorf("none: %+v", features[4])
	}
	last := "2026-01-01T00:00:00Z"
	shift := -0.5
	r := &Report{Sources: []Source{{Name: "orders", RowsRead: 1234567, RowsDuplicate: 50000,
		RowsDuplicateRemoved: 40000, RowsUsed: 1, RowsUsedLast: &last, Used: true,
		Columns: []SourceColumn{{Name: "unit_price", Negative: 3, Used: true, Nulls: 1_000_000}, {Name: "memo"}}},
		{Name: "spare"}},
		Features: []Feature{{Name: "x", CompleteShift: &shift, Missing: 60}}, Entity: Entity{Customers: 100,
			Complete: 40}}
	var got []string
	for _, f := range Findings(r, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		got = append(got, f.Code+" "+f.Severity)
		if f.Code == "duplicates" &&
			(f.Text.EN != `Source "orders": 50,000 rows (4.1 %) repeat an earlier row exactly; 40,000 of them were removed.` ||
				f.Text.DE != "Quelle „orders“: 50.000 Zeilen (4,1 %) wiederholen eine frühere Zeile genau; 40.000 davon wurden entfernt.") {
			t.Errorf("%+v", f.Text)
		}
	}
	want := []string{"duplicates warn", "stale warn", "mostly_null warn", "negative_price warn", "unused_columns info", "unused_source warn", "nothing_used warn",
		"feature_mostly_missing warn", "complete_customers warn", "selection_bias warn"}
	if !slices.Equal(got, want) {
		t.Errorf("findings %v", got)
	}
}
