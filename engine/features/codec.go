package features

import "encoding/binary"

// encoder appends what states keep of one customer to a byte string.
type encoder struct{ b []byte }

func (e *encoder) byte(v byte)    { e.b = append(e.b, v) }
func (e *encoder) fixed(v uint64) { e.b = binary.LittleEndian.AppendUint64(e.b, v) }
func (e *encoder) varint(v int64) { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) text(v string)  { e.varint(int64(len(v))); e.b = append(e.b, v...) }
func (e *encoder) number(v i128) { // most fit 64 bits
	if v == i128Of(int64(v.lo)) {
		e.byte(0)
		e.varint(int64(v.lo))
		return
	}
	e.byte(1)
	e.fixed(uint64(v.hi))
	e.fixed(v.lo)
}

func (e *encoder) bool(v bool) {
	if v {
		e.byte(1)
	} else {
		e.byte(0)
	}
}

// decoder reads what an encoder has written; bad is set where the bytes end too soon.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) more() bool { return len(d.b) > 0 && !d.bad }

func (d *decoder) byte() byte {
	if len(d.b) < 1 {
		d.bad = true
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) bool() bool { return d.byte() != 0 }

func (d *decoder) fixed() uint64 {
	if len(d.b) < 8 {
		d.bad = true
		return 0
	}
	v := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) text() string {
	n := d.varint()
	if n < 0 || n > int64(len(d.b)) {
		d.bad = true
		return ""
	}
	v := string(d.b[:n])
	d.b = d.b[n:]
	return v
}

func (d *decoder) number() i128 {
	if d.byte() == 0 {
		return i128Of(d.varint())
	}
	hi := int64(d.fixed())
	return i128{hi, d.fixed()}
}
