package features

import (
	"math/big"

	"github.com/expr-lang/expr/ast"
)

// arithmetic is exact for + - *; a quotient has floatScale decimals, rounded half to even, and is missing where the
// divisor is 0.
func (c *compiler) arithmetic(x *ast.BinaryNode, a, b *node) (*node, *exprError) {
	pos := c.tree.position(x)
	if c.env.floats {
		var op func(p, q float64) float64
		switch x.Operator {
		case "+":
			op = func(p, q float64) float64 { return p + q }
		case "-":
			op = func(p, q float64) float64 { return p - q }
		case "*":
			op = func(p, q float64) float64 { return float64(p * q) }
		default:
			op = func(p, q float64) float64 { return p / q } // 0 in q: not finite, so missing
		}
		return numeric2(a, b, 0, pos, nil, op), nil
	}
	scale := max(a.scale, b.scale)
	upA, upB := scale-a.scale, scale-b.scale
	var op func(p, q i128) (i128, bool, bool)
	switch x.Operator {
	case "+", "-":
		minus := x.Operator == "-"
		op = func(p, q i128) (i128, bool, bool) {
			p, ok1 := p.rescale(0, upA)
			q, ok2 := q.rescale(0, upB)
			if minus {
				q = q.neg()
			}
			r, ok3 := p.add(q)
			return r, true, ok1 && ok2 && ok3
		}
	case "*":
		scale = a.scale + b.scale
		op = func(p, q i128) (i128, bool, bool) {
			r, ok := p.mul(q)
			return r, true, ok
		}
	default:
		scale = floatScale
		shift := floatScale + b.scale - a.scale
		op = func(p, q i128) (i128, bool, bool) {
			if q.sign() == 0 {
				return i128{}, false, true
			}
			n, d := p.big(), q.big()
			f := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
			if shift >= 0 {
				n.Mul(n, f)
			} else {
				d.Mul(d, f)
			}
			r, ok := quoRound(n, d, 'e')
			return r, true, ok
		}
	}
	if scale > maxScale {
		return nil, c.fail(x, "the product would need %d decimals; at most %d are kept exactly: round() a factor first", scale, maxScale)
	}
	return numeric2(a, b, scale, pos, op, nil), nil
}

// numeric1 applies a function to numbers; a result that is not finite is missing.
func (c *compiler) numeric1(a *node, scale, pos int, dec func(i128) (i128, bool), flt func(float64) float64) *node {
	return &node{typ: typeNumber, scale: scale, eval: func(in *input) (*vec, error) {
		v, err := a.eval(in)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeNumber, v)
		r.scale = scale
		if v.flt != nil {
			r.flt = make([]float64, n)
			for i := range n {
				r.flt[i] = flt(v.flt[i&v.mask])
				if !finite(r.flt[i]) {
					r.setNull(i, n)
				}
			}
			return r, nil
		}
		r.dec = make([]i128, n)
		for i := range n {
			var ok bool
			if r.dec[i], ok = dec(v.dec[i&v.mask]); !ok && !r.isNull(i) {
				return nil, &rangeError{pos}
			}
		}
		return r, nil
	}}
}

// numeric2 applies a function of two numbers. dec returns the value, whether there is one, and whether it is in range.
func numeric2(a, b *node, scale, pos int, dec func(p, q i128) (i128, bool, bool), flt func(p, q float64) float64) *node {
	return &node{typ: typeNumber, scale: scale, eval: func(in *input) (*vec, error) {
		v, w, err := both(in, a, b)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeNumber, v, w)
		r.scale = scale
		if flt != nil {
			r.flt = make([]float64, n)
			for i := range n {
				r.flt[i] = flt(v.flt[i&v.mask], w.flt[i&w.mask])
				if !finite(r.flt[i]) {
					r.setNull(i, n)
				}
			}
			return r, nil
		}
		r.dec = make([]i128, n)
		for i := range n {
			if r.isNull(i) {
				continue
			}
			value, is, ok := dec(v.dec[i&v.mask], w.dec[i&w.mask])
			if !ok {
				return nil, &rangeError{pos}
			}
			if !is {
				r.setNull(i, n)
			}
			r.dec[i] = value
		}
		return r, nil
	}}
}
