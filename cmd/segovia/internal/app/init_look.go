package app

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"segovia/engine/quality"
	"segovia/io/anyio"
	"segovia/kernels/problem"
)

// Limits of what init remembers of a column.
const (
	maxLevels   = 200       // values that are counted one by one
	maxDistinct = 8_000_000 // different values that are told apart; 8 bytes each, on every thread
)

// tableLook is what init sees of one table: files of one kind, read through.
type tableLook struct {
	name    string
	files   []string // as given
	pattern string   // one path that names exactly these files; empty if there is none
	rows    int64
	columns []*columnLook
	notes   []string // columns that are not read
}

// columnLook is what init sees of one column.
type columnLook struct {
	name     string
	typ      arrow.DataType
	nulls    int64
	distinct int64 // lower bound when many is set
	many     bool
	values   map[uint64]struct{} // hashes of the different values below limit
	limit    uint64              // above every hash, unless many is set
	levels   map[string]int64    // nil when there are more than maxLevels
	negative int64               // numbers below zero
	whole    bool                // all numbers are whole
	first    time.Time           // of times
	last     time.Time

	text, before []byte // the last value, and the one before
}

func newColumnLook(f arrow.Field) *columnLook {
	return &columnLook{name: f.Name, typ: f.Type, whole: true, values: map[uint64]struct{}{}, limit: math.MaxUint64, levels: map[string]int64{}}
}

func (c *columnLook) isText() bool   { return c.typ.ID() == arrow.STRING }
func (c *columnLook) isBool() bool   { return c.typ.ID() == arrow.BOOL }
func (c *columnLook) isTime() bool   { return c.typ.ID() == arrow.TIMESTAMP }
func (c *columnLook) isNumber() bool { return !c.isText() && !c.isBool() && !c.isTime() }

// unique reports whether every row has a value of its own.
func (c *columnLook) unique(rows int64) bool { return !c.many && c.nulls == 0 && c.distinct == rows }

// level returns the most frequent value that fits, or "".
func (c *columnLook) level(fits func(string) bool) string {
	best, count := "", int64(0)
	for v, n := range c.levels {
		if fits(v) && (n > count || n == count && v < best) {
			best, count = v, n
		}
	}
	return best
}

// column returns the column of that name, or nil.
func (t *tableLook) column(name string) *columnLook {
	for _, c := range t.columns {
		if c.name == name {
			return c
		}
	}
	return nil
}

// dataEndings are the endings of files that init takes from a folder.
var dataEndings = regexp.MustCompile(`(?i)\.(csv|tsv|txt|parquet|arrow|feather|ipc)(\.gz|\.zst)?$`)

// serial is what distinguishes the files of one table: a date or number at the end of the name.
var serial = regexp.MustCompile(`[-_. ]*\d[\d\-_. T]*$`)

// tableName is the name of the table that a file belongs to: its own without ending and serial, in lower case with
// underscores; that of its folder when nothing is left.
func tableName(path string) string {
	base := dataEndings.ReplaceAllString(filepath.Base(path), "")
	if base == filepath.Base(path) {
		base = strings.TrimSuffix(base, filepath.Ext(base))
	}
	name := identifier(serial.ReplaceAllString(base, ""))
	if name == "" {
		if name = identifier(filepath.Base(filepath.Dir(filepath.Clean(path)))); name == "" {
			name = "data"
		}
	}
	return name
}

var notWord = regexp.MustCompile(`[^a-z0-9äöüß]+`)

// identifier writes a name in lower case with underscores.
func identifier(s string) string {
	return strings.Trim(notWord.ReplaceAllString(strings.ToLower(s), "_"), "_")
}

// groupFiles puts files into tables by their names, in the order of the names.
func groupFiles(files []string) []*tableLook {
	byName := map[string]*tableLook{}
	var tables []*tableLook
	slices.Sort(files)
	for _, f := range slices.Compact(files) {
		name := tableName(f)
		t := byName[name]
		if t == nil {
			t = &tableLook{name: name}
			byName[name] = t
			tables = append(tables, t)
		}
		t.files = append(t.files, f)
	}
	for _, t := range tables {
		t.pattern = commonPattern(t.files)
	}
	return tables
}

// commonPattern returns a glob that names exactly the files, or "". What differs between them is the serial at the end of
// their names.
func commonPattern(files []string) string {
	if len(files) == 1 {
		return files[0]
	}
	pattern := ""
	for _, f := range files {
		dir, base := filepath.Split(f)
		end := dataEndings.FindString(base)
		stem := strings.TrimSuffix(base, end)
		number := serial.FindString(stem)
		separator := number[:len(number)-len(strings.TrimLeft(number, "-_. "))]
		one := dir + strings.TrimSuffix(stem, number) + separator + "*" + end
		if pattern != "" && one != pattern {
			return ""
		}
		pattern = one
	}
	if matched, err := filepath.Glob(pattern); err != nil || len(matched) != len(files) {
		return ""
	}
	return pattern
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// look opens the tables and reads them through. Problems of all of them are reported together.
func (e *env) look(ctx context.Context, tables []*tableLook) error {
	e.progress.Begin("look at the files", 0, "bytes")
	defer e.progress.End()
	var problems problem.List
	for _, t := range tables {
		if err := e.lookAt(ctx, t); err != nil {
			found := problem.All(err)
			if len(found) == 0 {
				return err
			}
			problems = append(problems, found...)
		}
	}
	return problems.Err()
}

func (e *env) lookAt(ctx context.Context, t *tableLook) error {
	specs := make([]anyio.Spec, len(t.files))
	for i, f := range t.files {
		specs[i] = anyio.Spec{Path: f}
	}
	src, err := anyio.Open(ctx, specs, anyio.Options{Name: t.name, Threads: e.threads(), ShowValues: e.flags.showValues, Progress: e.progress})
	if err != nil {
		return err
	}
	t.rows = src.Rows()
	for _, f := range src.Schema().Fields() {
		t.columns = append(t.columns, newColumnLook(f))
	}
	for _, n := range src.Notes() {
		t.notes = append(t.notes, n.Column+": "+n.Why)
	}
	errs := make([]error, len(src.Files()))
	var next atomic.Int64
	var mu sync.Mutex
	var group sync.WaitGroup
	for range min(e.threads(), len(errs)) {
		group.Go(func() {
			own := make([]*columnLook, len(t.columns))
			for j, f := range src.Schema().Fields() {
				own[j] = newColumnLook(f)
			}
			for i := int(next.Add(1)) - 1; i < len(errs) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				errs[i] = src.ReadFile(ctx, i, func(rec arrow.Record, _ int64) error {
					for j, c := range own {
						c.add(rec.Column(j))
					}
					return ctx.Err()
				})
			}
			mu.Lock()
			defer mu.Unlock()
			for j, c := range own {
				t.columns[j].merge(c)
			}
		})
	}
	group.Wait()
	return cmp.Or(ctx.Err(), cmp.Or(errs...)) // of several errors that of the first file
}

// add counts the values of one batch.
func (c *columnLook) add(a arrow.Array) {
	c.nulls += int64(a.NullN())
	same := int64(0) // times that text was met and not counted yet
	for i := range a.Len() {
		if a.IsNull(i) {
			continue
		}
		switch v := a.(type) {
		case *array.Timestamp:
			at := v.Value(i).ToTime(arrow.Microsecond)
			if c.first.IsZero() || at.Before(c.first) {
				c.first = at
			}
			if at.After(c.last) {
				c.last = at
			}
		case *array.Float64:
			c.negative += int64(boolInt(v.Value(i) < 0))
			c.whole = c.whole && v.Value(i) == math.Trunc(v.Value(i))
		case *array.Int64:
			c.negative += int64(boolInt(v.Value(i) < 0))
		case *array.Decimal128:
			c.negative += int64(boolInt(v.Value(i).Sign() < 0))
		}
		c.text, c.before = c.before, c.text
		c.text = quality.AppendCell(c.text[:0], a, i) // as keys are written: 17850.0 is 17850
		if same > 0 && bytes.Equal(c.text, c.before) {
			same++
			continue
		}
		c.count(c.before, same)
		same = 1
		if _, ok := a.(*array.Decimal128); ok {
			c.whole = c.whole && bytes.IndexByte(c.text, '.') < 0
		}
	}
	c.count(c.text, same)
}

// count counts a value that was met n times.
func (c *columnLook) count(text []byte, n int64) {
	if n == 0 {
		return
	}
	if c.levels != nil {
		if c.levels[string(text)] += n; len(c.levels) > maxLevels {
			c.levels = nil
		}
	}
	c.put(xxh3.Hash(text))
}

// put notes a value's hash. Which are kept when there are too many depends on all of them, not on their order.
func (c *columnLook) put(h uint64) {
	if h >= c.limit && c.many {
		return
	}
	c.values[h] = struct{}{}
	for len(c.values) >= maxDistinct {
		c.lower(c.limit / 2)
	}
	if !c.many {
		c.distinct = int64(len(c.values))
	}
}

// lower forgets the hashes from limit on.
func (c *columnLook) lower(limit uint64) {
	c.many, c.distinct, c.limit = true, maxDistinct, limit
	maps.DeleteFunc(c.values, func(h uint64, _ struct{}) bool { return h >= limit })
}

// merge takes over what was seen in other files.
func (c *columnLook) merge(o *columnLook) {
	c.nulls += o.nulls
	c.negative += o.negative
	c.whole = c.whole && o.whole
	if c.first.IsZero() || !o.first.IsZero() && o.first.Before(c.first) {
		c.first = o.first
	}
	if o.last.After(c.last) {
		c.last = o.last
	}
	if o.levels == nil {
		c.levels = nil
	}
	if c.levels != nil {
		for text, n := range o.levels {
			c.levels[text] += n
		}
		if len(c.levels) > maxLevels {
			c.levels = nil
		}
	}
	if o.many && o.limit < c.limit {
		c.lower(o.limit)
	}
	for h := range o.values {
		c.put(h)
	}
}

// overlap is the share of c's different values that other has too.
func (c *columnLook) overlap(other *columnLook) float64 {
	limit := min(c.limit, other.limit) // above it, one of both has forgotten some
	n, all := 0, 0
	for v := range c.values {
		if v >= limit && limit < math.MaxUint64 {
			continue
		}
		all++
		if _, ok := other.values[v]; ok {
			n++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}
