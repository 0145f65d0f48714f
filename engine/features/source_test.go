package features

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// memSource is a source in memory: files of rows, each row one text per column, "" = null.
type memSource struct {
	name   string
	schema *arrow.Schema
	names  []string
	files  [][][]string
	batch  int
	alloc  memory.Allocator // nil = the default
}

func (m *memSource) Name() string               { return m.name }
func (m *memSource) Schema() *arrow.Schema      { return m.schema }
func (m *memSource) Files() []string            { return m.names }
func (m *memSource) Rejected() map[string]int64 { return nil }

func (m *memSource) ReadFile(ctx context.Context, i int, yield func(rec arrow.Record, firstRow int64) error) error {
	rows := m.files[i]
	step := m.batch
	if step == 0 {
		step = 4096
	}
	for at := 0; at < len(rows); at += step {
		part := rows[at:min(at+step, len(rows))]
		alloc := m.alloc
		if alloc == nil {
			alloc = memory.DefaultAllocator
		}
		b := array.NewRecordBuilder(alloc, m.schema)
		for c, f := range m.schema.Fields() {
			for _, row := range part {
				appendCell(b.Field(c), f, row[c])
			}
		}
		rec := b.NewRecord()
		err := yield(rec, int64(at)+1)
		rec.Release()
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func appendCell(b array.Builder, f arrow.Field, cell string) {
	if cell == "" {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(cell)
	case *array.Int64Builder:
		v, err := strconv.ParseInt(cell, 10, 64)
		must(err)
		b.Append(v)
	case *array.Float64Builder:
		v, err := strconv.ParseFloat(cell, 64)
		must(err)
		b.Append(v)
	case *array.BooleanBuilder:
		b.Append(cell == "true")
	case *array.Decimal128Builder:
		v, scale, ok := parseDecimal(strings.TrimPrefix(cell, "-"))
		v, up := v.rescale(scale, int(f.Type.(*arrow.Decimal128Type).Scale))
		if !ok || !up {
			panic(cell)
		}
		if cell[0] == '-' {
			v = v.neg()
		}
		b.Append(decimal128.New(v.hi, v.lo))
	case *array.TimestampBuilder:
		layout := "2006-01-02 15:04:05.999999"
		switch len(cell) {
		case 8:
			layout = "20060102"
		case 10:
			layout = "2006-01-02"
		}
		t, err := time.Parse(layout, cell)
		must(err)
		b.Append(arrow.Timestamp(t.UnixMicro()))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// column types for tests
var (
	tText    = arrow.BinaryTypes.String
	tInt     = arrow.PrimitiveTypes.Int64
	tFloat   = arrow.PrimitiveTypes.Float64
	tBool    = arrow.FixedWidthTypes.Boolean
	tTime    = &arrow.TimestampType{Unit: arrow.Microsecond}
	tDecimal = func(scale int32) arrow.DataType { return &arrow.Decimal128Type{Precision: 38, Scale: scale} }
)

func field(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

func schemaOf(fields ...arrow.Field) *arrow.Schema { return arrow.NewSchema(fields, nil) }

// shared returns the path of a file of the shared data, or skips the test where the folder is not there.
func shared(t *testing.T, path ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); err != nil {
		if slices.Contains(strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ","), "shared") {
			t.Fatalf("%s is required and absent", root)
		}
		t.Skipf("%s is absent: the real data are not here", root)
	}
	return filepath.Join(append([]string{root}, path...)...)
}

// readCSV returns header and rows of a CSV file.
func readCSV(t *testing.T, path string) (header []string, rows [][]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = false
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

func date(s string) time.Time {
	t, err := time.Parse("2006-01-02", s)
	must(err)
	return t
}
