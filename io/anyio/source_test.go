package anyio

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"go.uber.org/goleak"

	"segovia/io/csvio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const plainCSV = "id,v\n1,2.5\n2,\n"

func TestFormatsAndCompressions(t *testing.T) {
	cols := []string{"id:int", "v:dec2"}
	json := `[{"id":1,"v":"2.50"},{"id":2,"v":null}]`
	files := map[string]string{}
	for name, content := range map[string]string{"a.csv": plainCSV, "b.parquet": table(t, Parquet, cols, json), "c.arrow": table(t, Arrow, cols, json)} {
		files[name], files[name+".gz"], files[name+".zst"] = content, gz(t, content), zst(t, content)
	}
	files["none"] = table(t, Parquet, cols, json)
	dir := put(t, files)
	for name := range files {
		s, err := open(dir, Options{}, Spec{Path: name})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := rows(t, s)
		want := "id:int64 v:decimal(38,2) \n1|2.5\n2|(null)"
		if strings.HasPrefix(name, "a.csv") {
			want = "id:int64 v:decimal(38,1) \n1|2.5\n2|(null)"
		}
		if got != want {
			t.Errorf("%s: got %q", name, got)
		}
		in := s.Inputs()[0]
		if in.Path != name || !filepath.IsAbs(in.Absolute) || in.Size != int64(len(files[name])) || len(in.SHA256) != 64 || in.Rows != 2 {
			t.Errorf("%s: %+v", name, in)
		}
	}
	s, err := open(dir, Options{Name: "all", Keys: []string{"id"}}, Spec{Path: "."})
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(t, s); got != "id:utf8 v:decimal(38,2) "+strings.Repeat("\n1|2.5\n2|(null)", 9) || len(s.Files()) != 9 || s.Name() != "all" || s.Rows() != 18 {
		t.Fatalf("%v: %s", s.Files(), got)
	}
}

func TestSHA256IsOfTheBytesOnDisk(t *testing.T) {
	dir := put(t, map[string]string{"a.csv": "id,v\n1,2\n", "b.csv.gz": gz(t, "id,v\n1,2\n"), "c.parquet": table(t, Parquet, []string{"id:int", "v:int"}, `[{"id":1,"v":2}]`)})
	s, err := open(dir, Options{}, Spec{Path: "*"})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range s.Inputs() {
		b, err := os.ReadFile(in.Absolute)
		if err != nil {
			t.Fatal(err)
		}
		if want := sum(b); in.SHA256 != want {
			t.Errorf("%s: %s, want %s", in.Path, in.SHA256, want)
		}
	}
}

func TestHivePartitions(t *testing.T) {
	dir := put(t, map[string]string{
		"o/dt=2026-01-01/region=N%C3%BCrnberg%2FS/n=1/a.csv":                 "id,v\n1,2\n",
		"o/dt=2026-01-02/region=__HIVE_DEFAULT_PARTITION__/n=20/part.csv.gz": gz(t, "id,v\n3,4\n"),
		"o/_SUCCESS": "", "o/.hidden.csv": "x", "o/_temporary/0/x.csv": "x", "o/notes.md": "x",
	})
	want := "id:int64 v:int64 dt:timestamp where:utf8 n:int64 \n1|2|2026-01-01 00:00:00Z|Nürnberg/S|1\n3|4|2026-01-02 00:00:00Z|(null)|20"
	for _, p := range []string{"o", "o/", "o/**/*.csv*", "o/*/*/*/*", "./o/dt=*", "o/*/region=*/n=*/*"} {
		s, err := open(dir, Options{}, Spec{Path: p, Rename: map[string]string{"region": "where"}})
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		if got := rows(t, s); got != want {
			t.Errorf("%s: %s", p, got)
		}
	}
	s, err := open(dir, Options{Keys: []string{"n"}}, Spec{Path: filepath.Join(dir, "o"), Dir: "/elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(t, s); !strings.HasPrefix(got, "id:int64 v:int64 dt:timestamp region:utf8 n:utf8 \n1|2|") {
		t.Error(got)
	}
	bad := put(t, map[string]string{"o/v=1/a.csv": "id,v\n1,2\n", "p/dt=1/a.csv": "id,v\n1,2\n", "p/b.csv": "id,v\n1,2\n", "q/x=%zz/a.csv": "id\n1\n"})
	_, err = open(bad, Options{}, Spec{Path: "o"})
	wantProblem(t, err, "SEG-SCH-001", `"v"`, "twice")
	_, err = open(bad, Options{}, Spec{Path: "p"})
	wantProblem(t, err, "SEG-SCH-001", `"dt"`, "p/b.csv")
	_, err = open(bad, Options{}, Spec{Path: "q"})
	wantProblem(t, err, "SEG-SCH-001", "%zz")
}

func TestMissing(t *testing.T) {
	files := map[string]string{"d/x.json": "{}", "e/keep": ""}
	for i := range 14 {
		files[fmt.Sprintf("in/f%02d.csv", i)] = plainCSV
	}
	dir := put(t, files)
	_, err := open(dir, Options{}, Spec{Path: "in/*.parquet"})
	wantProblem(t, err, "SEG-SRC-001", "in/*.parquet", "f00.csv", "f09.csv", "and 4 more")
	if strings.Contains(err.Error(), "f10.csv") {
		t.Error("more than ten names")
	}
	_, err = open(dir, Options{}, Spec{Path: "in/none.csv"})
	wantProblem(t, err, "SEG-SRC-001", "in/none.csv", "f00.csv")
	_, err = open(dir, Options{}, Spec{Path: "nowhere/deep/*.csv"})
	wantProblem(t, err, "SEG-SRC-001", "d/, e/, in/")
	_, err = open(dir, Options{}, Spec{Path: "d"})
	wantProblem(t, err, "SEG-SRC-001", "known ending")
	_, err = open(dir, Options{}, Spec{Path: "in/[.csv"})
	wantProblem(t, err, "SEG-SRC-001", "[")
	_, err = open(dir, Options{}, Spec{Path: "d/x.json"})
	wantProblem(t, err, "SEG-SRC-006", "type:")
	_, err = open(dir, Options{}, Spec{Path: "e/keep"})
	wantProblem(t, err, "SEG-SRC-002")
	_, err = open(dir, Options{}, Spec{Path: "in/f0[12].csv"}, Spec{Path: "in/f02.csv"})
	wantProblem(t, err, "SEG-CFG-008", "in/f02.csv")
}

func TestFormat(t *testing.T) {
	pq := table(t, Parquet, []string{"id:int"}, `[{"id":1}]`)
	dir := put(t, map[string]string{"a.csv": pq, "b.txt": "id v\n1 2\n", "c.xlsx": "PK\x03\x04....", "d.csv": "PK\x03\x04....", "e.gz": "no gzip", "f.csv": "id\n", "g.feather": "FEA1...."})
	_, err := open(dir, Options{}, Spec{Path: "a.csv"})
	wantProblem(t, err, "SEG-SRC-006", "parquet")
	if s, err := open(dir, Options{}, Spec{Path: "a.csv", Type: "parquet"}); err != nil || rows(t, s) != "id:int64 \n1" {
		t.Error(err)
	}
	if s, err := open(dir, Options{}, Spec{Path: "b.txt", CSV: csvio.Options{Delimiter: "whitespace"}}); err != nil || rows(t, s) != "id:int64 v:int64 \n1|2" {
		t.Error(err)
	}
	for _, name := range []string{"c.xlsx", "d.csv"} {
		_, err = open(dir, Options{}, Spec{Path: name})
		wantProblem(t, err, "SEG-SRC-006", "Excel")
	}
	_, err = open(dir, Options{}, Spec{Path: "g.feather"})
	wantProblem(t, err, "SEG-SRC-006", "Feather")
	_, err = open(dir, Options{}, Spec{Path: "e.gz"})
	wantProblem(t, err, "SEG-ZIP-002", "gzip")
	_, err = open(dir, Options{}, Spec{Path: "f.csv"})
	wantProblem(t, err, "SEG-SRC-003")
	_, err = open(dir, Options{}, Spec{Path: "b.txt", Type: "xml"})
	wantProblem(t, err, "SEG-CFG-003", "xml")
}

func TestDamagedCompression(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	var b strings.Builder
	b.WriteString("id,v\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "%d,%d\n", i, i*i)
	}
	text := b.String()
	bomb := "id,v\n" + strings.Repeat("1,2\n", 32<<20)
	for _, pack := range []struct {
		ext string
		fn  func(*testing.T, string) string
	}{{".gz", gz}, {".zst", zst}} {
		good := pack.fn(t, text)
		flip := []byte(good)
		flip[len(flip)/2] ^= 0x40
		dir := put(t, map[string]string{
			"cut.csv" + pack.ext: good[:len(good)/2], "end.csv" + pack.ext: good[:len(good)-1], "flip.csv" + pack.ext: string(flip),
			"tail.csv" + pack.ext: good + "garbage", "two.csv" + pack.ext: pack.fn(t, text) + pack.fn(t, "9,9\n"), "bomb.csv" + pack.ext: pack.fn(t, bomb),
			"nothing.csv" + pack.ext: pack.fn(t, ""),
		})
		for name, want := range map[string]string{"cut": "SEG-ZIP-002", "end": "SEG-ZIP-002", "flip": "SEG-ZIP-002", "tail": "SEG-ZIP-003", "nothing": "SEG-SRC-002"} {
			_, err := open(dir, Options{}, Spec{Path: name + ".csv" + pack.ext})
			wantProblem(t, err, want, name+".csv"+pack.ext)
		}
		s, err := open(dir, Options{}, Spec{Path: "two.csv" + pack.ext})
		if err != nil || s.Rows() != 20_001 {
			t.Errorf("two%s: %v", pack.ext, err)
		}
		_, err = open(dir, Options{}, Spec{Path: "bomb.csv" + pack.ext, MaxExpansion: 20})
		wantProblem(t, err, "SEG-ZIP-001", "bomb.csv"+pack.ext)
	}
}

func TestUnion(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		opt   Options
		spec  Spec
		want  string
	}{
		"an id of digits in one file": {files: map[string]string{"a.csv": "id\n007\n12\n", "b.csv": "id\n12.50\n"}, want: "id:utf8 \n007\n12\n12.50"},
		"csv number against Parquet text": {files: map[string]string{"a.csv": "id\n012.0\n12\n", "b.parquet": table(t, Parquet, []string{"id:text"}, `[{"id":"C1"}]`)},
			want: "id:utf8 \n012.0\n12\nC1"},
		"csv dates against Arrow text": {files: map[string]string{"a.csv": "d\n2026-01-02\n", "b.arrow": table(t, Arrow, []string{"d:text"}, `[{"d":"x"}]`)},
			want: "d:utf8 \n2026-01-02\nx"},
		"scales": {files: map[string]string{"a.csv": "v\n1.5\n", "b.csv": "v\n2\n", "c.parquet": table(t, Parquet, []string{"v:dec4"}, `[{"v":"3.0001"}]`)},
			want: "v:decimal(38,4) \n1.5\n2\n3.0001"},
		"floats": {files: map[string]string{"a.csv": "v\n1.2555\n", "b.parquet": table(t, Parquet, []string{"v:float"}, `[{"v":0.1},{"v":2.0000005},{"v":2.0000015},{"v":-1e-9},{"v":null}]`)},
			want: "v:decimal(38,6) \n1.2555\n0.1\n2\n2.000002\n0\n(null)"},
		"floats alone": {files: map[string]string{"b.parquet": table(t, Parquet, []string{"v:float"}, `[{"v":0.1}]`)}, want: "v:float64 \n0.1"},
		"empty columns": {files: map[string]string{"a.csv": "k,v\nx,\n", "b.parquet": table(t, Parquet, []string{"k:text", "v:bool"}, `[{"k":"y","v":true}]`),
			"c.parquet": table(t, Parquet, []string{"k:text", "v:time"}, `[{"k":"z"}]`)}, want: "k:utf8 v:bool \nx|(null)\ny|true\nz|(null)"},
		"nothing at all": {files: map[string]string{"a.csv": "k,v\nx,\n"}, want: "k:utf8 v:utf8 \nx|(null)"},
		"other order":    {files: map[string]string{"a.csv": "k,v\nx,1\n", "b.csv": "v,k\n2,y\n"}, want: "k:utf8 v:int64 \nx|1\ny|2"},
		"rename": {files: map[string]string{"a.csv": "Kunde,v\n1.0,1\n"}, spec: Spec{Rename: map[string]string{"Kunde": "id"}}, opt: Options{Keys: []string{"id"}},
			want: "id:utf8 v:int64 \n1|1"},
		"nulls of text": {files: map[string]string{"a.csv": "d\nnan\nb\n", "b.parquet": table(t, Parquet, []string{"d:text"}, `[{"d":" nan "},{"d":"nano"},{"d":""}]`)},
			spec: Spec{Nulls: []string{"nan"}}, want: "d:utf8 \n(null)\nb\n(null)\nnano\n"},
		"keys": {files: map[string]string{"a.csv": "id\n 17850.0 \n\"\"\n00123\nC5\n", "b.parquet": table(t, Parquet, []string{"id:float"}, `[{"id":17850},{"id":12.5},{"id":null}]`),
			"c.parquet": table(t, Parquet, []string{"id:int"}, `[{"id":17850}]`), "d.parquet": table(t, Parquet, []string{"id:dec2"}, `[{"id":"17850.00"},{"id":"0.50"}]`),
			"e.arrow": table(t, Arrow, []string{"id:text"}, `[{"id":"17850.0"},{"id":" "}]`)}, opt: Options{Keys: []string{"id"}},
			want: "id:utf8 \n17850\n(null)\n00123\nC5\n17850\n12.5\n(null)\n17850\n17850\n0.5\n17850\n(null)"},
	} {
		t.Run(name, func(t *testing.T) {
			c.spec.Path = "*"
			s, err := open(put(t, c.files), c.opt, c.spec)
			if err != nil {
				t.Fatal(err)
			}
			if got := rows(t, s); got != c.want {
				t.Fatalf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestContradictions(t *testing.T) {
	text := table(t, Parquet, []string{"v:text"}, `[{"v":"x"}]`)
	number := table(t, Parquet, []string{"v:int"}, `[{"v":1}]`)
	yes := table(t, Parquet, []string{"v:bool"}, `[{"v":true}]`)
	day := table(t, Arrow, []string{"v:time"}, `[{"v":"2026-01-01"}]`)
	for name, c := range map[string]struct {
		files map[string]string
		words []string
	}{
		"text and number":         {map[string]string{"a.parquet": text, "b.parquet": number}, []string{`"v"`, "a.parquet", "b.parquet", "utf8", "int64"}},
		"csv text and number":     {map[string]string{"a.csv": "v\nx\n", "b.parquet": number}, []string{"a.csv", "b.parquet"}},
		"yes/no and number":       {map[string]string{"a.parquet": yes, "b.parquet": number}, []string{"bool", "int64"}},
		"csv yes/no and number":   {map[string]string{"a.csv": "v\ntrue\n", "b.parquet": number}, []string{"bool", "int64"}},
		"time and number":         {map[string]string{"a.arrow": day, "b.parquet": number}, []string{"timestamp", "int64"}},
		"time and csv number":     {map[string]string{"a.arrow": day, "b.csv": "v\n7\n"}, []string{"timestamp", "int64"}},
		"all three":               {map[string]string{"a.csv": "v\n7\n", "b.parquet": text, "c.arrow": day}, []string{"timestamp", "utf8", "b.parquet", "c.arrow"}},
		"missing in the second":   {map[string]string{"a.csv": "v,w\n1,2\n", "b.parquet": number}, []string{`"w"`, "b.parquet", "a.csv"}},
		"missing in the first":    {map[string]string{"a.parquet": number, "b.csv": "v,w\n1,2\n"}, []string{`"w"`, "a.parquet", "b.csv"}},
		"missing in another csv":  {map[string]string{"a.csv": "v\n1\n", "b.csv": "v,w\n1,2\n"}, []string{`"w"`}},
		"the same name after all": {map[string]string{"a.parquet": table(t, Parquet, []string{"v:int", "w:int"}, `[{"v":1,"w":2}]`)}, []string{`"v"`, "twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Path: "*"}
			if name == "the same name after all" {
				spec.Rename = map[string]string{"w": "v"}
			}
			_, err := open(put(t, c.files), Options{}, spec)
			wantProblem(t, err, "SEG-SCH-001", c.words...)
		})
	}
	_, err := open(put(t, map[string]string{"a.csv": "v,w\n1,2\n"}), Options{}, Spec{Path: "*", Rename: map[string]string{"nope": "x"}})
	wantProblem(t, err, "SEG-FEA-002", `"nope"`, "v, w")
	_, err = open(put(t, map[string]string{"a.parquet": table(t, Parquet, []string{"v:int"}, `[]`)}), Options{}, Spec{Path: "*"})
	wantProblem(t, err, "SEG-SRC-003")
}

// TestOrderOfFilesDoesNotMatter renames the files and holds that the schema is the same but for the order of columns.
func TestOrderOfFilesDoesNotMatter(t *testing.T) {
	content := []string{"a,b,c\n1,2,\n", "a,b,c\nx,2.55,2026-01-01\n", table(t, Parquet, []string{"a:text", "b:float", "c:time"}, `[{"a":"y","b":0.5,"c":"2026-01-02"}]`)}
	var want []string
	for _, perm := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		files := map[string]string{}
		for i, c := range content {
			name := fmt.Sprintf("%d.csv", perm[i])
			if i == 2 {
				name = fmt.Sprintf("%d.parquet", perm[i])
			}
			files[name] = c
		}
		s, err := open(put(t, files), Options{}, Spec{Path: "*"})
		if err != nil {
			t.Fatal(perm, err)
		}
		got := strings.Split(rows(t, s), "\n")
		slices.Sort(got)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", perm, got, want)
		}
	}
}

func TestDamagedKeys(t *testing.T) {
	dir := put(t, map[string]string{"a.csv": "id,v\nA,1\n1.7E+04,2\n", "b.parquet": table(t, Parquet, []string{"id:float", "v:int"}, `[{"id":1e17,"v":1}]`)})
	for name, row := range map[string]string{"a.csv": "row 2", "b.parquet": "row 1"} {
		s, err := open(dir, Options{Keys: []string{"id"}}, Spec{Path: name})
		if err != nil {
			t.Fatal(err)
		}
		_, err = readRows(s)
		wantProblem(t, err, "SEG-KEY-002", name, `"id"`, row)
		if strings.Contains(err.Error(), "E+") {
			t.Error("the message shows a cell")
		}
	}
}

func TestChangedFile(t *testing.T) {
	dir := put(t, map[string]string{"a.csv": plainCSV, "b.parquet": table(t, Parquet, []string{"id:int", "v:dec2"}, `[{"id":1,"v":"1.00"}]`)})
	s, err := open(dir, Options{}, Spec{Path: "*"})
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	for i, name := range []string{"a.csv", "b.parquet"} {
		err := s.ReadFile(context.Background(), i, func(arrow.Record, int64) error { // while it is read
			return os.Chtimes(filepath.Join(dir, name), later, later)
		})
		wantProblem(t, err, "SEG-SRC-005", name)
		err = s.ReadFile(context.Background(), i, func(arrow.Record, int64) error { t.Error("rows of a changed file"); return nil })
		wantProblem(t, err, "SEG-SRC-005", name)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, s.ReadFile(context.Background(), i, nil), "SEG-SRC-005", name)
	}
}

func TestRejects(t *testing.T) {
	dir := put(t, map[string]string{"a.csv": "id,v\n1,2\n1,2,3\n3,4\n", "b.csv": "id,v\n5,6\n7\n"})
	_, err := open(dir, Options{}, Spec{Path: "*"})
	wantProblem(t, err, "SEG-CSV-008", "a.csv:3")
	_, err = open(dir, Options{MaxRejects: 0.3}, Spec{Path: "*"})
	wantProblem(t, err, "SEG-CSV-008", "2 of 5")
	s, err := open(dir, Options{MaxRejects: 0.4}, Spec{Path: "*"})
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(t, s); got != "id:int64 v:int64 \n1|2\n3|4\n5|6" || !maps.Equal(s.Rejected(), map[string]int64{"SEG-CSV-008": 2}) || s.Rows() != 3 {
		t.Fatal(got, s.Rejected())
	}
}

func TestFirstFileWithAnErrorCounts(t *testing.T) {
	files := map[string]string{}
	for i := range 40 {
		files[fmt.Sprintf("f%02d.csv", i)] = plainCSV
	}
	files["f07.csv"], files["f21.csv"], files["f22.csv"] = "id,v\n1\n", "", "id,v\n\"open"
	dir := put(t, files)
	for range 10 {
		_, err := open(dir, Options{Threads: 7}, Spec{Path: "*"})
		wantProblem(t, err, "SEG-SRC-002", "f21.csv") // sizes are looked at before contents
	}
	if err := os.WriteFile(filepath.Join(dir, "f21.csv"), []byte("id,v\n1,2,3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		_, err := open(dir, Options{Threads: 7}, Spec{Path: "*"})
		wantProblem(t, err, "SEG-CSV-008", "f07.csv")
	}
}

func TestCancel(t *testing.T) {
	dir := put(t, map[string]string{"a.csv": plainCSV, "b.parquet": table(t, Parquet, []string{"id:int", "v:dec2"}, `[{"id":1,"v":"1.00"}]`)})
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Open(ctx, []Spec{{Path: "*", Dir: dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for i := range s.Files() {
		if err := s.ReadFile(ctx, i, func(arrow.Record, int64) error { return nil }); err != context.Canceled {
			t.Errorf("ReadFile %d: %v", i, err)
		}
	}
	if _, err := Open(ctx, []Spec{{Path: "*", Dir: dir}}, Options{}); err != context.Canceled {
		t.Errorf("Open: %v", err)
	}
}
