package emulator

import (
	"fmt"
	"slices"
	"strings"
)

// A kernel is an entry, decoded.
type kernel struct {
	name       string
	module     *module
	code       []instruction
	rows       []lanes // the registers as a warp begins: constants filled in, the others with rubbish
	predicates int
	specials   []special
	dynamic    []int32 // rows that hold the address of the dynamic shared memory
	params     []param
	paramBytes int
	static     int // bytes of static shared memory; the dynamic part starts there, aligned to 16
	sharedVars []sharedVar
	localBytes int
	callBytes  int
	maxThreads int
	granule    uint // log2 of the bytes a cell of the race check has
	fences     bool
	zero       int32 // a row of zeros
	allowed    int   // dynamic shared memory that AllowShared has granted
}

type (
	special struct {
		row  int32
		name string
	}
	param     struct{ offset, size int }
	sharedVar struct {
		name         string
		offset, size int
	}
)

// callParams is where the parameters of calls begin in the param space.
const callParams = 1 << 20

// defaultShared is the shared memory that a block has without AllowShared.
const defaultShared = 48 << 10

// granted is the dynamic shared memory that a block may have.
func (k *kernel) granted() int {
	if k.allowed < 0 {
		return defaultShared - k.dynamicBase()
	}
	return k.allowed
}

// source returns the text of a line of the module.
func (k *kernel) source(line int32) string {
	if i := int(line) - 1; i >= 0 && i < len(k.module.lines) {
		return strings.TrimSpace(k.module.lines[i])
	}
	return ""
}

// sharedName names the shared variable at an offset.
func (k *kernel) sharedName(off uint64) string {
	for _, v := range k.sharedVars {
		if off >= uint64(v.offset) && off < uint64(v.offset+v.size) {
			return fmt.Sprintf("%s+%d", v.name, off-uint64(v.offset))
		}
	}
	return fmt.Sprintf("dynamic+%d", int64(off)-int64(k.dynamicBase()))
}

func (k *kernel) dynamicBase() int { return (k.static + 15) &^ 15 }

// A binding is what a name in a body stands for.
type binding struct {
	kind   byte // 'r' register, 'p' predicate, 's' shared, 'd' dynamic shared, 'l' local, 'a' parameter
	index  int32
	typ    dataType
	count  int // of a family: registers index to index+count-1
	offset int
	size   int
}

// A builder decodes one kernel. Functions are put in the place of their calls: each call has registers and memory of its own.
type builder struct {
	k        *kernel
	unit     *unit
	scopes   []map[string]*binding
	families []map[string]*binding // %r<n>, by the name without the number, in the scopes
	labels   []map[string]int32    // of functions being built, innermost last
	fixes    [][]fix
	returns  [][]int // jumps of ret in functions put in place
	calls    []string
	consts   map[uint64]int32
	special  map[string]int32
	targets  []map[string][]string
	stmt     *stmt
	narrow   bool // shared memory is accessed in less than 4 bytes
	sink     int32
}

// A fix is a jump whose label comes later.
type fix struct {
	at    int
	entry int // of a table, or -1
	label string
	line  int
}

// build decodes an entry.
func (m *module) build(u *unit, f *function) *kernel {
	b := &builder{k: &kernel{name: f.name, module: m, maxThreads: f.maxThreads, allowed: -1}, unit: u, consts: map[uint64]int32{}, special: map[string]int32{}, sink: -1}
	b.open()
	for _, p := range f.params {
		off := (b.k.paramBytes + p.align - 1) / p.align * p.align
		b.scopes[0][p.name] = &binding{kind: 'a', offset: off, size: p.bytes(), typ: p.typ}
		b.k.params = append(b.k.params, param{off, p.bytes()})
		b.k.paramBytes = off + p.bytes()
	}
	b.k.zero = b.constant(0)
	b.function(f)
	b.emit(instruction{flow: leave, guard: -1, line: int32(f.line)})
	b.close()
	if !b.narrow {
		b.k.granule = 2
	}
	return b.k
}

func (b *builder) open() {
	b.scopes = append(b.scopes, map[string]*binding{})
	b.families = append(b.families, map[string]*binding{})
}

func (b *builder) close() {
	b.scopes = b.scopes[:len(b.scopes)-1]
	b.families = b.families[:len(b.families)-1]
}

func (b *builder) emit(in instruction) int {
	b.k.code = append(b.k.code, in)
	return len(b.k.code) - 1
}

// function decodes a body into the place where it is called, or as the kernel itself.
func (b *builder) function(f *function) {
	b.calls = append(b.calls, f.name)
	b.labels = append(b.labels, map[string]int32{})
	b.fixes = append(b.fixes, nil)
	b.returns = append(b.returns, nil)
	b.targets = append(b.targets, map[string][]string{})
	top := len(b.labels) - 1
	for _, it := range f.body {
		if it.targets != nil {
			b.targets[top][it.label] = it.targets
		}
	}
	for _, it := range f.body {
		switch {
		case it.scope == '{':
			b.open()
		case it.scope == '}':
			b.close()
		case it.variable != nil:
			b.declare(it.variable)
		case it.targets != nil:
		case it.label != "":
			if _, twice := b.labels[top][it.label]; twice {
				reject(it.line, "label %s stands twice", it.label)
			}
			b.labels[top][it.label] = int32(len(b.k.code))
		default:
			b.stmt = it.stmt
			b.decode(it.stmt)
		}
	}
	for _, fx := range b.fixes[top] {
		at, ok := b.labels[top][fx.label]
		if !ok {
			reject(fx.line, "no label %s", fx.label)
		}
		if fx.entry >= 0 {
			b.k.code[fx.at].targets[fx.entry] = at
		} else {
			b.k.code[fx.at].target = at
		}
	}
	for _, at := range b.returns[top] {
		b.k.code[at].target = int32(len(b.k.code))
	}
	b.calls = b.calls[:top]
	b.labels, b.fixes, b.returns, b.targets = b.labels[:top], b.fixes[:top], b.returns[:top], b.targets[:top]
}

// declare makes room for registers and variables of a body.
func (b *builder) declare(v *variable) {
	scope := b.scopes[len(b.scopes)-1]
	switch v.space {
	case "reg":
		n := max(v.count1, 1)
		bind := &binding{kind: 'r', typ: v.typ, count: n}
		if v.typ.kind == 'p' {
			bind.kind, bind.index = 'p', int32(b.k.predicates)
			b.k.predicates += n
		} else {
			bind.index = int32(len(b.k.rows))
			for range n {
				b.newRow(0xdeadbeefdeadbeef & v.typ.mask())
			}
		}
		if v.count1 > 0 {
			b.families[len(b.families)-1][v.name] = bind
		} else {
			scope[v.name] = bind
		}
	case "shared":
		scope[v.name] = b.shared(v)
	case "local":
		b.k.localBytes = (b.k.localBytes + v.align - 1) / v.align * v.align
		scope[v.name] = &binding{kind: 'l', offset: b.k.localBytes, size: v.bytes()}
		b.k.localBytes += v.bytes()
	case "param":
		b.k.callBytes = (b.k.callBytes + v.align - 1) / v.align * v.align
		scope[v.name] = &binding{kind: 'a', offset: callParams + b.k.callBytes, size: v.bytes(), typ: v.typ}
		b.k.callBytes += v.bytes()
	default:
		reject(v.line, "a variable of .%s within a function", v.space)
	}
}

func (b *builder) shared(v *variable) *binding {
	if v.count == 0 {
		return &binding{kind: 'd'}
	}
	if v.init != nil {
		reject(v.line, "shared memory with an initial value")
	}
	b.k.static = (b.k.static + v.align - 1) / v.align * v.align
	bind := &binding{kind: 's', offset: b.k.static, size: v.bytes()}
	b.k.sharedVars = append(b.k.sharedVars, sharedVar{v.name, b.k.static, v.bytes()})
	b.k.static += v.bytes()
	return bind
}

// lookup returns what a name stands for, or nil.
func (b *builder) lookup(name string) *binding {
	base := strings.TrimRight(name, "0123456789")
	for i := len(b.scopes) - 1; i >= 0; i-- {
		if bind := b.scopes[i][name]; bind != nil {
			return bind
		}
		if fam := b.families[i][base]; fam != nil && base != name {
			n := 0
			if _, err := fmt.Sscanf(name[len(base):], "%d", &n); err != nil || n >= fam.count {
				return nil
			}
			return &binding{kind: fam.kind, index: fam.index + int32(n), typ: fam.typ}
		}
	}
	if v := b.unit.variables[name]; v != nil && v.space == "shared" {
		bind := b.shared(v)
		b.scopes[0][name] = bind // shared by all that use the name
		return bind
	}
	return nil
}

func (b *builder) newRow(fill uint64) int32 {
	if len(b.k.rows) >= 1<<20 {
		b.fail("too many registers")
	}
	var r lanes
	for l := range r {
		r[l] = fill
	}
	b.k.rows = append(b.k.rows, r)
	return int32(len(b.k.rows) - 1)
}

// constant returns the row that holds v in all lanes.
func (b *builder) constant(v uint64) int32 {
	row, ok := b.consts[v]
	if !ok {
		row = b.newRow(v)
		b.consts[v] = row
	}
	return row
}

func (b *builder) fail(format string, args ...any) {
	reject(b.stmt.line, "%s: %s", b.stmt, fmt.Sprintf(format, args...))
}

// arg returns the n-th operand.
func (b *builder) arg(n int) arg {
	if n >= len(b.stmt.args) {
		b.fail("operand %d is missing", n+1)
	}
	return b.stmt.args[n]
}

func (b *builder) operands(n ...int) {
	if !slices.Contains(n, len(b.stmt.args)) {
		b.fail("%d operands", len(b.stmt.args))
	}
}

// source returns the row of operand n, which must have the width of t.
func (b *builder) source(n int, t dataType) int32 { return b.sourceArg(b.arg(n), t) }

func (b *builder) sourceArg(a arg, t dataType) int32 {
	if a.kind == 'i' {
		return b.constant(a.imm.as(b.stmt.line, t))
	}
	if a.kind != 'n' || a.not {
		b.fail("an operand is no register or constant")
	}
	if row, ok := b.specialRow(a.name); ok {
		return row
	}
	if bind := b.lookup(a.name); bind != nil && bind.kind == 'r' {
		if bind.typ.bits != t.bits {
			b.fail("%s has %d bits where %d are wanted", a.name, bind.typ.bits, t.bits)
		}
		return bind.index
	}
	if b.stmt.op != "mov" && b.stmt.op != "cvta" && (b.lookup(a.name) != nil || b.unit.variables[a.name] != nil) {
		b.fail("%s is no register", a.name)
	}
	return b.addressOf(a)
}

// addressOf returns the row that holds the address of a variable in its space.
func (b *builder) addressOf(a arg) int32 {
	bind := b.lookup(a.name)
	if bind == nil {
		v := b.unit.variables[a.name]
		if v == nil {
			b.fail("unknown name %s", a.name)
		}
		switch v.space {
		case "global":
			return b.constant(b.k.module.globals[a.name].base + uint64(a.off))
		default:
			return b.constant(uint64(v.offset) + uint64(a.off))
		}
	}
	switch bind.kind {
	case 's', 'l', 'a':
		return b.constant(uint64(bind.offset) + uint64(a.off))
	case 'd':
		if a.off != 0 {
			b.fail("an offset to the dynamic shared memory here")
		}
		if len(b.k.dynamic) == 0 {
			b.k.dynamic = append(b.k.dynamic, b.newRow(0))
		}
		return b.k.dynamic[0]
	}
	b.fail("%s is a register of another kind", a.name)
	return 0
}

// dest returns the row of operand n, which is written and has the width of t.
func (b *builder) dest(n int, t dataType) int32 { return b.destArg(b.arg(n), t) }

func (b *builder) destArg(a arg, t dataType) int32 {
	if a.kind == 'n' && a.name == "_" {
		if b.sink < 0 {
			b.sink = b.newRow(0)
		}
		return b.sink
	}
	bind := (*binding)(nil)
	if a.kind == 'n' {
		bind = b.lookup(a.name)
	}
	if bind == nil || bind.kind != 'r' {
		b.fail("the destination %q is no register", a.name)
	}
	if bind.typ.bits != t.bits {
		b.fail("%s has %d bits where %d are wanted", a.name, bind.typ.bits, t.bits)
	}
	return bind.index
}

// wide returns the row and width of a register that may be wider than the type: of ld, st and cvt.
func (b *builder) wide(a arg, t dataType) (int32, int) {
	if a.kind == 'n' && a.name != "_" {
		if bind := b.lookup(a.name); bind != nil && bind.kind == 'r' {
			if bind.typ.bits < t.bits {
				b.fail("%s has %d bits where %d are wanted", a.name, bind.typ.bits, t.bits)
			}
			return bind.index, bind.typ.bits
		}
	}
	return -1, 0
}

// predicate returns the index of a predicate and whether it is negated.
func (b *builder) predicate(a arg) (int16, bool) {
	if bind := b.lookup(a.name); a.kind == 'n' && bind != nil && bind.kind == 'p' {
		return int16(bind.index), a.not
	}
	b.fail("%q is no predicate", a.name)
	return 0, false
}

// address decodes [base+offset] for a state space.
func (b *builder) address(a arg, space string) ref {
	if a.kind != 'a' {
		b.fail("an operand in brackets is wanted")
	}
	in := a.list[0]
	r := ref{space: space}
	if in.kind == 'i' {
		r.row = b.constant(in.imm.as(b.stmt.line, b64))
		return r
	}
	r.offset = uint64(in.off)
	if bind := b.lookup(in.name); bind != nil && bind.kind == 'r' {
		r.row, r.narrow = bind.index, bind.typ.bits == 32
		if r.narrow && space != "shared" && space != "local" && space != "const" && space != "param" {
			b.fail("an address of 32 bits in global memory")
		}
		return r
	}
	in.off = 0
	r.row = b.addressOf(in)
	return r
}
