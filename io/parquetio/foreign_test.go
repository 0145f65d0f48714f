package parquetio

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"pgregory.net/rapid"

	"segovia/io/arrowio"
)

// withoutCRC is a file as arrow writes it, with the given properties.
func withoutCRC(t *testing.T, rows int, opts ...parquet.WriterProperty) []byte {
	t.Helper()
	rec := sample(memory.NewGoAllocator(), rows)
	var buf bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), &buf, parquet.NewWriterProperties(opts...), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func delta(opts ...parquet.WriterProperty) []parquet.WriterProperty {
	return append(opts, parquet.WithDictionaryDefault(false), parquet.WithEncodingFor("id", parquet.Encodings.DeltaByteArray),
		parquet.WithEncodingFor("level", parquet.Encodings.DeltaLengthByteArray), parquet.WithEncodingFor("count", parquet.Encodings.DeltaBinaryPacked),
		parquet.WithEncodingFor("time", parquet.Encodings.DeltaBinaryPacked))
}

// TestDamagedWithoutCRC holds that no flipped or missing byte makes the reader panic or ask for much memory. Without sums
// other values are unavoidable.
func TestDamagedWithoutCRC(t *testing.T) {
	const limit = 96 << 20 // a zstd frame may ask for a window of 64 MiB
	v2 := parquet.WithDataPageVersion(parquet.DataPageV2)
	for name, opts := range map[string][]parquet.WriterProperty{
		"plain":      {parquet.WithDictionaryDefault(false)},
		"dictionary": {},
		"delta":      delta(),
		"delta v2":   delta(v2),
		"snappy v2":  {v2, parquet.WithCompression(compress.Codecs.Snappy)},
		"gzip":       {parquet.WithCompression(compress.Codecs.Gzip)},
		"zstd":       {parquet.WithCompression(compress.Codecs.Zstd)},
	} {
		t.Run(name, func(t *testing.T) {
			good := withoutCRC(t, 60, opts...)
			if _, err := readAll(good, arrowio.Options{}); err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(good); at += 23 {
				for _, mask := range []byte{0, 0x01, 0x80, 0xFF} {
					bad := bytes.Clone(good)
					if bad[at] ^= mask; mask == 0 {
						bad = bad[:at]
					}
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					_, err := readAll(bad, arrowio.Options{})
					runtime.ReadMemStats(&after)
					if d := after.TotalAlloc - before.TotalAlloc; d > limit {
						t.Fatalf("byte %d, mask %x: %d bytes allocated: %v", at, mask, d, err)
					}
					if err != nil && id(err) == "" {
						t.Fatalf("byte %d, mask %x: no problem: %v", at, mask, err)
					}
				}
			}
		})
	}
}

// TestDeltaFilesRead compares every encoding with the plain one.
func TestDeltaFilesRead(t *testing.T) {
	want, err := readAll(withoutCRC(t, 3000, parquet.WithDictionaryDefault(false)), arrowio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string][]parquet.WriterProperty{"dictionary": {}, "delta": delta(),
		"delta zstd": delta(parquet.WithCompression(compress.Codecs.Zstd))} {
		if got, err := readAll(withoutCRC(t, 3000, opts...), arrowio.Options{}); err != nil || got != want {
			t.Errorf("%s: %v, same values: %v", name, err, got == want)
		}
	}
}

// TestDeltaOverBatches reads pages that are larger than a batch.
func TestDeltaOverBatches(t *testing.T) {
	large := parquet.WithDataPageSize(64 << 20)
	rows := batchRows + batchRows/2
	plain := withoutCRC(t, rows, parquet.WithDictionaryDefault(false), large, parquet.WithMaxRowGroupLength(1<<20))
	want, err := readAll(plain, arrowio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := withoutCRC(t, rows, delta(large, parquet.WithMaxRowGroupLength(1<<20))...)
	if got, err := readAll(b, arrowio.Options{}); err != nil || got != want {
		t.Fatalf("same values: %v, %v", got == want, err)
	}
}

func TestThriftNeverReadsBeyond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		n, err := parse(b, func(c *cursor) { readPageHeader(c) })
		if err == nil && n > len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		_, _ = parse(b, (&footer{}).read)
		_, _, _ = deltaInts(b, 1000)
	})
}

func TestBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 24, 24).Draw(t, "b")
		from, width := rapid.IntRange(0, 100).Draw(t, "from"), rapid.IntRange(0, 64).Draw(t, "width")
		want := uint64(0)
		for i := range width {
			want |= uint64(b[(from+i)/8]>>((from+i)%8)&1) << i
		}
		if got := bits(b, from, width); got != want {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}
