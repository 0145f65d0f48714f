package csvio

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"segovia/kernels/problem"
)

// WriterOptions says how a table is written. The zero value gives the canonical form: UTF-8, commas, LF, dots for
// decimals.
type WriterOptions struct {
	Delimiter string // "" = ","; or ";", "tab", "|"
	Numbers   string // "" or "en" = 1234.5; "de" = 1234,5; thousands are never grouped
	CRLF      bool
	BOM       bool // a mark by which spreadsheets know UTF-8
	NoHeader  bool
	// Spreadsheet puts an apostrophe before text cells and column names that a spreadsheet would take for a formula: those
	// that start with = + - @ tab or CR. Never for files that other programs read back: the text is no longer the same.
	Spreadsheet bool
}

// Writer writes records as delimited text. Fields with the delimiter, quotes, line ends or blanks at an edge are quoted
// (RFC 4180).
//
// Null is an empty field, the empty text is "" in quotes; in a table of one column null is "" too, because an empty
// line would be skipped. Floats have the shortest decimal form that reads back equal, NaN is written like null,
// infinity is an error. Decimals keep their scale. Times are yyyy-mm-dd hh:mm:ss[.ffffff] with fractions only where
// there are some, with Z behind when the type has a zone; dates are yyyy-mm-dd; bool is true or false.
type Writer struct {
	w      *bufio.Writer
	opt    WriterOptions
	schema *arrow.Schema
	delim  byte
	dot    byte
	cells  []func(dst []byte, arr arrow.Array, i int) ([]byte, error)
	buf    []byte // of one row
	cell   []byte
	rows   int64
	err    error
}

// NewWriter writes the header and returns a writer for records of the schema. Close must be called; it does not close
// w. Column types without a text form are SEG-SCH-002.
func NewWriter(w io.Writer, schema *arrow.Schema, opt WriterOptions) (*Writer, error) {
	c := &Writer{w: bufio.NewWriterSize(w, 64<<10), opt: opt, schema: schema, delim: ',', dot: '.'}
	switch opt.Delimiter {
	case "", ",":
	case ";", "\t", "|":
		c.delim = opt.Delimiter[0]
	case "tab":
		c.delim = '\t'
	default:
		return nil, optionProblem("delimiter", opt.Delimiter, `",", ";", "tab" or "|"`)
	}
	switch opt.Numbers {
	case "", "en":
	case "de":
		c.dot = ','
	default:
		return nil, optionProblem("numbers", opt.Numbers, "de or en")
	}
	for _, f := range schema.Fields() {
		cell, err := c.formatter(f)
		if err != nil {
			return nil, err
		}
		c.cells = append(c.cells, cell)
	}
	if opt.BOM {
		c.buf = append(c.buf, "\xEF\xBB\xBF"...)
	}
	if !opt.NoHeader {
		for i, f := range schema.Fields() {
			c.text(i, []byte(f.Name), true)
		}
		c.endRow()
	}
	_, err := c.w.Write(c.buf)
	return c, err
}

// Write appends the rows of rec, whose columns must have the types of the schema.
func (c *Writer) Write(rec arrow.Record) error {
	if c.err != nil {
		return c.err
	}
	c.err = c.write(rec)
	return c.err
}

func (c *Writer) write(rec arrow.Record) error {
	if int(rec.NumCols()) != len(c.cells) {
		return fmt.Errorf("csvio: record with %d columns, want %d", rec.NumCols(), len(c.cells))
	}
	for j, f := range c.schema.Fields() {
		if !arrow.TypeEqual(rec.Column(j).DataType(), f.Type) {
			return fmt.Errorf("csvio: column %q is %s, want %s", f.Name, rec.Column(j).DataType(), f.Type)
		}
	}
	for i := range int(rec.NumRows()) {
		c.rows++
		c.buf = c.buf[:0]
		for j, format := range c.cells {
			arr := rec.Column(j)
			if arr.IsNull(i) {
				c.null(j)
				continue
			}
			cell, err := format(c.cell[:0], arr, i)
			if err != nil {
				return &problem.Problem{
					ID: "SEG-NUM-002", What: err.Error(), Place: fmt.Sprintf("column %q, row %d", c.schema.Field(j).Name, c.rows),
					Why: "a text file has no form for it that every program reads", Fix: "repair the value or leave the column out",
				}
			}
			if c.cell = cell; cell == nil {
				c.null(j)
				continue
			}
			c.text(j, cell, isText(c.schema.Field(j).Type))
		}
		c.endRow()
		if _, err := c.w.Write(c.buf); err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is still buffered.
func (c *Writer) Close() error {
	if c.err != nil {
		return c.err
	}
	return c.w.Flush()
}

func (c *Writer) endRow() {
	if c.opt.CRLF {
		c.buf = append(c.buf, '\r')
	}
	c.buf = append(c.buf, '\n')
}

func (c *Writer) null(j int) {
	if j > 0 {
		c.buf = append(c.buf, c.delim)
	}
	if len(c.cells) == 1 {
		c.buf = append(c.buf, `""`...)
	}
}

// text appends one field, quoted where needed; ours marks what a person wrote, not a formatted number or time.
func (c *Writer) text(j int, cell []byte, ours bool) {
	if j > 0 {
		c.buf = append(c.buf, c.delim)
	}
	neutral := false
	if ours && c.opt.Spreadsheet && len(cell) > 0 {
		switch cell[0] {
		case '=', '+', '-', '@', '\t', '\r':
			neutral = true
		}
	}
	if !neutral && !c.mustQuote(cell) {
		c.buf = append(c.buf, cell...)
		return
	}
	c.buf = append(c.buf, '"')
	if neutral {
		c.buf = append(c.buf, '\'')
	}
	for _, b := range cell {
		if b == '"' {
			c.buf = append(c.buf, '"')
		}
		c.buf = append(c.buf, b)
	}
	c.buf = append(c.buf, '"')
}

func (c *Writer) mustQuote(cell []byte) bool {
	n := len(cell)
	if n == 0 || cell[0] == ' ' || cell[n-1] == ' ' || cell[0] == '\t' || cell[n-1] == '\t' {
		return true
	}
	if r, _ := utf8.DecodeRune(cell); r == '\uFEFF' {
		return true // it would be taken for the file's mark
	}
	for _, b := range cell {
		if b == c.delim || b == '"' || b == '\n' || b == '\r' {
			return true
		}
	}
	return false
}

func isText(t arrow.DataType) bool {
	if d, ok := t.(*arrow.DictionaryType); ok {
		t = d.ValueType
	}
	return t.ID() == arrow.STRING || t.ID() == arrow.LARGE_STRING
}

// appendFloat appends the shortest form: plain digits between 1e-6 and 1e21, else an exponent. NaN gives nil.
func (c *Writer) appendFloat(dst []byte, v float64, bits int) ([]byte, error) {
	switch {
	case math.IsNaN(v):
		return nil, nil
	case math.IsInf(v, 0):
		return dst, fmt.Errorf("infinity cannot be written")
	}
	form := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'e'
	}
	return c.localise(strconv.AppendFloat(dst, v, form, -1, bits)), nil
}

// appendDecimal appends v * 10^-scale exactly, with scale decimals.
func (c *Writer) appendDecimal(dst []byte, v *big.Int, scale int) []byte {
	if v.Sign() < 0 {
		dst = append(dst, '-')
	}
	digits := new(big.Int).Abs(v).Append(nil, 10)
	for ; scale < 0; scale++ {
		digits = append(digits, '0')
	}
	whole := len(digits) - scale
	if whole <= 0 {
		dst = append(dst, '0')
	} else {
		dst = append(dst, digits[:whole]...)
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, c.dot)
	for ; whole < 0; whole++ {
		dst = append(dst, '0')
	}
	return append(dst, digits[whole:]...)
}

func (c *Writer) localise(b []byte) []byte {
	if c.dot != '.' {
		for i := range b {
			if b[i] == '.' {
				b[i] = c.dot
			}
		}
	}
	return b
}

// formatter returns the function that appends cell i of a column; a nil result is written like null.
func (c *Writer) formatter(f arrow.Field) (func(dst []byte, arr arrow.Array, i int) ([]byte, error), error) {
	type appender = func(dst []byte, arr arrow.Array, i int) ([]byte, error)
	switch t := f.Type.(type) {
	case *arrow.NullType:
		return func([]byte, arrow.Array, int) ([]byte, error) { return nil, nil }, nil
	case *arrow.StringType:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return append(nonNil(dst), arr.(*array.String).Value(i)...), nil
		}, nil
	case *arrow.LargeStringType:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return append(nonNil(dst), arr.(*array.LargeString).Value(i)...), nil
		}, nil
	case *arrow.BooleanType:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return strconv.AppendBool(dst, arr.(*array.Boolean).Value(i)), nil
		}, nil
	case *arrow.Int8Type:
		return signed[int8, *array.Int8](), nil
	case *arrow.Int16Type:
		return signed[int16, *array.Int16](), nil
	case *arrow.Int32Type:
		return signed[int32, *array.Int32](), nil
	case *arrow.Int64Type:
		return signed[int64, *array.Int64](), nil
	case *arrow.Uint8Type:
		return unsigned[uint8, *array.Uint8](), nil
	case *arrow.Uint16Type:
		return unsigned[uint16, *array.Uint16](), nil
	case *arrow.Uint32Type:
		return unsigned[uint32, *array.Uint32](), nil
	case *arrow.Uint64Type:
		return unsigned[uint64, *array.Uint64](), nil
	case *arrow.Float32Type:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return c.appendFloat(dst, float64(arr.(*array.Float32).Value(i)), 32)
		}, nil
	case *arrow.Float64Type:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return c.appendFloat(dst, arr.(*array.Float64).Value(i), 64)
		}, nil
	case *arrow.Decimal128Type:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return c.appendDecimal(dst, arr.(*array.Decimal128).Value(i).BigInt(), int(t.Scale)), nil
		}, nil
	case *arrow.Decimal256Type:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return c.appendDecimal(dst, arr.(*array.Decimal256).Value(i).BigInt(), int(t.Scale)), nil
		}, nil
	case *arrow.Date32Type:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return arr.(*array.Date32).Value(i).ToTime().AppendFormat(dst, time.DateOnly), nil
		}, nil
	case *arrow.Date64Type:
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return arr.(*array.Date64).Value(i).ToTime().AppendFormat(dst, time.DateOnly), nil
		}, nil
	case *arrow.TimestampType:
		form := "2006-01-02 15:04:05.999999999"
		if t.TimeZone != "" {
			form += "Z"
		}
		return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			return arr.(*array.Timestamp).Value(i).ToTime(t.Unit).AppendFormat(dst, form), nil
		}, nil
	case *arrow.DictionaryType:
		inner, err := c.formatter(arrow.Field{Name: f.Name, Type: t.ValueType})
		if err != nil {
			return nil, err
		}
		return appender(func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
			d := arr.(*array.Dictionary)
			if v := d.GetValueIndex(i); !d.Dictionary().IsNull(v) {
				return inner(dst, d.Dictionary(), v)
			}
			return nil, nil
		}), nil
	}
	return nil, &problem.Problem{
		ID: "SEG-SCH-002", What: fmt.Sprintf("column %q is %s, which a text file cannot hold", f.Name, f.Type),
		Place: fmt.Sprintf("column %q", f.Name),
		Fix:   "leave the column out, or write Parquet",
	}
}

// nonNil keeps the empty text apart from null.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func signed[T int8 | int16 | int32 | int64, A interface{ Value(int) T }]() func([]byte, arrow.Array, int) ([]byte,
	error) {
	return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
		return strconv.AppendInt(dst, int64(arr.(A).Value(i)), 10), nil
	}
}

func unsigned[T uint8 | uint16 | uint32 | uint64, A interface{ Value(int) T }]() func([]byte, arrow.Array, int) ([]byte,
	error) {
	return func(dst []byte, arr arrow.Array, i int) ([]byte, error) {
		return strconv.AppendUint(dst, uint64(arr.(A).Value(i)), 10), nil
	}
}
