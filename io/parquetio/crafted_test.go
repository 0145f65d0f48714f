package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/metadata"

	"segovia/io/arrowio"
	"segovia/kernels/problem"
)

// withFooter returns the file b with its footer changed.
func withFooter(t *testing.T, b []byte, change func(*metadata.FileMetaData)) []byte {
	t.Helper()
	tail := len(b) - tailSize
	end := tail - int(binary.LittleEndian.Uint32(b[tail:]))
	meta, err := metadata.NewFileMetaData(b[end:tail], nil)
	if err != nil {
		t.Fatal(err)
	}
	change(meta)
	var buf bytes.Buffer
	buf.Write(b[:end])
	n, err := meta.WriteTo(&buf, nil)
	if err != nil {
		t.Fatal(err)
	}
	buf.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
	buf.WriteString(magic)
	return buf.Bytes()
}

// withHeader returns a file of one column and one data page whose header is the given one.
func withHeader(t *testing.T, header func(values, size int32) []byte) []byte {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "v", Type: arrow.PrimitiveTypes.Float64, Nullable: true}}, nil)
	rec, _, err := array.RecordFromJSON(memory.NewGoAllocator(), schema, strings.NewReader(`[{"v":1.5},{"v":2.5},{"v":3.5}]`))
	if err != nil {
		t.Fatal(err)
	}
	b := writeFile(t, rec, 10)
	f, err := readFooter(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	c := f.groups[0].chunks[0]
	var h pageHeader
	n, err := parse(b[c.dataAt:], func(c *cursor) { h = readPageHeader(c) })
	if err != nil {
		t.Fatal(err)
	}
	head := header(h.values, h.compressed)
	out := append(bytes.Clone(b[:c.dataAt]), head...)
	out = append(out, b[c.dataAt+int64(n):]...)
	return withFooter(t, out, func(m *metadata.FileMetaData) {
		m.RowGroups[0].Columns[0].MetaData.TotalCompressedSize += int64(len(head) - n)
		m.RowGroups[0].Columns[0].MetaData.TotalUncompressedSize = 1 << 40
	})
}

// dataHeader encodes a page header of version 1 with the given sizes.
func dataHeader(full, stored, values int32) []byte {
	var b []byte
	i32 := func(v int32) { b = append(b, 1<<4|tI32); b = binary.AppendVarint(b, int64(v)) }
	i32(pageData)
	i32(full)
	i32(stored)
	b = append(b, 2<<4|tStruct) // field 5
	i32(values)
	i32(encRLEDictionary)
	i32(encRLE)
	i32(encRLE)
	return append(b, 0, 0)
}

func TestCrafted(t *testing.T) {
	good := writeFile(t, sample(memory.NewGoAllocator(), 60), 60)
	rows := func(n int64) func(*metadata.FileMetaData) {
		return func(m *metadata.FileMetaData) { m.NumRows, m.RowGroups[0].NumRows = n, n }
	}
	for _, c := range []struct {
		name, want, words string
		b                 []byte
	}{
		{"negative row count", "SEG-PQ-004", "-5 rows", withFooter(t, good, rows(-5))},
		{"negative rows of a group", "SEG-PQ-004", "row group 1", withFooter(t, good, func(m *metadata.FileMetaData) { m.RowGroups[0].NumRows = -1 })},
		{"rows that no group has", "SEG-PQ-004", "61 rows", withFooter(t, good, func(m *metadata.FileMetaData) { m.NumRows = 61 })},
		{"chunk behind the file", "SEG-PQ-005", `column "count", row group 1`, withFooter(t, good, func(m *metadata.FileMetaData) {
			m.RowGroups[0].Columns[2].MetaData.TotalCompressedSize = int64(len(good))
		})},
		{"chunk at the end of the world", "SEG-PQ-005", `column "ratio"`, withFooter(t, good, func(m *metadata.FileMetaData) {
			m.RowGroups[0].Columns[3].MetaData.DataPageOffset, m.RowGroups[0].Columns[3].MetaData.DictionaryPageOffset = math.MaxInt64, nil
		})},
		{"chunk at the magic", "SEG-PQ-005", `column "ratio"`, withFooter(t, good, func(m *metadata.FileMetaData) {
			m.RowGroups[0].Columns[3].MetaData.DataPageOffset, m.RowGroups[0].Columns[3].MetaData.DictionaryPageOffset = 0, nil
		})},
		{"a column is longer", "SEG-PQ-006", `column "money"`, withFooter(t, good, func(m *metadata.FileMetaData) { m.RowGroups[0].Columns[4].MetaData.NumValues++ })},
		{"a column is missing", "SEG-PQ-006", "6 columns", withFooter(t, good, func(m *metadata.FileMetaData) { m.RowGroups[0].Columns = m.RowGroups[0].Columns[:6] })},
		{"codec LZO", "SEG-PQ-007", "lzo", withFooter(t, good, func(m *metadata.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.Codec = codecLZO })},
		{"codec of the future", "SEG-PQ-007", "number 99", withFooter(t, good, func(m *metadata.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.Codec = 99 })},
		{"in another file", "SEG-PQ-007", "another file", withFooter(t, good, func(m *metadata.FileMetaData) { m.SetFilePath("b.parquet") })},
		{"schema without end", "SEG-PQ-008", "tree", withFooter(t, good, func(m *metadata.FileMetaData) { n := int32(1 << 30); m.FileMetaData.Schema[0].NumChildren = &n })},
		{"other type", "SEG-PQ-008", "type", withFooter(t, good, func(m *metadata.FileMetaData) { m.RowGroups[0].Columns[2].MetaData.Type = pDouble })},
		{"page of 2 GiB", "SEG-PQ-004", `column "v", row group 1, page 2`, withHeader(t, func(v, n int32) []byte { return dataHeader(math.MaxInt32, n, v) })},
		{"page of 1 GiB in a few bytes", "SEG-PQ-004", "page 2", withHeader(t, func(v, n int32) []byte { return dataHeader(1<<30, n, v) })},
		{"page larger than its chunk", "SEG-PQ-004", "page 2", withHeader(t, func(v, n int32) []byte { return dataHeader(n, math.MaxInt32, v) })},
		{"page of negative size", "SEG-PQ-004", "-1 bytes", withHeader(t, func(v, n int32) []byte { return dataHeader(-1, n, v) })},
		{"page of other size", "SEG-PQ-008", "", withHeader(t, func(v, n int32) []byte { return dataHeader(1000, n, v) })},
		{"page with negative values", "SEG-PQ-004", "-3 values", withHeader(t, func(v, n int32) []byte { return dataHeader(17, n, -3) })},
		{"page with more values", "SEG-PQ-004", "more values", withHeader(t, func(v, n int32) []byte { return dataHeader(17, n, 4) })},
		{"page with fewer values", "SEG-PQ-008", "end before", withHeader(t, func(v, n int32) []byte { return dataHeader(17, n, 2) })},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := readAll(c.b, arrowio.Options{})
			runtime.ReadMemStats(&after)
			var p *problem.Problem
			if !errors.As(err, &p) || p.ID != c.want || p.File != "f.parquet" || !strings.Contains(p.Error(), c.words) {
				t.Errorf("got %v, want %s with %q", err, c.want, c.words)
			}
			if d := after.TotalAlloc - before.TotalAlloc; d > 4<<20 {
				t.Errorf("%d bytes allocated", d)
			}
		})
	}
}

// TestThriftBombs holds that lengths inside the footer cannot make the reader allocate for them.
func TestThriftBombs(t *testing.T) {
	long := binary.AppendUvarint(nil, 1<<31-1)
	for name, footer := range map[string][]byte{
		"list of schema elements": append([]byte{2<<4 | tList, 15<<4 | tStruct}, long...),
		"string":                  append([]byte{6<<4 | tBinary}, long...),
		"list of bools":           append([]byte{9<<4 | tList, 15<<4 | tTrue}, long...),
		"map":                     append([]byte{9<<4 | tMap}, long...),
		"deep lists":              append([]byte{9<<4 | tList}, bytes.Repeat([]byte{1<<4 | tList}, 100_000)...),
		"deep structures":         bytes.Repeat([]byte{9<<4 | tStruct}, 100_000),
	} {
		b := append([]byte(magic), footer...)
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(footer))), magic...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := open(b, arrowio.Options{})
		runtime.ReadMemStats(&after)
		if id(err) != "SEG-PQ-008" {
			t.Errorf("%s: %v", name, err)
		}
		if d := after.TotalAlloc - before.TotalAlloc; d > 1<<20 {
			t.Errorf("%s: %d bytes allocated", name, d)
		}
	}
}
