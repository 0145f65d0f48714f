package csvio

import (
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is a cell in a file; the zero place is none.
type place struct {
	file   string
	line   int64
	column int    // in characters, of the physical line
	cell   string // only with Options.ShowValues
}

func (p place) or(q place) place {
	if p.line > 0 {
		return p
	}
	return q
}

// digitsSeen is the room that the numbers of a column need.
type digitsSeen struct {
	integer, decimals int
	over              bool // an integer beyond int64
}

func (d *digitsSeen) widen(o digitsSeen) {
	d.integer = max(d.integer, o.integer)
	d.decimals = max(d.decimals, o.decimals)
	d.over = d.over || o.over
}

// evidence is what all cells of a column say about its type, without deciding. It adds up over files, in any grouping.
type evidence struct {
	name         string
	text         bool  // named in Options.Text
	cells, nulls int64 // with a value; without
	minWidth     int   // characters, of cells with a value
	maxWidth     int
	notNumber    place // the first cell that is no number

	// Numbers. Cells whose style is declared by the options, or that have no separator, need no decision: their room is in
	// sure.
	numbers      int64 // all but padded ones
	padded       int64
	firstPadded  place
	exponents    int64
	firstExp     place
	overflow     place // beyond float64
	sure         digitsSeen
	in           [3]digitsSeen // by style, of the cells that have one or are ambiguous
	only         [3]int64      // by style: cells that can have no other
	firstOnly    [3]place
	ambiguous    int64
	ambiguousAt  []place // the first few
	dot, comma   bool    // separators of the ambiguous cells
	against      int64   // cells that contradict the declared style
	firstAgainst place

	// Dates.
	dateLike       int64 // cells with the shape of a date
	near           int64 // those whose parts could be day, month and year
	declared       int64 // those in the declared style
	byShape        [shapes]int64
	firstShape     [shapes]place
	order          [2]int64 // open shapes: valid only as day-month, only as month-day
	firstOrder     [2]place
	unordered      int64 // valid in both orders, as different days
	firstUnordered place
	invalid        int64
	firstInvalid   place
	clocks         [2]int64 // with a time, without and with a zone
	firstClock     [2]place
	seconds        bool
	mixed          place // a date in another than the declared style, in a file that has that too
	// Eight digits, which are dates only where something says so.
	eight       int64
	eightNear   int64
	eightBad    int64
	firstEight  place
	firstBad8   place
	eightWanted bool

	words         [words]int64
	artefacts     map[string]int64
	artefactCells int64
	firstArtefact place
	other         int64 // free text
	firstOf       [kinds]string
}

// saysDate reports whether a word of a column's name ends in date or datum. Words end at everything that is no letter
// and where a capital follows a small letter.
func saysDate(name string) bool {
	ends := func(word []rune) bool {
		w := strings.ToLower(string(word))
		return strings.HasSuffix(w, "date") || strings.HasSuffix(w, "datum")
	}
	var word []rune
	for _, c := range name {
		if !unicode.IsLetter(c) || unicode.IsUpper(c) && len(word) > 0 && unicode.IsLower(word[len(word)-1]) {
			if ends(word) {
				return true
			}
			word = word[:0]
		}
		word = append(word, c)
	}
	return ends(word)
}

const maxPlaces = 5

// here is the place of field i of the current row.
func here(f *file, i int) place {
	p := place{file: f.name, line: f.fieldLine(i), column: f.column(f.fields[i].beg)}
	if f.d.opt.ShowValues {
		cell := f.cell(i)
		p.cell = string(cell[:min(len(cell), 80)])
	}
	return p
}

// add takes field i of f's current row; cell is not empty and has no blanks around, raw is as written.
func (e *evidence) add(cell, raw []byte, f *file, i int) {
	e.cells++
	w := utf8.RuneCount(raw)
	if w > e.maxWidth {
		e.maxWidth = w
	}
	if w < e.minWidth || e.cells == 1 {
		e.minWidth = w
	}
	switch c := cell[0]; {
	case c-'0' <= 9 || c == '-' || c == '+' || c == '.' || c == ',':
		if n, ok := lexNumber(cell); ok {
			e.number(&n, cell, f, i)
			return
		}
		if d, ok := lexDate(cell, f.d.dates != nil && f.d.dates.shape >= shapeDotYY); ok {
			e.date(&d, f, i)
			e.notNumberAt(f, i)
			return
		}
	default:
		if w, ok := lexWord(cell); ok {
			e.words[w]++
			e.notNumberAt(f, i)
			return
		}
	}
	e.notNumberAt(f, i)
	if name, ok := lexArtefact(cell); ok {
		if e.artefactCells++; e.artefactCells == 1 {
			e.firstArtefact = here(f, i)
			e.artefacts = map[string]int64{}
		}
		e.artefacts[name]++
		return
	}
	e.other++
}

func (e *evidence) notNumberAt(f *file, i int) {
	if e.notNumber.line == 0 {
		e.notNumber = here(f, i)
	}
}

func (e *evidence) number(n *number, cell []byte, f *file, i int) {
	if len(cell) == 8 && n.only == styleNone && n.ambiguous == 0 && !n.exponent && cell[0]-'0' <= 9 {
		e.eightDigits(cell, f, i)
	}
	if n.padded {
		if e.padded++; e.padded == 1 {
			e.firstPadded = here(f, i)
		}
		e.notNumberAt(f, i)
		return
	}
	e.numbers++
	if n.exponent || n.intDigits > 300 {
		if _, ok := parseFloat(cell, max(n.only, styleEN)); !ok && e.overflow.line == 0 {
			e.overflow = here(f, i)
		}
	}
	if n.exponent {
		if e.exponents++; e.exponents == 1 {
			e.firstExp = here(f, i)
		}
	}
	declared := f.d.numbers
	if n.only == styleNone && n.ambiguous == 0 {
		e.sure.widen(digitsOf(n, cell, styleEN))
		return
	}
	if declared != styleNone {
		if n.fits(declared) {
			e.sure.widen(digitsOf(n, cell, declared))
		} else if e.against++; e.against == 1 {
			e.firstAgainst = here(f, i)
		}
		return
	}
	for s := styleEN; s <= styleDE; s++ {
		if n.fits(s) {
			e.in[s].widen(digitsOf(n, cell, s))
		}
	}
	if n.ambiguous != 0 {
		if e.ambiguous++; len(e.ambiguousAt) < maxPlaces {
			e.ambiguousAt = append(e.ambiguousAt, here(f, i))
		}
		e.dot = e.dot || n.ambiguous == '.'
		e.comma = e.comma || n.ambiguous == ','
		return
	}
	if e.only[n.only]++; e.only[n.only] == 1 {
		e.firstOnly[n.only] = here(f, i)
	}
}

// digitsOf is the room that one number needs in style s.
func digitsOf(n *number, cell []byte, s style) digitsSeen {
	integer, decimals := n.digitsIn(s)
	d := digitsSeen{integer: integer, decimals: decimals}
	if integer >= 19 && decimals == 0 && !n.exponent {
		_, ok := parseInt(cell)
		d.over = !ok
	}
	return d
}

func (e *evidence) eightDigits(cell []byte, f *file, i int) {
	d, _ := lexDate(cell, false)
	if e.eight++; e.eight == 1 {
		e.firstEight = here(f, i)
	}
	// Closer than for written-out dates, because any eight digits come this way.
	if d.year >= 1900 && d.year <= 2199 && d.near() {
		e.eightNear++
	}
	if !d.valid(false) {
		if e.eightBad++; e.eightBad == 1 {
			e.firstBad8 = here(f, i)
		}
	}
}

func (e *evidence) date(d *date, f *file, i int) {
	e.dateLike++
	if d.near() {
		e.near++
	}
	if d.timed {
		z := 0
		if d.zoned {
			z = 1
		}
		if e.clocks[z]++; e.clocks[z] == 1 {
			e.firstClock[z] = here(f, i)
		}
		e.seconds = e.seconds || d.seconds
	}
	valid, settled := false, f.d.dates != nil && f.d.dates.shape == d.shape
	switch {
	case settled:
		e.declared++
		valid = d.valid(f.d.dates.monthFirst)
	case !d.shape.open():
		valid = d.valid(false)
	default:
		dm, md := d.valid(false), d.valid(true)
		valid = dm || md
		switch {
		case dm && md && d.a != d.b:
			if e.unordered++; e.unordered == 1 {
				e.firstUnordered = here(f, i)
			}
		case dm != md:
			o := 0
			if md {
				o = 1
			}
			if e.order[o]++; e.order[o] == 1 {
				e.firstOrder[o] = here(f, i)
			}
		}
	}
	if !settled {
		if e.byShape[d.shape]++; e.byShape[d.shape] == 1 {
			e.firstShape[d.shape] = here(f, i)
		}
	}
	if !valid {
		if e.invalid++; e.invalid == 1 {
			e.firstInvalid = here(f, i)
		}
	}
}

// closeFile notes what only holds within one file: whether it mixes the declared date style with others, and which kind
// of column it would make alone.
func (e *evidence) closeFile(f *file) {
	if e.declared > 0 {
		for s := range e.byShape {
			e.mixed = e.mixed.or(e.firstShape[s])
		}
	}
	if e.cells > 0 {
		e.firstOf[e.decide().kind] = f.name
	}
}

// merge adds the evidence of the same column in other files.
func (e *evidence) merge(o *evidence) {
	if o.cells > 0 && (e.cells == 0 || o.minWidth < e.minWidth) {
		e.minWidth = o.minWidth
	}
	e.maxWidth = max(e.maxWidth, o.maxWidth)
	e.text = e.text || o.text
	e.eightWanted = e.eightWanted || o.eightWanted
	e.seconds = e.seconds || o.seconds
	e.dot = e.dot || o.dot
	e.comma = e.comma || o.comma
	for _, n := range [][2]*int64{
		{&e.cells, &o.cells}, {&e.nulls, &o.nulls}, {&e.numbers, &o.numbers}, {&e.padded, &o.padded},
		{&e.exponents, &o.exponents},
		{&e.ambiguous, &o.ambiguous}, {&e.against, &o.against}, {&e.dateLike, &o.dateLike}, {&e.near, &o.near},
		{&e.declared, &o.declared},
		{&e.unordered, &o.unordered}, {&e.invalid, &o.invalid}, {&e.eight, &o.eight}, {&e.eightNear, &o.eightNear},
		{&e.eightBad, &o.eightBad},
		{&e.artefactCells, &o.artefactCells}, {&e.other, &o.other}, {&e.order[0], &o.order[0]}, {&e.order[1], &o.order[1]},
		{&e.clocks[0], &o.clocks[0]}, {&e.clocks[1], &o.clocks[1]},
	} {
		*n[0] += *n[1]
	}
	for _, p := range [][2]*place{
		{&e.notNumber, &o.notNumber}, {&e.firstPadded, &o.firstPadded}, {&e.firstExp, &o.firstExp},
		{&e.overflow, &o.overflow},
		{&e.firstAgainst, &o.firstAgainst}, {&e.firstUnordered, &o.firstUnordered}, {&e.firstInvalid, &o.firstInvalid},
		{&e.mixed, &o.mixed},
		{&e.firstEight, &o.firstEight}, {&e.firstBad8, &o.firstBad8}, {&e.firstArtefact, &o.firstArtefact},
		{&e.firstOrder[0], &o.firstOrder[0]}, {&e.firstOrder[1], &o.firstOrder[1]},
		{&e.firstClock[0], &o.firstClock[0]}, {&e.firstClock[1], &o.firstClock[1]},
	} {
		*p[0] = p[0].or(*p[1])
	}
	e.sure.widen(o.sure)
	for s := range e.in {
		e.in[s].widen(o.in[s])
		e.only[s] += o.only[s]
		e.firstOnly[s] = e.firstOnly[s].or(o.firstOnly[s])
	}
	for s := range e.byShape {
		e.byShape[s] += o.byShape[s]
		e.firstShape[s] = e.firstShape[s].or(o.firstShape[s])
	}
	for w := range e.words {
		e.words[w] += o.words[w]
	}
	for k := range e.firstOf {
		if e.firstOf[k] == "" {
			e.firstOf[k] = o.firstOf[k]
		}
	}
	for _, p := range o.ambiguousAt {
		if len(e.ambiguousAt) < maxPlaces {
			e.ambiguousAt = append(e.ambiguousAt, p)
		}
	}
	if e.artefacts == nil {
		e.artefacts = maps.Clone(o.artefacts)
	} else {
		for t, n := range o.artefacts {
			e.artefacts[t] += n
		}
	}
}
