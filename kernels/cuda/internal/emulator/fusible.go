package emulator

import "fmt"

// Fusible lists the additions whose operand is a product where neither names its rounding: NVIDIA's compiler may make an fma of
// the two, with another last bit, and the emulator does not. Text compiled with -fmad=false has none.
func Fusible(ptx string) (list []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*loadError)
			if !ok {
				panic(r)
			}
			list, err = nil, e
		}
	}()
	u := parse(ptx)
	for _, name := range sorted(u.functions) {
		products := map[string]int{}
		for _, it := range u.functions[name].body {
			if s := it.stmt; s != nil && s.op == "mul" && unrounded(s) {
				products[s.args[0].name] = s.line
			}
		}
		for _, it := range u.functions[name].body {
			s := it.stmt
			if s == nil || s.op != "add" && s.op != "sub" || !unrounded(s) {
				continue
			}
			for _, a := range s.args[1:] {
				if line, ok := products[a.name]; ok {
					list = append(list, fmt.Sprintf("%s: line %d: %s of the product of line %d", name, s.line, s, line))
					break
				}
			}
		}
	}
	return list, nil
}

// unrounded reports whether an instruction of floating point leaves its rounding to the compiler.
func unrounded(s *stmt) bool {
	if len(s.mods) == 0 || len(s.args) < 3 {
		return false
	}
	for _, m := range s.mods {
		if m == "rn" || m == "rz" || m == "rm" || m == "rp" {
			return false
		}
	}
	t := s.mods[len(s.mods)-1]
	return t == "f32" || t == "f64"
}
