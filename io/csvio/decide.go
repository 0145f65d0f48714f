package csvio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"segovia/kernels/problem"
)

// kind is the type of a column as the reader sees it.
type kind uint8

const (
	kindText kind = iota
	kindBool
	kindInt
	kindDecimal
	kindFloat
	kindTime
	kinds
)

func (k kind) number() bool { return k == kindInt || k == kindDecimal || k == kindFloat }

func (k kind) String() string {
	return [...]string{"text", "yes/no", "number", "number", "number", "date"}[k]
}

// decision is what the evidence comes to. With a problem the kind stands, but the column cannot be read.
type decision struct {
	kind    kind
	scale   int
	style   style
	date    dateStyle
	words   pair
	problem *problem.Problem
}

// decide applies the rules of the package comment.
func (e *evidence) decide() decision {
	if e.text || e.cells == 0 {
		return decision{kind: kindText}
	}
	for _, p := range pairs {
		no, yes := e.words[p.no], e.words[p.yes]
		if no+yes == e.cells && (p.clear || no > 0 && yes > 0) {
			return decision{kind: kindBool, words: p}
		}
	}
	like, near := e.dateLike, e.near
	if e.eightIsDate() {
		like += e.eight
		near += e.eightNear
	}
	switch {
	case like > 0 && like+e.artefactCells == e.cells && 2*near >= e.cells:
		return e.decideDate()
	case e.numbers > 0 && e.numbers+e.artefactCells == e.cells && 2*e.numbers >= e.cells:
		return e.decideNumber()
	}
	d := decision{kind: kindText}
	d.problem = e.disagreement()
	return d
}

// disagreement is for a column that is text only because some files make it one thing and others another.
func (e *evidence) disagreement() *problem.Problem {
	if e.firstOf[kindText] != "" {
		return nil
	}
	var parts []string
	var last kind
	for k, file := range e.firstOf {
		if file == "" || kind(k).number() && last.number() {
			continue
		}
		last = kind(k)
		parts = append(parts, fmt.Sprintf("%s in %s", last, file))
	}
	if len(parts) < 2 {
		return nil
	}
	return &problem.Problem{
		ID:    "SEG-SCH-001",
		What:  fmt.Sprintf("column %q has another type in each file: %s", e.name, strings.Join(parts, ", ")),
		Place: fmt.Sprintf("column %q", e.name), Why: "the files of one source are read as one table",
		Fix: "repair the files, rename one of the columns, or give the files as sources of their own",
	}
}

func (e *evidence) problem(id string, at place, what, why, fix string) *problem.Problem {
	return &problem.Problem{
		ID: id, What: what, File: at.file, Line: int(at.line), Column: at.column, Place: fmt.Sprintf("column %q", e.name),
		Why: why, Fix: fix, Values: at.cell,
	}
}

func (e *evidence) decideNumber() decision {
	d := decision{kind: kindInt}
	switch {
	case e.only[styleDE] > 0 && e.only[styleEN] == 0:
		d.style = styleDE
	case e.only[styleEN] > 0:
		d.style = styleEN
	}
	room := e.sure
	room.widen(e.in[d.style])
	switch {
	case e.exponents > 0 || room.integer+room.decimals > 38:
		d.kind = kindFloat
	case room.decimals > 0 || room.over:
		d.kind, d.scale = kindDecimal, room.decimals
	}
	switch {
	case e.artefactCells > 0:
		d.problem = e.artefactProblem("SEG-NUM-001", "numbers", e.numbers)
	case e.against > 0:
		d.problem = e.problem("SEG-CSV-005", e.firstAgainst,
			fmt.Sprintf("column %q: %s not in the number style that is set", e.name, are(e.against, "cell")),
			"`numbers: de` reads 1.234,5 and `numbers: en` reads 1,234.5; these cells only fit the other one",
			"set the right `numbers` for the file, leave it out, or keep the column as text")
	case e.only[styleDE] > 0 && e.only[styleEN] > 0:
		d.problem = e.problem("SEG-CSV-005", later(e.firstOnly[styleDE], e.firstOnly[styleEN]),
			fmt.Sprintf("column %q mixes two number styles", e.name),
			fmt.Sprintf("%s surely English, like 1,234.56 (first in %s), %s surely German, like 1.234,56 (first in %s)",
				are(e.only[styleEN], "cell"), e.firstOnly[styleEN].where(), are(e.only[styleDE], "cell"),
				e.firstOnly[styleDE].where()),
			"repair the export; if whole files differ, list them apart and set `numbers: de|en` for each")
	case e.ambiguous > 0 && d.style == styleNone:
		d.problem = e.ambiguousNumbers()
	case e.overflow.line > 0:
		d.problem = e.problem("SEG-NUM-002", e.overflow, fmt.Sprintf("column %q has a number beyond 1.8e308", e.name),
			"no floating point number is that large", "repair the cell")
	}
	return d
}

// are gives "1 cell is" and "2 cells are".
func are(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return fmt.Sprintf("%d %ss are", n, noun)
}

// later is the place where a contradiction shows: the second of two in the same file, else b.
func later(a, b place) place {
	if a.file == b.file && a.line > b.line {
		return a
	}
	return b
}

func (p place) where() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

func (e *evidence) ambiguousNumbers() *problem.Problem {
	why := "1.234 may mean 1234 (German, the dot groups thousands) or 1 and 234 thousandths (English, the dot starts " +
		"the decimals)"
	if !e.dot {
		why = "1,234 may mean 1234 (English, the comma groups thousands) or 1 and 234 thousandths (German, the comma " +
			"starts the decimals)"
	}
	var lines []string
	for _, p := range e.ambiguousAt {
		if p.file == e.ambiguousAt[0].file {
			lines = append(lines, fmt.Sprint(p.line))
		}
	}
	why += fmt.Sprintf("; no other value of the column decides; %d such %s, first in %s %s of %s", e.ambiguous,
		plural(int(e.ambiguous), "cell"), plural(len(lines), "line"), strings.Join(lines, ", "), e.ambiguousAt[0].file)
	return e.problem("SEG-CSV-004", e.ambiguousAt[0], fmt.Sprintf("column %q: ambiguous numbers", e.name), why,
		"set `numbers: de|en` under `csv` of the source")
}

// artefactProblem names the tokens that stand where a value of the column should be.
func (e *evidence) artefactProblem(id, what string, good int64) *problem.Problem {
	var tokens []string
	for t := range e.artefacts {
		tokens = append(tokens, t)
	}
	slices.SortFunc(tokens, func(a, b string) int {
		return cmp.Or(cmp.Compare(e.artefacts[b], e.artefacts[a]), cmp.Compare(a, b))
	})
	var counts, nulls []string
	for _, t := range tokens {
		counts = append(counts, fmt.Sprintf("%s: %d", t, e.artefacts[t]))
		if t != underscored && t != hexadecimal {
			nulls = append(nulls, fmt.Sprintf("%q", t))
		}
	}
	fix := "repair the export: such notation is not read as a number"
	if len(nulls) > 0 {
		fix = fmt.Sprintf("set `nulls: [%s]` under `csv` of the source if they mean missing, or repair the export",
			strings.Join(nulls, ", "))
	}
	return e.problem(id, e.firstArtefact,
		fmt.Sprintf("column %q: %d of %d cells are no %s (%s)", e.name, e.artefactCells, e.cells, what,
			strings.Join(counts, ", ")),
		fmt.Sprintf("the other %d are %s, and these tokens are what programs write where one is missing or broken", good,
			what), fix)
}

// eightIsDate reports whether the eight-digit cells of the column are meant as dates.
func (e *evidence) eightIsDate() bool { return e.eightWanted || e.byShape[shapeEight] > 0 }

func (e *evidence) decideDate() decision {
	d := decision{kind: kindTime}
	counts, firsts, invalid, firstBad := e.byShape, e.firstShape, e.invalid, e.firstInvalid
	good := e.dateLike - e.invalid
	if e.eightIsDate() {
		counts[shapeEight] += e.eight
		firsts[shapeEight] = firsts[shapeEight].or(e.firstEight)
		invalid += e.eightBad
		firstBad = firstBad.or(e.firstBad8)
		good += e.eight - e.eightBad
	}
	var seen []string
	var last place
	for s, n := range counts {
		if n > 0 {
			seen = append(seen, fmt.Sprintf("%s (%d, first in %s)", shapeNames[s], n, firsts[s].where()))
			d.date.shape = shape(s)
			last = firsts[s]
		}
	}
	d.date.monthFirst = d.date.shape.open() && e.order[1] > 0
	mixed := func(at place, why string) *problem.Problem {
		return e.problem("SEG-CSV-006", at, fmt.Sprintf("column %q mixes date styles", e.name), why,
			"repair the export; if whole files differ, list them apart and set `dates` for each")
	}
	switch {
	case invalid > 0:
		d.problem = e.problem("SEG-CSV-006", firstBad,
			fmt.Sprintf("column %q: %s no day of the calendar or no time of day", e.name, are(invalid, "date")),
			fmt.Sprintf("%d of %d cells are dates", good, e.cells),
			"repair the rows, set `dates` if the style is another one, or list placeholders under `nulls`")
	case e.artefactCells > 0:
		d.problem = e.artefactProblem("SEG-CSV-006", "dates", good)
	case len(seen) > 1:
		d.problem = mixed(last, strings.Join(seen, ", "))
	case e.mixed.line > 0:
		d.problem = mixed(e.mixed, fmt.Sprintf("%d cells have the style that `dates` sets, others do not", e.declared))
	case e.order[0] > 0 && e.order[1] > 0:
		d.problem = mixed(later(e.firstOrder[0], e.firstOrder[1]),
			fmt.Sprintf("%d %s can only be day before month (first in %s), %d only month before day (first in %s)",
				e.order[0], plural(int(e.order[0]), "cell"), e.firstOrder[0].where(), e.order[1], e.firstOrder[1].where()))
	case e.unordered > 0 && e.order[0]+e.order[1] == 0:
		day, month, _ := strings.Cut(shapeNames[d.date.shape], " or ")
		sep := shapeNames[d.date.shape][2:3]
		d.problem = e.problem("SEG-CSV-006", e.firstUnordered, fmt.Sprintf("column %q: ambiguous dates", e.name),
			fmt.Sprintf("03%s04%s2026 may be the 3rd of April or March 4th, and no other value of the column decides", sep, sep),
			fmt.Sprintf("set `dates: %q` or `dates: %q` under `csv` of the source", day, month))
	case e.clocks[0] > 0 && e.clocks[1] > 0:
		d.problem = mixed(later(e.firstClock[0], e.firstClock[1]),
			fmt.Sprintf("%d times have no time zone (first in %s), %d have one (first in %s)",
				e.clocks[0], e.firstClock[0].where(), e.clocks[1], e.firstClock[1].where()))
	}
	return d
}
