package bench

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// number is what arrays hold.
type number interface{ uint8 | uint16 | float32 }

func dtype[T number]() string {
	var v T
	switch any(v).(type) {
	case uint8:
		return "|u1"
	case uint16:
		return "<u2"
	}
	return "<f4"
}

const npyMagic = "\x93NUMPY\x01\x00"

// npyHeader is the length of the headers that writeNPY writes; the values follow.
const npyHeader = 128

// writeNPY writes an array in NumPy's format 1.0, row by row.
func writeNPY[T number](w io.Writer, shape []int, data []T) error {
	dims := make([]string, len(shape))
	for i, n := range shape {
		dims[i] = strconv.Itoa(n)
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }", dtype[T](), strings.Join(dims, ", "))
	text += strings.Repeat(" ", npyHeader-len(npyMagic)-2-len(text)-1) + "\n"
	header := binary.LittleEndian.AppendUint16([]byte(npyMagic), uint16(len(text)))
	if _, err := w.Write(append(header, text...)); err != nil {
		return err
	}
	for len(data) > 0 { // piece by piece: binary.Write makes a copy
		n := min(len(data), 1<<20)
		if err := binary.Write(w, binary.LittleEndian, data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// readNPY reads an array of this type and number of dimensions, row by row.
func readNPY[T number](file string, dims int) (shape []int, data []T, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	fail := func(format string, args ...any) ([]int, []T, error) {
		return nil, nil, fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...))
	}
	in := bufio.NewReaderSize(f, 1<<20)
	fixed := make([]byte, len(npyMagic)+2)
	if _, err := io.ReadFull(in, fixed); err != nil || !bytes.HasPrefix(fixed, []byte(npyMagic)) {
		return fail("is not a NumPy array of format 1.0")
	}
	text := make([]byte, binary.LittleEndian.Uint16(fixed[len(npyMagic):]))
	if _, err := io.ReadFull(in, text); err != nil {
		return fail("%v", err)
	}
	header := string(text)
	if !strings.Contains(header, "'descr': '"+dtype[T]()+"'") || !strings.Contains(header, "'fortran_order': False") {
		return fail("want values of type %s, row by row, and the header says %s", dtype[T](), strings.TrimSpace(header))
	}
	_, list, _ := strings.Cut(header, "'shape': (")
	list, _, _ = strings.Cut(list, ")")
	count := 1
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1<<40/count {
			return fail("shape (%s)", list)
		}
		shape, count = append(shape, n), count*n
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if len(shape) != dims || int64(count)*int64(binary.Size(*new(T))) > info.Size() {
		return fail("shape (%s), want %d dimensions and no more values than the file has", list, dims)
	}
	data = make([]T, count)
	if err := binary.Read(in, binary.LittleEndian, data); err != nil {
		return fail("%v", err)
	}
	return shape, data, nil
}
