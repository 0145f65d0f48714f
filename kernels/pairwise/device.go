package pairwise

import (
	"context"
	"iter"
	"math"
)

// Device sums on a card what a Summer sums on the processor, to the same bits.
type Device interface {
	// Load takes targets into the card's memory. It fails where they do not fit or the driver fails.
	Load(t *Targets) (Loaded, error)
	// Err returns the first error of Load or of Sums, for whoever let the processor do the work instead and wants to say so.
	Err() error
}

// Opener is a hardware path with such a device.
type Opener interface {
	Pairwise() (Device, error)
}

// Loaded are targets in a card's memory. Several goroutines may call Sums; with two of them the card works while one of them
// takes its sums.
type Loaded interface {
	// Points is how many points a call takes at most, and well.
	Points() int
	// Sums returns what Summer.Sums does, in dst where that is long enough. It returns ctx's error soon after ctx ends.
	Sums(ctx context.Context, dst []uint64, points []float64) ([]uint64, error)
	// Close gives the memory back, after the last call of Sums.
	Close() error
}

// Shape returns the numbers of targets, of their columns, of labelings and of slots.
func (t *Targets) Shape() (n, d, labelings, slots int) { return len(t.order), t.d, t.q, t.slots }

// Rows returns the targets first to end-1 in the order of their labels, row by row, good until buf is used again: in buf
// where they have to be gathered and it is long enough.
func (t *Targets) Rows(buf []float64, first, end int) []float64 {
	if t.sorted {
		return t.values[first*t.d : end*t.d]
	}
	buf = grow(buf, (end-first)*t.d)
	for at, row := range t.order[first:end] {
		copy(buf[at*t.d:(at+1)*t.d], t.values[int(row)*t.d:(int(row)+1)*t.d])
	}
	return buf
}

// Runs are the numbers of targets that stand together and have the same labels, in order, each with its slot in every
// labeling. Runs that follow each other may have the same.
func (t *Targets) Runs() iter.Seq2[int, []uint16] {
	return func(yield func(int, []uint16) bool) {
		for r, n := range t.length {
			if !yield(int(n), t.slot[r*t.q:(r+1)*t.q]) {
				return
			}
		}
	}
}

// Magic is the number whose last binary place is the step: added to a distance, it rounds it to whole steps.
func (t *Targets) Magic() float64 { return math.Ldexp(1.5, 52+t.step) }
