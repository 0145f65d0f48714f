package anyio

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/klauspost/compress/zstd"

	"segovia/kernels/problem"
)

// shared returns the folder of the shared data. Where it is absent the test is skipped, unless SEGOVIA_REQUIRE names it.
func shared(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(dir); err != nil {
		for _, r := range strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ",") {
			if strings.TrimSpace(r) == "shared" {
				t.Fatal("SEGOVIA_REQUIRE names shared, and ../shared is not there")
			}
		}
		t.Skip("../shared is not there: the real data sets are not tried")
	}
	return dir
}

// put writes files, by path and content, into a new folder.
func put(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// table encodes a table in a format. Columns are "name type", rows JSON.
func table(t *testing.T, format string, columns []string, rows string) string {
	t.Helper()
	types := map[string]arrow.DataType{
		"text": arrow.BinaryTypes.String, "bool": arrow.FixedWidthTypes.Boolean, "int": arrow.PrimitiveTypes.Int64,
		"float": arrow.PrimitiveTypes.Float64, "dec2": &arrow.Decimal128Type{Precision: 38, Scale: 2},
		"dec4": &arrow.Decimal128Type{Precision: 38, Scale: 4}, "time": &arrow.TimestampType{Unit: arrow.Microsecond},
	}
	var fields []arrow.Field
	for _, c := range columns {
		name, typ, _ := strings.Cut(c, ":")
		fields = append(fields, arrow.Field{Name: name, Type: types[typ], Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	rec, _, err := array.RecordFromJSON(memory.NewGoAllocator(), schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w, err := NewWriter(&buf, format, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func gz(t *testing.T, s string) string {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func zst(t *testing.T, s string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(s), nil))
}

// rows reads all files of a source, as a header and one line a row.
func rows(t *testing.T, s *Source) string {
	t.Helper()
	out, err := readRows(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readRows(s *Source) (string, error) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	s.mem = mem
	var out strings.Builder
	for _, f := range s.Schema().Fields() {
		out.WriteString(f.Name + ":" + TypeName(f.Type) + " ")
	}
	for i := range s.Files() {
		next := int64(1)
		err := s.ReadFile(context.Background(), i, func(rec arrow.Record, first int64) error {
			if first != next {
				panic("the row numbers do not follow")
			}
			next += rec.NumRows()
			for r := range int(rec.NumRows()) {
				out.WriteByte('\n')
				for c, col := range rec.Columns() {
					if c > 0 {
						out.WriteByte('|')
					}
					out.WriteString(col.ValueStr(r))
				}
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	if mem.CurrentAlloc() != 0 {
		panic("records were not released")
	}
	return out.String(), nil
}

func open(dir string, opt Options, specs ...Spec) (*Source, error) {
	for i := range specs {
		specs[i].Dir = dir
	}
	return Open(context.Background(), specs, opt)
}

// wantProblem holds that err is a problem of the id whose text has all the words.
func wantProblem(t *testing.T, err error, id string, words ...string) {
	t.Helper()
	p := problem.All(err)
	if len(p) == 0 || p[0].ID != id {
		t.Fatalf("got %v, want %s", err, id)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Fatalf("%q does not say %q", err, w)
		}
	}
}
