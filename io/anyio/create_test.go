package anyio

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

func record(t *testing.T) arrow.Record {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "customer_id", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "days", Type: arrow.PrimitiveTypes.Float64, Nullable: true, Metadata: arrow.NewMetadata([]string{"unit", "formula"}, []string{"days", "as_of - last"})},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.NewGoAllocator(), schema, strings.NewReader(`[{"customer_id":"00123","days":1.5},{"customer_id":"ä","days":null}]`))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestWriteAndReadBack(t *testing.T) {
	rec := record(t)
	for _, name := range []string{"t.csv", "t.parquet", "t.arrow"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := WriteFile(path, "", rec.Schema(), rec); err != nil {
			t.Fatal(err)
		}
		first, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(path, "", rec.Schema(), rec.NewSlice(0, 1), rec.NewSlice(1, 2)); err != nil { // over the old one
			t.Fatal(err)
		}
		if second, err := os.ReadFile(path); err != nil || string(first) != string(second) {
			t.Errorf("%s: the bytes depend on how the rows arrive (%v)", name, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%s: %v is left", name, entries)
		}
		s, err := open(dir, Options{Keys: []string{"customer_id"}}, Spec{Path: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(rows(t, s), "\n"); len(got) != 3 || got[1] != "00123|1.5" || got[2] != "ä|(null)" {
			t.Errorf("%s: %q", name, got)
		}
		if unit, _ := s.Schema().Field(1).Metadata.GetValue("unit"); name != "t.csv" && unit != "days" {
			t.Errorf("%s: the unit is %q", name, unit)
		}
	}
}

func TestCreateLeavesTheOldFile(t *testing.T) {
	rec := record(t)
	dir := put(t, map[string]string{"t.parquet": "old"})
	path := filepath.Join(dir, "t.parquet")
	f, err := Create(path, "", rec.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(rec); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	f.Abort()
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Error("an aborted writer touched the file")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v is left", entries)
	}
	_, err = Create(filepath.Join(dir, "no", "t.parquet"), "", rec.Schema())
	wantProblem(t, err, "SEG-OUT-003", "t.parquet")
	_, err = Create(filepath.Join(dir, "t.xyz"), "", rec.Schema())
	wantProblem(t, err, "SEG-CLI-001", "t.xyz")
	_, err = Create(filepath.Join(dir, "t.csv.gz"), "", rec.Schema())
	wantProblem(t, err, "SEG-CLI-001", "t.csv.gz")
	_, err = Create(path, "xls", rec.Schema())
	wantProblem(t, err, "SEG-CFG-003", "xls")
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v is left", entries)
	}
}

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("/dev/full is not here: a full disk is not tried")
	}
	defer full.Close()
	_, err = full.Write([]byte("x"))
	wantProblem(t, output("labels.parquet", err), "SEG-OUT-002", "labels.parquet")
}

func TestInspect(t *testing.T) {
	dir := put(t, map[string]string{
		"a.csv":        "id;v;d;ok;e\n1;1.234,5;01.02.2026;ja;\n2;7,0;03.02.2026;nein;\n",
		"b.csv":        "v\n1.234\n",
		"c.parquet.gz": gz(t, table(t, Parquet, []string{"id:int", "v:dec2"}, `[{"id":1,"v":null},{"id":2,"v":"1.00"}]`)),
	})
	look := func(name string) *Report {
		t.Helper()
		r, err := Inspect(context.Background(), name, Spec{Dir: dir}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a := look("a.csv")
	if a.Format != CSV || a.Delimiter != ";" || a.Encoding != "utf-8" || a.Numbers != "de" || !strings.HasPrefix(a.Dates, "dd.mm.yyyy") || a.Rows != 2 || len(a.SHA256) != 64 {
		t.Errorf("%+v", a)
	}
	var got []string
	for _, c := range a.Columns {
		got = append(got, c.Name+" "+c.Type)
	}
	if strings.Join(got, ", ") != "id int64, v decimal(38,1), d timestamp, ok bool, e utf8" || a.Columns[4].Nulls != 2 || a.Columns[3].Words != "ja/nein" {
		t.Errorf("%v", got)
	}
	if b := look("b.csv"); len(b.Problems) != 1 || b.Problems[0].ID != "SEG-CSV-004" || b.Columns[0].Problem != "SEG-CSV-004" {
		t.Errorf("%+v", b)
	}
	c := look("c.parquet.gz")
	if c.Format != Parquet || c.Compression != "gzip" || c.Codec != "zstd" || c.Pages < 2 || c.PagesSummed != c.Pages || c.Columns[1].Nulls != 1 {
		t.Errorf("%+v", c)
	}
	if _, err := json.Marshal(c); err != nil {
		t.Error(err)
	}
	_, err := Inspect(context.Background(), "*.csv", Spec{Dir: dir}, Options{})
	wantProblem(t, err, "SEG-CLI-001", "2 files")
}
