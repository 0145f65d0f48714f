package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codecs, in the numbering of parquet.thrift.
const (
	codecNone, codecSnappy, codecGzip, codecLZO, codecBrotli, codecLZ4, codecZstd, codecLZ4Raw = 0, 1, 2, 3, 4, 5, 6, 7
)

func codecName(c int32) string {
	names := []string{"none", "snappy", "gzip", "lzo", "brotli", "lz4 (Hadoop)", "zstd", "lz4_raw"}
	if c < 0 || int(c) >= len(names) {
		return fmt.Sprintf("number %d", c)
	}
	return names[c]
}

func codecKnown(c int32) bool {
	return c == codecNone || c == codecSnappy || c == codecGzip || c == codecBrotli || c == codecZstd || c == codecLZ4Raw
}

var errPageSize = errors.New("a page does not decompress to the size that it declares")

// decompress fills dst, whose length is the page's declared size, from src and fails unless it becomes exactly full. It
// never allocates for more than dst's length.
func decompress(codec int32, dst, src []byte) error {
	if len(dst) == 0 {
		return nil // an empty page, or the values of one that is all null; its bytes may be an empty frame or none at all
	}
	n := 0
	var err error
	switch codec {
	case codecNone:
		if n = len(src); n == len(dst) {
			copy(dst, src)
		}
	case codecSnappy:
		if n, err = snappy.DecodedLen(src); err == nil && n == len(dst) {
			_, err = snappy.Decode(dst, src)
		}
	case codecZstd:
		var out []byte
		if out, err = pageZstd().DecodeAll(src, dst[:0:len(dst)]); err == nil {
			n = len(out)
		}
	case codecLZ4Raw:
		n, err = lz4.UncompressBlock(src, dst)
	case codecGzip:
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(src)); err == nil {
			n, err = fill(r, dst)
		}
	case codecBrotli:
		n, err = fill(brotli.NewReader(bytes.NewReader(src)), dst)
	default:
		err = fmt.Errorf("the codec %s is not compiled in", codecName(codec))
	}
	if err == nil && n != len(dst) {
		err = errPageSize
	}
	return err
}

// fill reads dst full and makes sure that r ends there, which also checks r's own checksum.
func fill(r io.Reader, dst []byte) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return n, err
	}
	var more [1]byte
	if k, err := r.Read(more[:]); k > 0 {
		return n + k, nil
	} else if err != nil && err != io.EOF {
		return n, err
	}
	return n, nil
}

var pageZstd = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0))
	if err != nil {
		panic("BUG: zstd refuses constant options: " + err.Error())
	}
	return d
})

// bounded puts decompress in the place of one of arrow's codecs, whose own Decode allocates what the compressed bytes
// ask for and, for some codecs, does not notice a page that is too long or too short. It panics on error, as arrow's
// codecs do; the reader runs under recover.
type bounded struct {
	compress.Codec
	codec int32
}

func (b bounded) Decode(dst, src []byte) []byte {
	if err := decompress(b.codec, dst, src); err != nil {
		panic(err)
	}
	return dst
}

// lz4Raw is a codec that arrow does not have. It is only ever used for reading.
type lz4Raw struct{}

func (lz4Raw) NewReader(r io.Reader) io.ReadCloser { return io.NopCloser(r) }
func (lz4Raw) NewWriter(io.Writer) io.WriteCloser  { panic("BUG: lz4_raw is not written") }
func (lz4Raw) NewWriterLevel(io.Writer, int) (io.WriteCloser, error) {
	return nil, errors.ErrUnsupported
}
func (lz4Raw) Encode(_, _ []byte) []byte             { panic("BUG: lz4_raw is not written") }
func (lz4Raw) EncodeLevel(_, _ []byte, _ int) []byte { panic("BUG: lz4_raw is not written") }
func (lz4Raw) CompressBound(n int64) int64           { return n }
func (lz4Raw) Decode(_, _ []byte) []byte             { panic("BUG: bounded decodes") }

// bindCodecs replaces arrow's codecs, once, before the first file is read or written. Writing is not affected.
var bindCodecs = sync.OnceFunc(func() {
	for _, c := range []int32{codecSnappy, codecGzip, codecBrotli, codecZstd} {
		codec, err := compress.GetCodec(compress.Compression(c))
		if err != nil {
			panic("BUG: arrow has lost its codec " + codecName(c))
		}
		compress.RegisterCodec(compress.Compression(c), bounded{codec, c})
	}
	compress.RegisterCodec(compress.Compression(codecLZ4Raw), bounded{lz4Raw{}, codecLZ4Raw})
})
