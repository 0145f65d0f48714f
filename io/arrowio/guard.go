package arrowio

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Positions of fields in arrow's Message.fbs, Schema.fbs and File.fbs.
const (
	messageHeaderType, messageHeader, messageBodyLength = 1, 2, 3

	headerSchema, headerDictionary, headerRecord = 1, 2, 3

	schemaFields, schemaMetadata                                               = 1, 2
	fieldName, fieldTypeType, fieldType, fieldDict, fieldChildren, fieldCustom = 0, 2, 3, 4, 5, 6
	keyValueKey, keyValueValue                                                 = 0, 1

	typeTimestamp, typeUnion = 10, 14
	timestampZone, unionIDs  = 1, 1

	batchLength, batchNodes, batchBuffers, batchCompression, batchVariadic = 0, 1, 2, 3, 4
	dictionaryData                                                         = 1

	footerDictionaries, footerBatches = 2, 3
	blockSize                         = 24

	maxNesting = 32
)

// message is one checked IPC message.
type message struct {
	kind byte // headerSchema, headerDictionary or headerRecord
	rows int64
	body int64 // length in bytes
	meta []byte
}

// parseMessage checks everything in a message's metadata that decides how much is allocated or read. Whatever else is
// wrong makes arrow return an error or panic inside Guard.
func parseMessage(meta []byte) (msg message, dictionaries int, err error) {
	v := newView(meta)
	err = v.check(func() error {
		m := v.root()
		msg = message{kind: v.byte(m, messageHeaderType), body: v.long(m, messageBodyLength), meta: meta}
		header := v.sub(m, messageHeader)
		if header == 0 {
			return fmt.Errorf("a message has no header")
		}
		if msg.body < 0 {
			return fmt.Errorf("a message declares a body of %d bytes", msg.body)
		}
		switch msg.kind {
		case headerSchema:
			return v.schema(header, &dictionaries)
		case headerDictionary:
			data := v.sub(header, dictionaryData)
			if data == 0 {
				return fmt.Errorf("a dictionary has no data")
			}
			_, err := v.batch(data, msg.body)
			return err
		case headerRecord:
			var err error
			msg.rows, err = v.batch(header, msg.body)
			return err
		default:
			return fmt.Errorf("a message is of kind %d, which is neither schema, dictionary nor records", msg.kind)
		}
	})
	return msg, dictionaries, err
}

// schema walks all fields and counts those with a dictionary.
func (v *view) schema(t table, dictionaries *int) error {
	v.metadata(t, schemaMetadata)
	return v.fields(t, schemaFields, 0, dictionaries)
}

func (v *view) fields(t table, at, depth int, dictionaries *int) error {
	if depth > maxNesting {
		return fmt.Errorf("the schema nests deeper than %d levels", maxNesting)
	}
	n, first := v.vector(t, at, 4)
	for i := range n {
		f := v.at(v.follow(first + 4*i))
		v.text(f, fieldName)
		v.metadata(f, fieldCustom)
		if typ := v.sub(f, fieldType); typ != 0 {
			switch v.byte(f, fieldTypeType) {
			case typeTimestamp:
				v.text(typ, timestampZone)
			case typeUnion:
				v.vector(typ, unionIDs, 4)
			}
		}
		if v.sub(f, fieldDict) != 0 {
			*dictionaries++
		}
		if err := v.fields(f, fieldChildren, depth+1, dictionaries); err != nil {
			return err
		}
	}
	return nil
}

func (v *view) metadata(t table, at int) {
	n, first := v.vector(t, at, 4)
	for i := range n {
		kv := v.at(v.follow(first + 4*i))
		v.text(kv, keyValueKey)
		v.text(kv, keyValueValue)
	}
}

// batch checks the lengths of a record or dictionary batch against its body and returns the number of rows.
func (v *view) batch(t table, body int64) (int64, error) {
	rows := v.long(t, batchLength)
	if rows < 0 {
		return 0, fmt.Errorf("a batch declares %d rows", rows)
	}
	nodes, first := v.vector(t, batchNodes, 16)
	for i := range nodes {
		n, nulls := v.i64(first+16*i), v.i64(first+16*i+8)
		if n < 0 || nulls < 0 || nulls > n || n > 1<<40 {
			return 0, fmt.Errorf("column %d of a batch declares %d values and %d nulls", i+1, n, nulls)
		}
	}
	buffers, first := v.vector(t, batchBuffers, 16)
	for i := range buffers {
		off, n := v.i64(first+16*i), v.i64(first+16*i+8)
		if off < 0 || n < 0 || off > body || n > body-off {
			return 0, fmt.Errorf("buffer %d of a batch lies at %d..%d of %d bytes", i+1, off, off+n, body)
		}
	}
	counts, first := v.vector(t, batchVariadic, 8)
	left := int64(buffers)
	for i := range counts {
		n := v.i64(first + 8*i)
		if n < 0 || n > left {
			return 0, fmt.Errorf("a batch declares %d view buffers and has %d buffers", n, buffers)
		}
		left -= n
	}
	return rows, nil
}

// checkBody looks at the length that stands before each compressed buffer. The metadata are checked already.
func checkBody(msg message, body []byte, opt Options) error {
	v := newView(msg.meta)
	return v.check(func() error {
		t := v.sub(v.root(), messageHeader)
		if msg.kind == headerDictionary {
			t = v.sub(t, dictionaryData)
		}
		compressed := v.sub(t, batchCompression) != 0
		n, first := v.vector(t, batchBuffers, 16)
		total := int64(0)
		for i := range n {
			off, size := v.i64(first+16*i), v.i64(first+16*i+8)
			if size == 0 || !compressed {
				total += size
				continue
			}
			if size < 8 {
				return fmt.Errorf("buffer %d of a batch is compressed and has %d bytes", i+1, size)
			}
			full := int64(binary.LittleEndian.Uint64(body[off:]))
			if full < -1 || full > 0 && opt.Expands(size, full) {
				return fmt.Errorf("buffer %d of a batch declares %d bytes in %d compressed ones", i+1, full, size)
			}
			total += max(full, size-8)
		}
		nodes, first := v.vector(t, batchNodes, 16)
		for i := range nodes {
			// A value takes at least a bit somewhere, except in columns of nulls, which have no buffers at all.
			if rows := v.i64(first + 16*i); rows > 8*total && total > 0 || rows > math.MaxInt32 {
				return fmt.Errorf("column %d of a batch declares %d rows in %d bytes", i+1, rows, total)
			}
		}
		return nil
	})
}

// block is the place of a message in a file.
type block struct {
	off  int64
	meta int32
	body int64
}

// parseFooter returns the blocks of the dictionaries and of the records, which must lie inside the first size bytes.
func parseFooter(footer []byte, size int64) (dictionaries, batches []block, err error) {
	v := newView(footer)
	err = v.check(func() error {
		t := v.root()
		for _, part := range []struct {
			at  int
			out *[]block
		}{{footerDictionaries, &dictionaries}, {footerBatches, &batches}} {
			n, first := v.vector(t, part.at, blockSize)
			for i := range n {
				at := first + blockSize*i
				b := block{v.i64(at), v.i32(at + 8), v.i64(at + 16)}
				if b.off < 8 || b.meta < 8 || b.body < 0 || b.off > size || int64(b.meta) > size-b.off || b.body > size-b.off-int64(b.meta) {
					return fmt.Errorf("block %d lies at %d with %d and %d bytes, the file has %d", i+1, b.off, b.meta, b.body, size)
				}
				*part.out = append(*part.out, b)
			}
		}
		return nil
	})
	return dictionaries, batches, err
}
