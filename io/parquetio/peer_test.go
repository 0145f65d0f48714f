package parquetio

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/io/arrowio"
)

// python runs a script with pyarrow in dir. Where there is none the test is skipped, unless SEGOVIA_REQUIRE names it.
func python(t *testing.T, dir, script string) string {
	t.Helper()
	if err := exec.Command("python3", "-c", "import pyarrow.parquet").Run(); err != nil {
		if strings.Contains(os.Getenv("SEGOVIA_REQUIRE"), "pyarrow") {
			t.Fatal("SEGOVIA_REQUIRE names pyarrow, and python3 cannot import it")
		}
		t.Skip("python3 with pyarrow is not here: our files are not read by another reader, nor theirs by ours")
	}
	cmd := exec.Command("python3", "-c", script)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v\n%s", err, stderr.String())
	}
	return string(out)
}

func TestPyarrowReadsOurFiles(t *testing.T) {
	dir := t.TempDir()
	rec := sample(memory.NewGoAllocator(), groupRows+1000)
	b := writeFile(t, rec, 5000)
	// A flipped byte in a page tells that pyarrow does look at the sums.
	bad := bytes.Clone(b)
	f, err := readFooter(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	c := f.groups[0].chunks[3]
	bad[c.start()+c.compressed-1] ^= 1
	for name, b := range map[string][]byte{"a.parquet": b, "bad.parquet": bad} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := python(t, dir, `
import pyarrow.parquet as pq
t = pq.ParquetFile("a.parquet", page_checksum_verification=True).read()
for f in t.schema:
    print(f.name, f.type, t[f.name].null_count)
print(t.schema.field("count").metadata)
print(t["id"][1], t["count"][1], t["money"][3], t["time"][2], pq.ParquetFile("a.parquet").metadata.created_by)
try:
    pq.ParquetFile("bad.parquet", page_checksum_verification=True).read()
    print("not noticed")
except OSError as e:
    print("CRC" in str(e))
`)
	want := `id string 44024
yes bool 44024
count int64 44024
ratio double 44024
money decimal128(38, 3) 44024
time timestamp[us] 44024
level string 44024
`
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " segovia\nTrue\n") || !strings.Contains(got, "b'unit': b'days'") {
		t.Fatalf("pyarrow sees\n%s", got)
	}
}

const foreign = `
import datetime as d, decimal, uuid
import pyarrow as pa, pyarrow.parquet as pq
n = 3000
def col(f, every=7):
    return [None if i % every == 0 else f(i) for i in range(n)]
t = pa.table({
  "i8": pa.array(col(lambda i: i % 100 - 50), pa.int8()),
  "u32": pa.array(col(lambda i: i * 1000003), pa.uint32()),
  "i64": pa.array(col(lambda i: i * 1234567891011), pa.int64()),
  "f32": pa.array(col(lambda i: i / 4), pa.float32()),
  "f64": pa.array(col(lambda i: i / 3), pa.float64()),
  "bool": pa.array(col(lambda i: i % 2 == 0), pa.bool_()),
  "dec9": pa.array(col(lambda i: decimal.Decimal(i) / 100), pa.decimal128(9, 2)),
  "dec30": pa.array(col(lambda i: decimal.Decimal(i) / 100), pa.decimal128(30, 2)),
  "date": pa.array(col(lambda i: d.date(2000, 1, 1) + d.timedelta(i)), pa.date32()),
  "ms": pa.array(col(lambda i: i * 86400001), pa.timestamp("ms")),
  "ns": pa.array(col(lambda i: i * 86400000001000), pa.timestamp("ns", tz="Europe/Berlin")),
  "text": pa.array(col(lambda i: "Straße %d" % i), pa.string()),
  "large": pa.array(col(lambda i: "x%d" % (i % 5)), pa.large_string()),
  "dict": pa.array(col(lambda i: "v%d" % (i % 3)), pa.string()).dictionary_encode(),
  "empty": pa.array([None] * n, pa.string()),
  "null": pa.nulls(n),
  "bin": pa.array(col(lambda i: b"b%d" % i), pa.binary()),
  "raw": pa.array(col(lambda i: b"\xff%d" % i), pa.binary()),
  "list": pa.array(col(lambda i: [i, i]), pa.list_(pa.int32())),
  "st": pa.array(col(lambda i: {"a": i}), pa.struct([("a", pa.int32())])),
  "req": pa.array(range(n), pa.int64()),
})
t = t.cast(t.schema.set(t.schema.get_field_index("req"), pa.field("req", pa.int64(), nullable=False)))
names = [c for c in t.column_names]
plain = {c: "PLAIN" for c in names}
delta = {"i64": "DELTA_BINARY_PACKED", "req": "DELTA_BINARY_PACKED", "u32": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY",
         "large": "DELTA_LENGTH_BYTE_ARRAY", "bin": "DELTA_BYTE_ARRAY"}
k = 0
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4_raw" if False else "lz4"]:
  for version in ["1.0", "2.0"]:
    for crc in [False, True]:
      for mode in ["dict", "plain", "delta"]:
        opt = dict(use_dictionary=mode == "dict")
        if mode == "delta":
            opt["column_encoding"] = delta
        pq.write_table(t, "f%03d-%s-v%s-%s-%s.parquet" % (k, codec, version[0], mode, "crc" if crc else "nocrc"), compression=codec,
                       data_page_version=version, write_page_checksum=crc, row_group_size=1700, data_page_size=4000,
                       version="2.6", **opt)
        k += 1
pq.write_table(t.select(["ms", "date", "i64"]), "int96.parquet", use_deprecated_int96_timestamps=True)
print(k)
`

// TestWeReadPyarrowsFiles reads the same table in every codec, page version and encoding that pyarrow writes; all must
// give the same text.
func TestWeReadPyarrowsFiles(t *testing.T) {
	dir := t.TempDir()
	python(t, dir, foreign)
	files, err := filepath.Glob(filepath.Join(dir, "f*.parquet"))
	if err != nil || len(files) != 72 {
		t.Fatal(len(files), err)
	}
	want := ""
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(b, arrowio.Options{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s differs", filepath.Base(file))
		}
		r, err := open(b, arrowio.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Notes(); len(n) != 3 || n[0].Column != "list" || n[1].Column != "st" || n[2].Column != "raw" {
			t.Errorf("%s: notes %v", filepath.Base(file), n)
		}
		pages, sums, err := r.Verify(context.Background())
		if err != nil || (sums == pages) != strings.HasSuffix(file, "-crc.parquet") {
			t.Errorf("%s: %d pages, %d sums, %v", filepath.Base(file), pages, sums, err)
		}
	}
	lines := strings.Split(want, "\n")
	head := "i8 int64|u32 int64|i64 int64|f32 float64|f64 float64|bool bool|dec9 decimal(38, 2)|dec30 decimal(38, 2)|date timestamp[us]|ms timestamp[us]|ns timestamp[us]|text utf8|large utf8|dict utf8|empty utf8|null null|bin utf8|req int64|"
	row5 := "-45|5000015|6172839455055|1.25|1.6666666666666667|false|0.05|0.05|2000-01-06 00:00:00Z|1970-01-06 00:00:00.005Z|1970-01-06 00:00:00.000005Z|Straße 5|x0|v2|(null)|(null)|b5|5|"
	row7 := strings.Repeat("(null)|", 17) + "7|"
	if len(lines) != 3001 || lines[0] != head || lines[6] != row5 || lines[8] != row7 {
		t.Fatalf("%d lines\n%s\n%s\n%s", len(lines), lines[0], lines[6], lines[8])
	}
	b, err := os.ReadFile(filepath.Join(dir, "int96.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(b, arrowio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if l := strings.Split(got, "\n"); len(l) != 3001 || l[0] != "ms timestamp[us]|date timestamp[us]|i64 int64|" ||
		l[6] != "1970-01-06 00:00:00.005Z|2000-01-06 00:00:00Z|6172839455055|" || l[8] != "(null)|(null)|(null)|" {
		t.Fatalf("int96: %s\n%s\n%s", l[0], l[6], l[8])
	}
}
