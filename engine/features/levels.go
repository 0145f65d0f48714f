package features

import (
	"cmp"
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

// put remembers a level; false when there are too many.
func (l *levelTexts) put(key uint64, text []byte) bool {
	l.mu.RLock()
	_, known := l.byKey[key]
	l.mu.RUnlock()
	if known {
		return true
	}
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

// expandLevels returns the columns of a feature by level: the levels by total, largest first, ties by name; then the
// rest, with the rows without a level, in one column if there is any.
func (f *folder) expandLevels(fp *featurePlan, rows []place, taken map[string]bool) ([]*table.Column, error) {
	by := fp.by
	totals := map[uint64]i128{}
	for _, sh := range f.shards {
		st := sh.states[by.source][by.spec].(*keyedSumState)
		for j, k := range st.keys {
			sum, ok := totals[k.key].add(st.values[j])
			if !ok {
				return nil, tooLarge(fp)
			}
			totals[k.key] = sum
		}
	}
	var levels []level
	_, rest := totals[0]
	for key, t := range totals {
		if key != 0 {
			levels = append(levels, level{key, f.levels[by.source][by.spec].text(key), t})
		}
	}
	slices.SortFunc(levels, func(a, b level) int {
		if c := b.total.cmp(a.total); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	if len(levels) > by.max {
		levels, rest = levels[:by.max], true
	}
	index := map[uint64]int{}
	var columns []*table.Column
	for i, l := range levels {
		index[l.key] = i
		columns = append(columns, f.levelColumn(fp, levelName(l.text), l.text, taken, len(rows)))
	}
	if rest {
		columns = append(columns, f.levelColumn(fp, "other", "other", taken, len(rows)))
	}
	sums := make([]i128, len(columns))
	for row, at := range rows {
		clear(sums)
		keys, values := f.shards[at.shard].states[by.source][by.spec].(*keyedSumState).of(at.slot)
		for j, k := range keys {
			i, ok := index[k.key]
			if !ok {
				i = len(columns) - 1
			}
			if sums[i], ok = sums[i].add(values[j]); !ok {
				return nil, tooLarge(fp)
			}
		}
		whole, ok := total(values)
		if !ok && len(values) > 0 {
			return nil, tooLarge(fp)
		}
		for i, c := range columns {
			c.Numbers[row] = sums[i].float(by.scale)
			if by.share {
				c.Numbers[row] = number(ratio(sums[i].float(by.scale), whole.float(by.scale)))
			}
		}
	}
	return columns, nil
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
