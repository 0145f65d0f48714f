package quality

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/zeebo/xxh3"
)

// Judge looks at all rows of one source, column by column, and hashes the rows on the way. It is safe for concurrent use:
// columns are locked one by one. What it reports does not depend on the order of the rows.
type Judge struct {
	columns []*columnJudge
	byName  map[string]int
	hashers sync.Pool // *cellHasher
}

type columnJudge struct {
	mu        sync.Mutex
	name      string
	typ       arrow.DataType
	seed      uint64
	nulls     int64
	nonFinite int64
	negative  int64
	distinct  *distinct
	spread    *spread
	seen      bool
	low, high decimal128.Num // whole numbers and decimals
	lowF      float64
	highF     float64
	first     int64
	last      int64
}

// NewJudge returns a judge for the columns of a source.
func NewJudge(schema *arrow.Schema) *Judge {
	j := &Judge{byName: map[string]int{}}
	for i, f := range schema.Fields() {
		j.byName[f.Name] = i
		j.columns = append(j.columns, &columnJudge{name: f.Name, typ: f.Type, seed: xxh3.HashString(f.Name),
			distinct: newDistinct(), spread: newSpread()})
	}
	return j
}

// Add judges the rows of a batch and returns their hashes in dst, which is grown as needed.
func (j *Judge) Add(dst []Hash, rec arrow.Record) []Hash {
	n := int(rec.NumRows())
	if cap(dst) < n {
		dst = make([]Hash, n)
	}
	dst = dst[:n]
	clear(dst)
	met := make([]bool, len(j.columns))
	hasher, _ := j.hashers.Get().(*cellHasher)
	if hasher == nil {
		hasher = &cellHasher{}
	}
	defer j.hashers.Put(hasher)
	for i, a := range rec.Columns() {
		c, ok := j.byName[rec.ColumnName(i)]
		if !ok || met[c] {
			continue
		}
		met[c] = true
		hasher.seed = j.columns[c].seed
		hasher.column(a, dst)
		j.columns[c].add(a, hasher.tallies)
	}
	for c, was := range met {
		if !was {
			col := j.columns[c]
			col.mu.Lock()
			col.nulls += int64(n)
			col.mu.Unlock()
		}
	}
	return dst
}

// add judges the cells of a, which tallies sum up.
func (c *columnJudge) add(a arrow.Array, tallies []tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nulls += int64(a.NullN())
	switch a := a.(type) {
	case *array.Int64:
		for i := range tallies {
			t := &tallies[i]
			if c.number(decimal128.FromI64(int64(t.lo)), 0, t.n) {
				c.distinct.add(t.hash)
			}
		}
		return
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		for i := range tallies {
			t := &tallies[i]
			if c.number(decimal128.New(t.hi, t.lo), scale, t.n) {
				c.distinct.add(t.hash)
			}
		}
		return
	}
	for i := range tallies {
		c.distinct.add(tallies[i].hash)
	}
	switch a.(type) {
	case *array.Float64:
		for _, t := range tallies {
			c.float(math.Float64frombits(t.lo), t.n)
		}
	case *array.Timestamp:
		for _, v := range tallies {
			t := int64(v.lo)
			if !c.seen || t < c.first {
				c.first = t
			}
			if !c.seen || t > c.last {
				c.last = t
			}
			c.seen = true
		}
	}
}

// fewDigits is beyond the numbers of which two never share a float64, whatever their scales.
const fewDigits = 1_000_000_000_000_000

// number judges a number that stands in n cells. It returns false only if the number was judged before.
func (c *columnJudge) number(v decimal128.Num, scale int32, n int64) (isNew bool) {
	if !c.seen || v.Less(c.low) {
		c.low = v
	}
	if !c.seen || v.Greater(c.high) {
		c.high = v
	}
	c.seen = true
	if v.HighBits() < 0 {
		c.negative += n
	}
	isNew = c.spread.add(decimalFloat(v, scale), n)
	x := int64(v.LowBits())
	return isNew || v.HighBits() != x>>63 || x <= -fewDigits || x >= fewDigits
}

// float judges a number that stands in n cells.
func (c *columnJudge) float(v float64, n int64) {
	if v-v != 0 {
		c.nonFinite += n
		return
	}
	if !c.seen || v < c.lowF {
		c.lowF = v
	}
	if !c.seen || v > c.highF {
		c.highF = v
	}
	c.seen = true
	if v < 0 {
		c.negative += n
	}
	c.spread.add(v, n)
}

// decimalFloat returns the float64 nearest to v * 10^-scale.
func decimalFloat(v decimal128.Num, scale int32) float64 {
	if hi, lo := v.HighBits(), v.LowBits(); (hi == 0 || hi == -1) && (hi < 0) == (int64(lo) < 0) && scale >= 0 &&
		scale <= 22 {
		if x := int64(lo); x > -1<<53 && x < 1<<53 {
			return float64(x) / math.Pow10(int(scale))
		}
	}
	f, _ := strconv.ParseFloat(decimalText(v, scale), 64)
	return f
}

// decimalText returns v * 10^-scale as a plain decimal without trailing zeros.
func decimalText(v decimal128.Num, scale int32) string {
	if hi, lo := v.HighBits(), v.LowBits(); scale == 0 && (hi == 0 || hi == -1) && (hi < 0) == (int64(lo) < 0) {
		return strconv.FormatInt(int64(lo), 10)
	}
	s := v.BigInt().String()
	if scale <= 0 {
		if s == "0" {
			return s
		}
		return s + strings.Repeat("0", int(-scale))
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if len(s) <= int(scale) {
		s = strings.Repeat("0", int(scale)+1-len(s)) + s
	}
	whole, fraction := s[:len(s)-int(scale)], strings.TrimRight(s[len(s)-int(scale):], "0")
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// Merge takes over what another judge of the same source saw.
func (j *Judge) Merge(other *Judge) {
	for i, o := range other.columns {
		c := j.columns[i]
		c.nulls += o.nulls
		c.nonFinite += o.nonFinite
		c.negative += o.negative
		c.distinct.merge(o.distinct)
		c.spread.merge(o.spread)
		if !o.seen {
			continue
		}
		if !c.seen || o.low.Less(c.low) {
			c.low = o.low
		}
		if !c.seen || o.high.Greater(c.high) {
			c.high = o.high
		}
		if !c.seen || o.lowF < c.lowF {
			c.lowF = o.lowF
		}
		if !c.seen || o.highF > c.highF {
			c.highF = o.highF
		}
		if !c.seen || o.first < c.first {
			c.first = o.first
		}
		if !c.seen || o.last > c.last {
			c.last = o.last
		}
		c.seen = true
	}
}

// Columns returns the verdict on each column, in the order of the schema. Used is left to the caller.
func (j *Judge) Columns() []SourceColumn {
	out := make([]SourceColumn, len(j.columns))
	for i, c := range j.columns {
		s := SourceColumn{Name: c.name, Type: typeName(c.typ), Nulls: c.nulls, NonFinite: c.nonFinite,
			Negative: c.negative, Outliers: c.spread.outliers()}
		s.Distinct, s.DistinctExact = c.distinct.count()
		if c.seen {
			switch t := c.typ.(type) {
			case *arrow.Int64Type:
				s.Min, s.Max = new(decimalText(c.low, 0)), new(decimalText(c.high, 0))
			case *arrow.Decimal128Type:
				s.Min, s.Max = new(decimalText(c.low, t.Scale)), new(decimalText(c.high, t.Scale))
			case *arrow.Float64Type:
				s.Min, s.Max = new(string(appendFloat(nil, c.lowF))), new(string(appendFloat(nil, c.highF)))
			case *arrow.TimestampType:
				s.FirstTime, s.LastTime = new(TimeText(c.first)), new(TimeText(c.last))
			}
		}
		out[i] = s
	}
	return out
}

// TimeText writes a time given in microseconds since 1970 as it stands in quality.json.
func TimeText(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.999999Z")
}

func typeName(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType:
		return "text"
	case *arrow.BooleanType:
		return "bool"
	case *arrow.Int64Type:
		return "int"
	case *arrow.Float64Type:
		return "float"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case *arrow.TimestampType:
		return "time"
	}
	return t.String()
}
