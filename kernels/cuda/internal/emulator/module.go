package emulator

import (
	"strings"
)

// A module is a loaded text.
type module struct {
	lines     []string
	kernels   map[string]*kernel
	globals   map[string]*allocation
	constants []byte
	device    *Device
}

// loadModule decodes a text. All entries are decoded at once, so that what the emulator does not know is found here.
func (d *Device) loadModule(ptx string) (m *module, err error) {
	m = &module{lines: strings.Split(ptx, "\n"), kernels: map[string]*kernel{}, globals: map[string]*allocation{}, device: d}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*loadError)
			if !ok {
				panic(r)
			}
			m.unload()
			m, err = nil, e
		}
	}()
	u := parse(ptx)
	for _, v := range sortedVariables(u) {
		switch v.space {
		case "global":
			if v.count == 0 {
				reject(v.line, "variable %s is defined elsewhere", v.name)
			}
			a := d.memory.add(uint64(v.bytes()), v.name)
			clear(a.data) // variables without a value are zero
			copy(a.data, v.init)
			a.write(0, uint64(v.bytes()))
			m.globals[v.name] = a
		case "const":
			v.offset = (len(m.constants) + v.align - 1) / v.align * v.align
			m.constants = append(m.constants, make([]byte, v.offset+v.bytes()-len(m.constants))...)
			copy(m.constants[v.offset:], v.init)
		}
	}
	if len(m.constants) > 64<<10 {
		reject(0, "%d bytes of constants; 65536 are possible", len(m.constants))
	}
	for _, f := range u.entries {
		m.kernels[f.name] = m.build(u, f)
	}
	return m, nil
}

func (m *module) unload() {
	for _, a := range m.globals {
		m.device.memory.remove(a.base)
		a.data = nil
	}
}

// sortedVariables returns the variables in the order of the text.
func sortedVariables(u *unit) []*variable {
	list := make([]*variable, 0, len(u.variables))
	for _, v := range u.variables {
		list = append(list, v)
	}
	sortBy(list, func(v *variable) int { return v.line })
	return list
}
