package features

// valueType is the type of an expression's values.
type valueType uint8

const (
	typeNull valueType = iota // the literal null, before it takes its neighbour's type
	typeBool
	typeNumber
	typeText
	typeTime
)

func (t valueType) String() string {
	return [...]string{"null", "yes/no", "number", "text", "time"}[t]
}

// vec holds the values of an expression for the rows of a batch. With mask 0 it holds one value for all rows, with mask
// -1 one per row: element i stands at i & mask.
type vec struct {
	typ   valueType
	mask  int
	scale int       // decimals of dec
	dec   []i128    // numbers in row expressions: exact decimals
	flt   []float64 // numbers in expressions over features
	str   []string
	bit   []bool
	tim   []int64 // microseconds since 1970
	null  []bool  // nil = none missing
}

func (v *vec) isNull(i int) bool { return v.null != nil && v.null[i&v.mask] }

// isTrue reports whether row i is true, neither false nor missing.
func (v *vec) isTrue(i int) bool { return v.bit[i&v.mask] && !v.isNull(i) }

// setNull marks element i of n as missing.
func (v *vec) setNull(i, n int) {
	if v.null == nil {
		v.null = make([]bool, n)
	}
	v.null[i] = true
}

// input is one batch as expressions see it: columns in the order of the environment that compiled them, converted when
// first used, and the results of expressions that several features share.
type input struct {
	rows    int
	column  func(i int) (*vec, error)
	columns []*vec
	shared  []*vec
}

func (in *input) get(i int) (*vec, error) {
	if in.columns[i] == nil {
		v, err := in.column(i)
		if err != nil {
			return nil, err
		}
		in.columns[i] = v
	}
	return in.columns[i], nil
}

// shape returns the number of elements and the mask of a result over args.
func (in *input) shape(args ...*vec) (n, mask int) {
	for _, a := range args {
		if a.mask != 0 {
			return in.rows, -1
		}
	}
	return 1, 0
}

// result returns an empty vec over args, missing wherever one of them is, and its length.
func (in *input) result(typ valueType, args ...*vec) (*vec, int) {
	n, mask := in.shape(args...)
	v := &vec{typ: typ, mask: mask}
	for _, a := range args {
		if a.null == nil {
			continue
		}
		for i := range n {
			if a.isNull(i) {
				v.setNull(i, n)
			}
		}
	}
	return v, n
}

// rangeError says that a number leaves the 128 bits in which numbers are kept exactly.
type rangeError struct{ pos int }

func (e *rangeError) Error() string { return "a number leaves the range that can be kept exactly" }
