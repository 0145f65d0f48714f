package quality

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// distinctKeep is the number of smallest hashes that are kept once there are more than twice as many.
const distinctKeep = 1 << 15

// distinct counts different hashes: exactly up to 2 * distinctKeep, beyond that by the distinctKeep smallest hashes
// (k minimum values; standard error 0.6 %). What it answers depends on the set of hashes only, not on their order or on
// how they were merged: it never drops one of the distinctKeep smallest.
type distinct struct {
	seen  counter
	limit uint64 // hashes at or above it are dropped
	// recent holds hashes that were added, each where its low bits point: most columns repeat a few values.
	recent [256]uint64
}

func newDistinct() *distinct { return &distinct{limit: math.MaxUint64} }

func (d *distinct) add(h uint64) {
	last := &d.recent[h%uint64(len(d.recent))]
	if h >= d.limit || h == *last && h != 0 {
		return
	}
	*last = h
	*d.seen.at(h) = 1
	if d.seen.n > 2*distinctKeep {
		d.compact()
	}
}

func (d *distinct) compact() {
	d.limit = nth(d.seen.keys(), distinctKeep)
	d.seen.keep(func(h uint64) bool { return h < d.limit })
}

// nth returns the element that stands at n when v, which it reorders, is sorted.
func nth(v []uint64, n int) uint64 {
	for len(v) > 1<<6 {
		pivot := median(v[0], v[len(v)/2], v[len(v)-1])
		i, j := 0, len(v)-1
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			v = v[:j+1]
		case n >= i:
			v, n = v[i:], n-i
		default:
			return v[n]
		}
	}
	slices.Sort(v)
	return v[n]
}

func median(a, b, c uint64) uint64 { return max(min(a, b), min(max(a, b), c)) }

func (d *distinct) merge(o *distinct) {
	if o.limit < d.limit {
		d.limit = o.limit
		d.seen.keep(func(h uint64) bool { return h < d.limit })
	}
	for h := range o.seen.all() {
		d.add(h)
	}
}

// count returns the number of different hashes and whether it is exact.
func (d *distinct) count() (n int64, exactly bool) {
	if d.limit == math.MaxUint64 {
		return int64(d.seen.n), true
	}
	kth := nth(d.seen.keys(), distinctKeep-1)
	return int64(math.Round(float64(distinctKeep-1) / (float64(kth) / 0x1p64))), false
}

// spreadKeep is the number of different values of a column up to which its quartiles are exact.
const spreadKeep = 1 << 16

// spread keeps how often each number occurs, to know quartiles and outliers at the end. Beyond spreadKeep different
// values, numbers are counted in buckets whose width is below 0.8 % of the value; which of both it is depends on the set
// of numbers only.
type spread struct {
	coarse bool
	counts counter // by the bits of the value, or of the bucket's edge nearer to zero
}

func newSpread() *spread { return &spread{} }

// bucketBits are the low bits of a float64 that a bucket leaves out: 7 bits of the fraction remain.
const bucketBits = 45

// add counts x n times. It reports whether x is new; where buckets are counted, that may be so.
func (s *spread) add(x float64, n int64) (isNew bool) {
	if x == 0 {
		x = 0 // -0 is 0
	}
	key := math.Float64bits(x)
	if s.coarse {
		key = key >> bucketBits << bucketBits
	}
	count := s.counts.at(key)
	isNew = s.coarse || *count == 0
	*count += n
	if !s.coarse && s.counts.n > spreadKeep {
		s.coarsen()
	}
	return isNew
}

func (s *spread) coarsen() {
	fine := s.counts
	s.coarse, s.counts = true, counter{}
	for key, n := range fine.all() {
		*s.counts.at(key >> bucketBits << bucketBits) += n
	}
}

func (s *spread) merge(o *spread) {
	if o.coarse && !s.coarse {
		s.coarsen()
	}
	for key, n := range o.counts.all() {
		s.add(math.Float64frombits(key), n)
	}
}

// outliers counts the values outside the quartiles (type 7) by more than 3 interquartile ranges; none where the quartiles
// coincide.
func (s *spread) outliers() int64 {
	type bin struct {
		x float64
		n int64
	}
	var bins []bin
	var total int64
	for key, n := range s.counts.all() {
		bins = append(bins, bin{math.Float64frombits(key), n})
		total += n
	}
	slices.SortFunc(bins, func(a, b bin) int { return cmp.Compare(a.x, b.x) })
	upTo := make([]int64, len(bins))
	var sum int64
	for i, b := range bins {
		sum += b.n
		upTo[i] = sum
	}
	at := func(i int64) float64 { return bins[sort.Search(len(bins), func(j int) bool { return upTo[j] > i })].x }
	quartile := func(q int64) float64 {
		h := (total - 1) * q
		x := at(h / 4)
		if rest := h % 4; rest > 0 {
			x += float64((at(h/4+1)-x)*float64(rest)) / 4
		}
		return x
	}
	if total == 0 {
		return 0
	}
	low, high := quartile(1), quartile(3)
	reach := 3 * (high - low)
	if reach <= 0 || math.IsInf(reach, 0) {
		return 0
	}
	var out int64
	for _, b := range bins {
		if b.x < low-reach || b.x > high+reach {
			out += b.n
		}
	}
	return out
}
