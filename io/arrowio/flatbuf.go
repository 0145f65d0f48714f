package arrowio

import (
	"encoding/binary"
	"errors"
)

// Arrow's metadata are FlatBuffers. The accessors that arrow generates trust every offset and length; the view below
// checks each against the bytes that are there. It reads only what decides how much memory arrow will ask for. Layout:
// https://flatbuffers.dev/internals (tables, vtables, vectors).

var errMetadata = errors.New("a length or offset in the metadata points outside the message")

// view is a message's metadata with a budget of tables, since offsets may share a table and so unfold a few bytes into
// an endless tree.
type view struct {
	b      []byte
	tables int
}

// table is the position of a table; 0 stands for an absent one.
type table int

// newView allows as many tables as non-overlapping ones could fit into b.
func newView(b []byte) *view { return &view{b: b, tables: len(b)/4 + 1} }

// fail leaves the walk; check catches it.
func (v *view) fail() { panic(errMetadata) }

// check runs a walk and returns what it found.
func (v *view) check(walk func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p != errMetadata {
				panic(p)
			}
			err = errMetadata
		}
	}()
	return walk()
}

func (v *view) need(pos, n int) {
	if pos < 0 || n < 0 || pos > len(v.b)-n {
		v.fail()
	}
}

func (v *view) u8(pos int) byte {
	v.need(pos, 1)
	return v.b[pos]
}

func (v *view) u16(pos int) int {
	v.need(pos, 2)
	return int(binary.LittleEndian.Uint16(v.b[pos:]))
}

func (v *view) i32(pos int) int32 {
	v.need(pos, 4)
	return int32(binary.LittleEndian.Uint32(v.b[pos:]))
}

func (v *view) i64(pos int) int64 {
	v.need(pos, 8)
	return int64(binary.LittleEndian.Uint64(v.b[pos:]))
}

// follow returns the position that the unsigned offset at pos points to.
func (v *view) follow(pos int) int {
	v.need(pos, 4)
	to := pos + int(binary.LittleEndian.Uint32(v.b[pos:]))
	v.need(to, 4)
	return to
}

// root returns the table at the start of the message.
func (v *view) root() table { return v.at(v.follow(0)) }

func (v *view) at(pos int) table {
	if v.tables--; v.tables < 0 {
		v.fail()
	}
	vt := pos - int(v.i32(pos))
	size := v.u16(vt)
	v.need(vt, size)
	if size < 4 {
		v.fail()
	}
	return table(pos)
}

// field returns the position of field i, or 0 if the table has none.
func (v *view) field(t table, i int) int {
	vt := int(t) - int(v.i32(int(t)))
	if at := 4 + 2*i; at < v.u16(vt) {
		if off := v.u16(vt + at); off != 0 {
			v.need(int(t)+off, 1)
			return int(t) + off
		}
	}
	return 0
}

func (v *view) long(t table, i int) int64 {
	if at := v.field(t, i); at != 0 {
		return v.i64(at)
	}
	return 0
}

func (v *view) byte(t table, i int) byte {
	if at := v.field(t, i); at != 0 {
		return v.u8(at)
	}
	return 0
}

// sub returns the table that field i points to.
func (v *view) sub(t table, i int) table {
	if at := v.field(t, i); at != 0 {
		return v.at(v.follow(at))
	}
	return 0
}

// vector returns the number of elements of field i and the position of the first; size is an element's bytes.
func (v *view) vector(t table, i, size int) (n, first int) {
	at := v.field(t, i)
	if at == 0 {
		return 0, 0
	}
	pos := v.follow(at)
	count := v.i32(pos)
	if count < 0 || int64(count)*int64(size) > int64(len(v.b)-pos-4) {
		v.fail()
	}
	return int(count), pos + 4
}

// text checks a string.
func (v *view) text(t table, i int) { v.vector(t, i, 1) }
