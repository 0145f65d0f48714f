package features

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// maxLevels is how many different levels a column given as `by` or to `mode` may have: beyond it, it is an identifier,
// not a category.
const maxLevels = 100_000

// defaultMaxBy is the number of levels that get a feature of their own.
const defaultMaxBy = 12

// levelTexts remembers the text of each level by its hash.
type levelTexts struct {
	mu    sync.RWMutex
	byKey map[uint64]string
}

// knows reports whether the level is remembered.
func (l *levelTexts) knows(key uint64) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, known := l.byKey[key]
	return known
}

// put remembers a level; false when there are too many.
func (l *levelTexts) put(key uint64, text []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byKey[key] = string(text)
	return len(l.byKey) <= maxLevels
}

// text returns a level's text; only after the fold.
func (l *levelTexts) text(key uint64) string { return l.byKey[key] }

// keepTexts marks a state whose levels are needed by name.
func (s *sourcePlan) keepTexts(spec int) {
	if s.texts == nil {
		s.texts = map[int]bool{}
	}
	s.texts[spec] = true
}

// byPlan is a feature that becomes one feature per level.
type byPlan struct {
	source, spec int
	scale        int
	share        bool
	max          int
	column       string
}

// expand plans count, sum or share by level.
func (b *builder) expand() {
	arg := b.arg
	scale := 0
	if b.f.agg.Name == "count" && arg >= 0 {
		b.fail("SEG-CFG-008", ".column", "count with `by` counts rows and takes no column", "Remove `column`, or use `where: column is not null`.")
		return
	}
	if arg >= 0 {
		scale = b.s.exprs[arg].scale
	}
	i := b.keyed(stateSpec{kind: keepKeyedSum, part: keyLevel, arg: arg, by: b.by, where: b.where})
	b.s.keepTexts(i)
	b.f.by = &byPlan{source: b.sourceIndex(), spec: i, scale: scale, share: b.f.agg.Name == "share",
		max: cmp.Or(b.f.col.MaxBy, defaultMaxBy), column: b.f.col.By}
}

// level is one level with its total over all customers.
type level struct {
	key   uint64
	text  string
	total i128
}

// levelPlan says which column of a feature a level goes to.
type levelPlan struct {
	levels []level
	rest   bool // the last column takes all others
	index  map[uint64]int
}

// chooseLevels returns, by feature, its levels by total, largest first, ties by name; then comes the rest, with the rows
// without a level, in one column if there is any.
func (f *folder) chooseLevels(ctx context.Context) ([]*levelPlan, error) {
	plans := make([]*levelPlan, len(f.features))
	totals := map[[2]int]map[uint64]i128{} // by source and spec
	for _, fp := range f.features {
		if fp.by != nil {
			totals[[2]int{fp.by.source, fp.by.spec}] = map[uint64]i128{}
		}
	}
	if len(totals) == 0 {
		return plans, nil
	}
	var mu sync.Mutex
	over := map[[2]int]bool{}
	wanted := func(source, spec int) bool { return totals[[2]int{source, spec}] != nil }
	if err := f.eachShard(ctx, wanted, func(sh *shard) error {
		mu.Lock()
		defer mu.Unlock()
		for at, sums := range totals {
			st := sh.states[at[0]][at[1]].(*keyedSumState)
			for slot := range sh.count() {
				if sh.row[sh.customer(slot)] < 0 {
					continue
				}
				keys, values := st.of(slot)
				for j, k := range keys {
					sum, ok := sums[k].add(values[j])
					sums[k] = sum
					if !ok {
						over[at] = true
					}
				}
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for i, fp := range f.features {
		if fp.by == nil {
			continue
		}
		at := [2]int{fp.by.source, fp.by.spec}
		if over[at] {
			return nil, tooLarge(fp)
		}
		p := &levelPlan{index: map[uint64]int{}}
		_, p.rest = totals[at][0]
		for key, t := range totals[at] {
			if key != 0 {
				p.levels = append(p.levels, level{key, f.levels[at[0]][at[1]].text(key), t})
			}
		}
		slices.SortFunc(p.levels, func(a, b level) int {
			if c := b.total.cmp(a.total); c != 0 {
				return c
			}
			return strings.Compare(a.text, b.text)
		})
		if len(p.levels) > fp.by.max {
			p.levels, p.rest = p.levels[:fp.by.max], true
		}
		for j, l := range p.levels {
			p.index[l.key] = j
		}
		plans[i] = p
	}
	return plans, nil
}

// levelColumns returns the empty columns of a feature by level.
func (f *folder) levelColumns(fp *featurePlan, p *levelPlan, taken map[string]bool, rows int) []*table.Column {
	var columns []*table.Column
	for _, l := range p.levels {
		columns = append(columns, f.levelColumn(fp, levelName(l.text), l.text, taken, rows))
	}
	if p.rest {
		columns = append(columns, f.levelColumn(fp, "other", "other", taken, rows))
	}
	return columns
}

// fill reads the customers in the shard's states; false when a number leaves the range.
func (by *byPlan) fill(sh *shard, p *levelPlan, columns []*table.Column) bool {
	sums := make([]i128, len(columns))
	st := sh.states[by.source][by.spec].(*keyedSumState)
	for slot := range sh.count() {
		row := sh.row[sh.customer(slot)]
		if row < 0 {
			continue
		}
		clear(sums)
		keys, values := st.of(slot)
		for j, k := range keys {
			i, ok := p.index[k]
			if !ok {
				i = len(columns) - 1
			}
			if sums[i], ok = sums[i].add(values[j]); !ok {
				return false
			}
		}
		whole, ok := total(values)
		if !ok && len(values) > 0 {
			return false
		}
		for i, c := range columns {
			c.Numbers[row] = sums[i].float(by.scale)
			if by.share {
				c.Numbers[row] = number(ratio(sums[i].float(by.scale), whole.float(by.scale)))
			}
		}
	}
	return true
}

// levelColumn returns an empty column for a level, under a name that is not taken yet.
func (f *folder) levelColumn(fp *featurePlan, suffix, label string, taken map[string]bool, rows int) *table.Column {
	name := fp.col.Name + "_" + suffix
	for i := 2; taken[name]; i++ {
		name = fp.col.Name + "_" + suffix + "_" + strconv.Itoa(i)
	}
	taken[name] = true
	c := fp.column(name)
	c.Formula += fmt.Sprintf(" [%s = %s]", fp.by.column, label)
	if c.LabelDE != "" {
		c.LabelDE += " (" + label + ")"
	}
	if c.LabelEN != "" {
		c.LabelEN += " (" + label + ")"
	}
	c.Numbers = make([]float64, rows)
	return c
}

// levelName makes a level's text fit for a column name: letters, digits and underscores.
func levelName(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
		if b.Len() >= 60 {
			break
		}
	}
	if b.Len() == 0 {
		return "blank"
	}
	return b.String()
}

func tooLarge(fp *featurePlan) error {
	return &problem.Problem{ID: "SEG-NUM-002",
		What:  fmt.Sprintf("feature %q: a sum leaves the 128 bits in which it is kept exactly", fp.col.Name),
		Place: fp.place, Fix: "Leave out the rows with huge values with `where`, or repair them."}
}
