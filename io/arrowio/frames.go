package arrowio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Magic stands at the start and the end of an Arrow IPC file.
const Magic = "ARROW1"

const (
	continuation  = 0xFFFFFFFF
	fileStart     = 8  // magic and two bytes of padding
	fileTail      = 10 // footer length and magic
	maxMetadata   = 256 << 20
	errShort      = "the file ends inside a message: cut off or still being written"
	errNoEnd      = "the stream has no end mark: cut off or still being written"
	errAfterEnd   = "bytes follow the end mark of the stream"
	errDictionary = "the dictionaries do not stand where the schema says"
)

// frame is a message whose metadata have been read and checked, and the place of its body.
type frame struct {
	message
	at int64
}

// frames finds the messages of a file or stream.
type frames struct {
	r    io.ReaderAt
	size int64
	opt  Options

	dictionaries int // fields with a dictionary
	schema       frame
	blocks       []block // for a file: dictionaries, then records; nil for a stream
	start        int64   // for a stream: after the schema
}

// openFrames reads the schema message and, of a file, the footer.
func openFrames(r io.ReaderAt, size int64, opt Options) (*frames, error) {
	f := &frames{r: r, size: size, opt: opt}
	start := int64(0)
	head := make([]byte, min(size, int64(len(Magic))))
	if err := f.read(head, 0); err != nil {
		return nil, err
	}
	if string(head) == Magic {
		start = fileStart
		if err := f.readFooter(); err != nil {
			return nil, err
		}
	}
	meta, body, err := f.metadata(start)
	if err != nil {
		return nil, err
	}
	if meta == nil {
		return nil, errors.New("there is no schema")
	}
	msg, dictionaries, err := parseMessage(meta)
	if err != nil {
		return nil, err
	}
	if msg.kind != headerSchema || msg.body != 0 {
		return nil, errors.New("the first message is not a schema")
	}
	f.schema, f.dictionaries, f.start = frame{msg, body}, dictionaries, body
	return f, nil
}

// read fills b. The size is known, so an end before it means that the file shrank.
func (f *frames) read(b []byte, at int64) error {
	n, err := f.r.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

func (f *frames) readFooter() error {
	if f.size < fileStart+fileTail {
		return errors.New(errShort)
	}
	tail := make([]byte, fileTail)
	if err := f.read(tail, f.size-fileTail); err != nil {
		return err
	}
	if string(tail[4:]) != Magic {
		return errors.New("the closing magic is missing: cut off or still being written")
	}
	n := int64(int32(binary.LittleEndian.Uint32(tail)))
	if n <= 0 || n > f.size-fileStart-fileTail || n > maxMetadata {
		return fmt.Errorf("the footer declares %d bytes, the file has %d", n, f.size)
	}
	footer := make([]byte, n)
	if err := f.read(footer, f.size-fileTail-n); err != nil {
		return err
	}
	dicts, batches, err := parseFooter(footer, f.size-fileTail-n)
	if err != nil {
		return err
	}
	f.blocks = append(append([]block{}, dicts...), batches...)
	return nil
}

// metadata reads the metadata of the message at the given place and returns where its body begins; nil metadata at the
// end mark.
func (f *frames) metadata(at int64) (meta []byte, body int64, err error) {
	if f.size-at < 4 {
		return nil, 0, errors.New(errNoEnd)
	}
	var word [4]byte
	if err := f.read(word[:], at); err != nil {
		return nil, 0, err
	}
	at += 4
	n := binary.LittleEndian.Uint32(word[:])
	if n == continuation {
		if f.size-at < 4 {
			return nil, 0, errors.New(errShort)
		}
		if err := f.read(word[:], at); err != nil {
			return nil, 0, err
		}
		at += 4
		n = binary.LittleEndian.Uint32(word[:])
	}
	if n == 0 {
		return nil, at, nil
	}
	if int64(n) > f.size-at {
		return nil, 0, fmt.Errorf("a message declares %d bytes of metadata, the file has %d left", n, f.size-at)
	}
	if n > maxMetadata {
		return nil, 0, fmt.Errorf("a message declares %d bytes of metadata, the limit is %d", n, maxMetadata)
	}
	meta = make([]byte, n)
	if err := f.read(meta, at); err != nil {
		return nil, 0, err
	}
	return meta, at + int64(n), nil
}

// each calls fn for every message after the schema: first the dictionaries, then records and further dictionaries.
func (f *frames) each(fn func(frame) error) error {
	seen := 0
	visit := func(meta []byte, body int64) (frame, error) {
		msg, _, err := parseMessage(meta)
		switch {
		case err != nil:
			return frame{}, err
		case msg.kind == headerSchema:
			return frame{}, errors.New("a second schema stands in the file")
		case msg.body > f.size-body:
			return frame{}, errors.New(errShort)
		case (msg.kind == headerDictionary) != (seen < f.dictionaries) && seen < f.dictionaries,
			msg.kind == headerDictionary && f.dictionaries == 0:
			return frame{}, errors.New(errDictionary)
		}
		seen++
		fr := frame{msg, body}
		return fr, fn(fr)
	}
	if f.blocks != nil {
		for _, b := range f.blocks {
			meta, body, err := f.metadata(b.off)
			if err != nil {
				return err
			}
			if meta == nil || body != b.off+int64(b.meta) {
				return errors.New("the footer and a message disagree about the message's length")
			}
			fr, err := visit(meta, body)
			if err != nil {
				return err
			}
			if fr.body != b.body {
				return errors.New("the footer and a message disagree about the length of the body")
			}
		}
		return nil
	}
	for at := f.start; ; {
		meta, body, err := f.metadata(at)
		if err != nil {
			return err
		}
		if meta == nil {
			if body != f.size {
				return errors.New(errAfterEnd)
			}
			return nil
		}
		fr, err := visit(meta, body)
		if err != nil {
			return err
		}
		at = body + fr.body
	}
}

// messages feeds checked messages to arrow's reader. It implements ipc.MessageReader.
type messages struct {
	refs int64
	next func() (frame, bool, error) // pulls from frames.each
	stop func()
	f    *frames
	mem  memory.Allocator
	cur  *ipc.Message
}

func (m *messages) Retain() { atomic.AddInt64(&m.refs, 1) }

func (m *messages) Release() {
	if atomic.AddInt64(&m.refs, -1) == 0 {
		m.drop()
		m.stop()
	}
}

func (m *messages) drop() {
	if m.cur != nil {
		m.cur.Release()
		m.cur = nil
	}
}

// Message returns the next message, valid until the next call.
func (m *messages) Message() (*ipc.Message, error) {
	m.drop()
	fr, ok, err := m.next()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, io.EOF
	}
	body := make([]byte, fr.body)
	if err := m.f.read(body, fr.at); err != nil {
		return nil, err
	}
	if fr.kind != headerSchema {
		if err := checkBody(fr.message, body, m.f.opt); err != nil {
			return nil, err
		}
	}
	metaBuf, bodyBuf := memory.NewBufferBytes(fr.meta), memory.NewBufferBytes(body)
	defer metaBuf.Release()
	defer bodyBuf.Release()
	m.cur = ipc.NewMessage(metaBuf, bodyBuf)
	return m.cur, nil
}
