package parquetio

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"segovia/kernels/problem"
)

const (
	magic          = "PAR1"
	magicEncrypted = "PARE"
	tailSize       = 8 // length of the footer and magic
	maxFooter      = 256 << 20
)

// Physical types, in the numbering of parquet.thrift.
const (
	pBoolean, pInt32, pInt64, pInt96, pFloat, pDouble, pByteArray, pFixed = 0, 1, 2, 3, 4, 5, 6, 7
)

// footer is what this package needs to know of a file's metadata.
type footer struct {
	rows      int64
	leaves    []leaf
	groups    []group
	raw       []byte
	end       int64 // where the data end and the footer begins
	elements  []element
	encrypted bool
}

// element is a node of the schema, in depth-first order.
type element struct {
	name       string
	typ        int32 // physical type; -1 for groups
	length     int32
	repetition int32 // 0 required, 1 optional, 2 repeated
	children   int32
}

// leaf is a column of the file.
type leaf struct {
	path   []string
	typ    int32
	length int32 // bytes of a value of a fixed-length type
	maxDef int
	field  int  // position of its top-level field in the root
	flat   bool // a field of the root that is not repeated
}

func (l leaf) name() string { return strings.Join(l.path, ".") }

type group struct {
	rows   int64
	chunks []chunk
}

// chunk is the part of a column that lies in a row group.
type chunk struct {
	typ                      int32
	encodings                []int32
	path                     []string
	codec                    int32
	values                   int64
	uncompressed, compressed int64
	dataAt, dictAt           int64 // dictAt is 0 without a dictionary
	nulls                    int64 // as the statistics say; -1 where they do not
	elsewhere                bool  // lies in another file
	encrypted                bool
	present                  bool
}

// start is where the chunk's first page begins.
func (c *chunk) start() int64 {
	if c.dictAt > 0 && c.dictAt < c.dataAt {
		return c.dictAt
	}
	return c.dataAt
}

// readFooter checks the file's frame and parses its footer. The problems it returns lack the file's name.
func readFooter(r io.ReaderAt, size int64) (*footer, error) {
	head := make([]byte, min(size, int64(len(magic))))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case string(head) == magicEncrypted:
		return nil, encrypted("its footer is encrypted")
	case string(head) != magic:
		return nil, broken("the file does not begin with the magic PAR1")
	case size < int64(len(magic)+tailSize):
		if tail, err := readAt(r, size-4, min(size, 4)); err == nil && string(tail) == magic && size >= 8 {
			return nil, footerLength("there is no room for a footer")
		}
		return nil, cutOff()
	}
	tail, err := readAt(r, size-tailSize, tailSize)
	if err != nil {
		return nil, err
	}
	switch string(tail[4:]) {
	case magic:
	case magicEncrypted:
		return nil, encrypted("its footer is encrypted")
	default:
		return nil, cutOff()
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	if room := size - int64(len(magic)+tailSize); n > room {
		return nil, footerLength(fmt.Sprintf("the footer declares %d bytes, the file has room for %d", n, room))
	}
	if n > maxFooter {
		return nil, sizes("", fmt.Sprintf("the footer has %d bytes, the limit is %d", n, maxFooter))
	}
	f := &footer{end: size - tailSize - n}
	if f.raw, err = readAt(r, f.end, n); err != nil {
		return nil, err
	}
	if _, err := parse(f.raw, f.read); err != nil {
		return nil, broken("the footer cannot be read: " + err.Error())
	}
	if f.encrypted {
		return nil, encrypted("its columns are encrypted")
	}
	if err := f.resolve(); err != nil {
		return nil, err
	}
	return f, f.check()
}

func readAt(r io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if k, err := r.ReadAt(b, at); k < len(b) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

func (f *footer) read(c *cursor) {
	c.fields(func(id int16, typ byte) bool {
		switch {
		case id == 2 && typ == tList:
			each(c, func() { f.elements = append(f.elements, readElement(c)) })
		case id == 3 && typ == tI64:
			f.rows = c.varint()
		case id == 4 && typ == tList:
			each(c, func() { f.groups = append(f.groups, readGroup(c)) })
		case id == 8 && typ == tStruct:
			f.encrypted = true
			return false
		default:
			return false
		}
		return true
	})
}

// each calls read for every structure of a list; a list of anything else is not valid.
func each(c *cursor, read func()) {
	n, typ := c.list()
	if typ != tStruct && n > 0 {
		panic(errThrift)
	}
	for range n {
		read()
	}
}

func readElement(c *cursor) element {
	e := element{typ: -1}
	c.fields(func(id int16, typ byte) bool {
		switch {
		case id == 1 && typ == tI32:
			e.typ = c.i32()
		case id == 2 && typ == tI32:
			e.length = c.i32()
		case id == 3 && typ == tI32:
			e.repetition = c.i32()
		case id == 4 && typ == tBinary:
			e.name = c.string()
		case id == 5 && typ == tI32:
			e.children = c.i32()
		default:
			return false
		}
		return true
	})
	return e
}

func readGroup(c *cursor) group {
	var g group
	c.fields(func(id int16, typ byte) bool {
		switch {
		case id == 1 && typ == tList:
			each(c, func() { g.chunks = append(g.chunks, readChunk(c)) })
		case id == 3 && typ == tI64:
			g.rows = c.varint()
		default:
			return false
		}
		return true
	})
	return g
}

func readChunk(c *cursor) chunk {
	k := chunk{nulls: -1}
	c.fields(func(id int16, typ byte) bool {
		switch {
		case id == 1 && typ == tBinary:
			k.elsewhere = c.string() != ""
		case id == 3 && typ == tStruct:
			readColumn(c, &k)
		case id == 8 && typ == tStruct:
			k.encrypted = true
			return false
		default:
			return false
		}
		return true
	})
	return k
}

func readColumn(c *cursor, k *chunk) {
	k.present = true
	c.fields(func(id int16, typ byte) bool {
		switch {
		case id == 1 && typ == tI32:
			k.typ = c.i32()
		case id == 2 && typ == tList:
			n, typ := c.list()
			if typ != tI32 && n > 0 {
				panic(errThrift)
			}
			for range n {
				k.encodings = append(k.encodings, c.i32())
			}
		case id == 3 && typ == tList:
			n, typ := c.list()
			if typ != tBinary && n > 0 {
				panic(errThrift)
			}
			for range n {
				k.path = append(k.path, c.string())
			}
		case id == 4 && typ == tI32:
			k.codec = c.i32()
		case id == 5 && typ == tI64:
			k.values = c.varint()
		case id == 6 && typ == tI64:
			k.uncompressed = c.varint()
		case id == 7 && typ == tI64:
			k.compressed = c.varint()
		case id == 9 && typ == tI64:
			k.dataAt = c.varint()
		case id == 11 && typ == tI64:
			k.dictAt = c.varint()
		case id == 12 && typ == tStruct:
			c.fields(func(id int16, typ byte) bool {
				if id == 3 && typ == tI64 {
					k.nulls = c.varint()
					return true
				}
				return false
			})
		default:
			return false
		}
		return true
	})
}

// resolve unfolds the list of schema elements into the tree's leaves.
func (f *footer) resolve() error {
	if len(f.elements) == 0 {
		return broken("the footer has no schema")
	}
	next, field := 0, -1
	var walk func(path []string, def, depth int, repeated bool) error
	walk = func(path []string, def, depth int, repeated bool) error {
		if next >= len(f.elements) || depth > maxThriftDepth {
			return broken("the schema's tree does not fit its elements")
		}
		e := f.elements[next]
		next++
		if depth == 1 {
			field++
		}
		if depth > 0 {
			path = append(path[:len(path):len(path)], e.name)
			if e.repetition != 0 {
				def++
			}
			repeated = repeated || e.repetition == 2
		}
		if e.typ >= 0 && depth > 0 {
			if e.typ > pFixed {
				return broken(fmt.Sprintf("column %q is of the unknown type %d", e.name, e.typ))
			}
			f.leaves = append(f.leaves, leaf{path: path, typ: e.typ, length: e.length, maxDef: def, field: field, flat: depth == 1 && !repeated})
			return nil
		}
		if e.children < 0 || int(e.children) > len(f.elements)-next {
			return broken("the schema's tree does not fit its elements")
		}
		for range e.children {
			if err := walk(path, def, depth+1, repeated); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(nil, 0, 0, false); err != nil {
		return err
	}
	if next != len(f.elements) {
		return broken("the schema's tree does not fit its elements")
	}
	return nil
}

// check holds everything that the footer declares against the file and against itself.
func (f *footer) check() error {
	if f.rows < 0 {
		return sizes("", fmt.Sprintf("the file declares %d rows", f.rows))
	}
	total := int64(0)
	for i, g := range f.groups {
		place := fmt.Sprintf("row group %d", i+1)
		if g.rows < 0 || g.rows > math.MaxInt64-total {
			return sizes(place, fmt.Sprintf("it declares %d rows", g.rows))
		}
		total += g.rows
		if len(g.chunks) != len(f.leaves) {
			return unequal(place, fmt.Sprintf("it has %d columns, the schema %d", len(g.chunks), len(f.leaves)))
		}
		for j := range g.chunks {
			if err := f.checkChunk(&g.chunks[j], f.leaves[j], g.rows, fmt.Sprintf("column %q, %s", f.leaves[j].name(), place)); err != nil {
				return err
			}
		}
	}
	if total != f.rows {
		return sizes("", fmt.Sprintf("the file declares %d rows, its row groups %d", f.rows, total))
	}
	return nil
}

func (f *footer) checkChunk(c *chunk, l leaf, rows int64, place string) error {
	switch {
	case c.encrypted:
		return at(encrypted("a column is encrypted"), place)
	case !c.present:
		return at(broken("the column chunk has no metadata"), place)
	case c.elsewhere:
		return unsupported(place, "the column chunk lies in another file")
	case c.typ != l.typ:
		return at(broken("the column chunk and the schema disagree about the column's type"), place)
	case c.values < 0:
		return sizes(place, fmt.Sprintf("it declares %d values", c.values))
	case c.uncompressed < 0 || c.compressed < 0:
		return sizes(place, fmt.Sprintf("it declares %d bytes, %d compressed", c.uncompressed, c.compressed))
	case l.flat && c.values != rows:
		return unequal(place, fmt.Sprintf("it has %d values in a row group of %d rows", c.values, rows))
	}
	if !codecKnown(c.codec) {
		return unsupported(place, "the codec "+codecName(c.codec)+" is not compiled in")
	}
	start := c.start()
	if rows == 0 && c.compressed == 0 {
		return nil
	}
	if start < int64(len(magic)) || start > f.end || c.compressed > f.end-start {
		return &problem.Problem{ID: "SEG-PQ-005", What: "a column chunk lies outside the file", Place: place,
			Why: fmt.Sprintf("it is said to lie at %d with %d bytes, the data end at %d", start, c.compressed, f.end),
			Fix: "the file is damaged or was put together wrongly; fetch or write it again"}
	}
	return nil
}
