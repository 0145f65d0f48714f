package anyio

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"

	"segovia/kernels/problem"
)

// raw is an opened file: its bytes as they lie on disk, counted and, if wanted, hashed.
type raw struct {
	name string
	f    *os.File
	size int64
	time time.Time
	sum  hash.Hash
	prog func(int64)
}

func openRaw(name, abs string, hashed bool, progress func(int64)) (*raw, error) {
	f, err := os.Open(abs)
	if err != nil {
		return nil, unreadable(name, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		f.Close()
		return nil, unreadable(name, err)
	}
	r := &raw{name: name, f: f, size: info.Size(), time: info.ModTime(), prog: progress}
	if hashed {
		r.sum = sha256.New()
	}
	return r, nil
}

// Read reads on. Errors of the system become SEG-SRC-004.
func (r *raw) Read(b []byte) (int, error) {
	n, err := r.f.Read(b)
	if r.sum != nil {
		r.sum.Write(b[:n])
	}
	if r.prog != nil && n > 0 {
		r.prog(int64(n))
	}
	if err != nil && err != io.EOF {
		err = unreadable(r.name, err)
	}
	return n, err
}

// finish reads what was left and returns the file's SHA-256 in hexadecimal digits.
func (r *raw) finish() (string, error) {
	if _, err := io.Copy(io.Discard, onlyReader{r}); err != nil {
		return "", err
	}
	if r.sum == nil {
		return "", nil
	}
	return hex.EncodeToString(r.sum.Sum(nil)), nil
}

type onlyReader struct{ io.Reader }

// unchanged returns SEG-SRC-005 if the file at abs is not the one of the given size and time.
func unchanged(name, abs string, size int64, at time.Time) error {
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return changed(name, "it has gone: "+err.Error())
	case info.Size() != size:
		return changed(name, fmt.Sprintf("it had %d bytes and now has %d", size, info.Size()))
	case !info.ModTime().Equal(at):
		return changed(name, "its time of change is another")
	}
	return nil
}

func changed(name, why string) error {
	return &problem.Problem{ID: "SEG-SRC-005", What: "the source changed while it was read", File: name, Why: why,
		Fix: "let the writer finish, best by writing to a temporary name and renaming; then run again"}
}

const (
	compressNone, compressGzip, compressZstd = "", "gzip", "zstd"

	// defaultExpansion is the most that a compressed file may grow; freeExpansion bytes are always allowed.
	defaultExpansion = 1000
	freeExpansion    = 64 << 20
)

// compression tells how a file that begins with head is compressed.
func compression(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}):
		return compressGzip
	case bytes.HasPrefix(head, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return compressZstd
	}
	return compressNone
}

// decompress returns the content of src, the compressed file's bytes. Its errors are SEG-ZIP-001 to -003.
func decompress(src io.Reader, how, name string, size, expansion int64) (io.ReadCloser, error) {
	if expansion <= 0 {
		expansion = defaultExpansion
	}
	limit := int64(freeExpansion)
	if size > limit/expansion {
		limit = size * expansion
		if limit/expansion != size {
			limit = 1<<63 - 1
		}
	}
	e := &expander{name: name, size: size, limit: limit}
	in := bufio.NewReaderSize(src, 64<<10)
	switch how {
	case compressGzip:
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, e.problem(err)
		}
		z.Multistream(false)
		e.src = &members{in: in, z: z}
	case compressZstd:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, e.problem(err)
		}
		e.src, e.close = z, z.Close
	default:
		return nil, fmt.Errorf("anyio: BUG: compression %q", how)
	}
	return e, nil
}

var errTrailing = errors.New("bytes follow the end of the compressed data")

// members reads the members of a gzip file one after the other; what does not begin like one is no padding, but lost or
// foreign data.
type members struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func (m *members) Read(b []byte) (int, error) {
	for {
		n, err := m.z.Read(b)
		if n > 0 && err == io.EOF {
			err = nil // the end comes again
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
		head, err := m.in.Peek(2)
		switch {
		case len(head) == 0 && err == io.EOF:
			return 0, io.EOF
		case compression(head) != compressGzip:
			return 0, errTrailing
		}
		if err := m.z.Reset(m.in); err != nil {
			return 0, err
		}
		m.z.Multistream(false)
	}
}

// expander counts what comes out and names what goes wrong.
type expander struct {
	name        string
	src         io.Reader
	close       func()
	size, limit int64
	n           int64
}

func (e *expander) Read(b []byte) (int, error) {
	n, err := e.src.Read(b)
	if e.n += int64(n); e.n > e.limit {
		return 0, &problem.Problem{ID: "SEG-ZIP-001", What: "the compressed file expands beyond the limit", File: e.name,
			Why: fmt.Sprintf("its %d bytes have become more than %d", e.size, e.limit),
			Fix: "check where the file comes from; raise `max_expansion` if it is genuine"}
	}
	if err != nil && err != io.EOF {
		err = e.problem(err)
	}
	return n, err
}

func (e *expander) Close() error {
	if e.close != nil {
		e.close()
	}
	return nil
}

func (e *expander) problem(err error) error {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return err
	case errors.Is(err, errTrailing) || errors.Is(err, zstd.ErrMagicMismatch) && e.n > 0:
		return &problem.Problem{ID: "SEG-ZIP-003", What: "bytes follow the end of the compressed data", File: e.name,
			Why: "what stands behind it is not compressed the same way", Fix: "fetch the file again"}
	case errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &problem.Problem{ID: "SEG-ZIP-001", What: "the compressed file asks for too much memory", File: e.name, Why: err.Error(),
			Fix: "compress it with a window of at most 128 MiB"}
	}
	why := err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		why = "it ends too early: cut off or still being written"
	}
	return &problem.Problem{ID: "SEG-ZIP-002", What: "the compressed file is cut off or damaged", File: e.name, Why: why, Fix: "fetch the file again", Err: err}
}
