package features

import (
	"fmt"
	"slices"
	"time"

	"segovia/engine/quality"
	"segovia/kernels/problem"
)

func evalAt(s *sourcePlan, expr int, in *input) (*vec, error) {
	if expr < 0 {
		return nil, nil
	}
	return s.exprs[expr].eval(in)
}

// keyText returns the canonical key of row i; "" when it has none.
func keyText(keys *vec, i int) string {
	if keys.isNull(i) {
		return ""
	}
	if keys.typ == typeText {
		return keys.str[i&keys.mask]
	}
	return string(keys.appendText(nil, i&keys.mask))
}

// hashedValues are the hashes of an expression's values, as vec.hash returns them.
type hashedValues struct {
	valid  bool
	hashes []quality.Hash
	has    []bool
}

// hash returns the hashes of an expression's values for the rows of a batch; nil where expr is none.
func (w *worker) hash(s *sourcePlan, expr int, in *input, n int) (*hashedValues, error) {
	v, err := evalAt(s, expr, in)
	if v == nil || err != nil {
		return nil, err
	}
	h := &w.hashed[expr]
	if h.valid {
		return h, nil
	}
	h.valid, h.hashes, h.has = true, sized(h.hashes, n), sized(h.has, n)
	for i := range n {
		if i > 0 && v.sameAsBefore(i) {
			h.hashes[i], h.has[i] = h.hashes[i-1], h.has[i-1]
			continue
		}
		h.hashes[i], w.buf, h.has[i] = v.hash(w.buf, i)
	}
	return h, nil
}

// keysOf computes the key of each row that a state files its rows under; has is nil where every row has one.
func (w *worker) keysOf(s *sourcePlan, spec *stateSpec, times *vec, in *input, n int, texts *levelTexts) (keys []uint64, has []bool, err error) {
	keys = make([]uint64, n)
	if spec.by >= 0 {
		h, err := w.hash(s, spec.by, in, n)
		if err != nil {
			return nil, nil, err
		}
		if spec.part == keyHash {
			for i := range n {
				keys[i] = h.hashes[i].Lo
			}
			if slices.Contains(h.has[:n], false) {
				has = h.has
			}
			return keys, has, nil
		}
		return keys, nil, w.levelKeys(keys, h, s.exprs[spec.by], in, texts)
	}
	for i := range n {
		if times.isNull(i) {
			continue
		}
		t := times.tim[i&times.mask]
		switch spec.part {
		case keyDay:
			keys[i] = dayKey(t)
		case keyMonth:
			keys[i] = uint64(time.UnixMicro(t).UTC().Month())
		case keyQuarter:
			keys[i] = uint64(time.UnixMicro(t).UTC().Month()+2) / 3
		case keyHalf:
			keys[i] = 1
			if t >= spec.mid {
				keys[i] = 2
			}
		}
	}
	return keys, nil, nil
}

// levelKeys fills the keys of levels, 0 for rows without one, and remembers the levels' texts.
func (w *worker) levelKeys(keys []uint64, h *hashedValues, by *node, in *input, texts *levelTexts) error {
	var met [256]uint64 // levels that are remembered, by their low bits
	for i := range keys {
		if !h.has[i] {
			continue
		}
		key := max(h.hashes[i].Lo, 1)
		keys[i] = key
		if met[key%uint64(len(met))] == key {
			continue
		}
		met[key%uint64(len(met))] = key
		if texts.knows(key) {
			continue
		}
		v, err := by.eval(in)
		if err != nil {
			return err
		}
		w.buf = v.appendText(w.buf[:0], i&v.mask)
		if !texts.put(key, w.buf) {
			return &problem.Problem{ID: "SEG-FEA-003",
				What: fmt.Sprintf("a column used as a category has more than %d levels", maxLevels),
				Why:  "it looks like an identifier",
				Fix:  "Use another column for `by` or `mode`, or merge levels with an expression."}
		}
	}
	return nil
}
