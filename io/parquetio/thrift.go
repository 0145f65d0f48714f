package parquetio

import (
	"encoding/binary"
	"errors"
)

// Parquet's footer and page headers are Thrift structures in the compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). The generated reader allocates
// whatever a list declares; this one holds every length against the bytes that are left.

var (
	errThrift = errors.New("the structure is not valid Thrift")
	errShort  = errors.New("the structure goes on beyond its bytes")
)

// Types of the compact protocol.
const (
	tTrue, tFalse, tByte, tI16, tI32, tI64, tDouble, tBinary, tList, tSet, tMap, tStruct, tUUID = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
)

const maxThriftDepth = 32

// cursor reads a structure from the start of b. Its methods panic with errThrift or errShort; parse catches them.
type cursor struct {
	b     []byte
	pos   int
	depth int
}

// parse runs read on b and returns how many bytes it took.
func parse(b []byte, read func(*cursor)) (n int, err error) {
	c := &cursor{b: b}
	defer func() {
		if p := recover(); p != nil {
			if p != errThrift && p != errShort {
				panic(p)
			}
			err = p.(error)
		}
	}()
	read(c)
	return c.pos, nil
}

func (c *cursor) byte() byte {
	if c.pos >= len(c.b) {
		panic(errShort)
	}
	c.pos++
	return c.b[c.pos-1]
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)-c.pos) {
		panic(errShort)
	}
	c.pos += int(n)
	return c.b[c.pos-int(n) : c.pos]
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b[c.pos:])
	switch {
	case n == 0:
		panic(errShort)
	case n < 0:
		panic(errThrift)
	}
	c.pos += n
	return v
}

func (c *cursor) varint() int64 {
	u := c.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// i32 reads a value that is declared as 32 bits.
func (c *cursor) i32() int32 { return int32(c.varint()) }

func (c *cursor) string() string { return string(c.take(c.uvarint())) }

// fields calls read with the id and type of each field; read consumes the value and returns true, or returns false to
// have it skipped.
func (c *cursor) fields(read func(id int16, typ byte) bool) {
	if c.depth++; c.depth > maxThriftDepth {
		panic(errThrift)
	}
	id := int16(0)
	for {
		head := c.byte()
		if head == 0 {
			break
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(c.varint())
		}
		typ := head & 15
		if !read(id, typ) {
			c.skip(typ)
		}
	}
	c.depth--
}

// list reads the head of a list and returns its length, which the bytes left can hold, and its element type.
func (c *cursor) list() (n int, typ byte) {
	head := c.byte()
	size := uint64(head >> 4)
	if size == 15 {
		size = c.uvarint()
	}
	if size > uint64(len(c.b)-c.pos) {
		panic(errShort)
	}
	return int(size), head & 15
}

// element skips a value inside a list or map, where a bool takes a byte.
func (c *cursor) element(typ byte) {
	if typ == tTrue || typ == tFalse {
		c.byte()
		return
	}
	c.skip(typ)
}

func (c *cursor) skip(typ byte) {
	switch typ {
	case tTrue, tFalse:
	case tByte:
		c.byte()
	case tI16, tI32, tI64:
		c.uvarint()
	case tDouble:
		c.take(8)
	case tUUID:
		c.take(16)
	case tBinary:
		c.take(c.uvarint())
	case tList, tSet:
		if c.depth++; c.depth > maxThriftDepth {
			panic(errThrift)
		}
		n, typ := c.list()
		for range n {
			c.element(typ)
		}
		c.depth--
	case tMap:
		if c.depth++; c.depth > maxThriftDepth {
			panic(errThrift)
		}
		n := c.uvarint()
		if n > uint64(len(c.b)-c.pos) {
			panic(errShort)
		}
		if n > 0 {
			types := c.byte()
			for range n {
				c.element(types >> 4)
				c.element(types & 15)
			}
		}
		c.depth--
	case tStruct:
		c.fields(func(int16, byte) bool { return false })
	default:
		panic(errThrift)
	}
}
