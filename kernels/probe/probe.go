// Package probe measures what the processor and its memory can do, in the process that wants to know how close to that its
// work comes: the peak of fused multiply-adds in float32, and the rate at which memory is read.
package probe

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Unit is one way of multiplying and adding that runs on this machine.
type Unit struct {
	Name  string // "avx512", "avx2" or "go"
	Lanes int    // numbers of one instruction
	flops int    // operations of a round
	run   func(rounds int)
}

// Units returns the ways that run here, the widest first; "go" is always among them.
func Units() []Unit {
	return append(assembled(), Unit{"go", 1, 2 * goAccumulators, multiplyAddGo})
}

// UnitOf returns the unit that a hardware path of that name works with: its own where there is one, else the widest.
func UnitOf(path string) Unit {
	units := Units()
	if i := slices.IndexFunc(units, func(u Unit) bool { return u.Name == path }); i >= 0 {
		return units[i]
	}
	return units[0]
}

// How long a measurement takes, and how often it is repeated; the fastest counts, because what disturbs only slows.
const (
	stretch = 20 * time.Millisecond
	repeats = 5
)

// FLOPS returns the multiplications and additions per second of so many threads that do nothing else; one FMA is two.
func (u Unit) FLOPS(threads int) float64 {
	rounds := 1 << 10
	for ; ; rounds *= 2 {
		start := time.Now()
		u.run(rounds)
		if time.Since(start) >= stretch {
			break
		}
	}
	best := 0.0
	for range repeats {
		best = max(best, float64(threads)*float64(rounds)*float64(u.flops)/together(threads, func(int) { u.run(rounds) }).Seconds())
	}
	return best
}

// ReadSize is how much memory Read streams: far more than caches hold.
const ReadSize = 256 << 20

// Read returns the bytes per second that so many threads together read from memory.
func Read(threads int) float64 {
	memory := make([]uint64, ReadSize/8)
	for i := range memory { // pages that were never written are all the same page
		memory[i] = uint64(i)
	}
	sums := make([]uint64, threads)
	best := 0.0
	for range repeats {
		took := together(threads, func(t int) {
			sums[t] = sum(memory[len(memory)/threads*t : len(memory)/threads*(t+1)])
		})
		best = max(best, float64(len(memory)/threads*threads*8)/took.Seconds())
	}
	kept.Store(sums[0])
	return best
}

// kept is what no compiler may leave out.
var kept atomic.Uint64

// sum is
//
//	for _, v := range x { s += v }
//
// in eight chains; len(x) is a multiple of 8 but for a rest that is left out.
func sum(x []uint64) uint64 {
	var a, b, c, d, e, f, g, h uint64
	for ; len(x) >= 8; x = x[8:] {
		a += x[0]
		b += x[1]
		c += x[2]
		d += x[3]
		e += x[4]
		f += x[5]
		g += x[6]
		h += x[7]
	}
	return a + b + c + d + e + f + g + h
}

// together runs f on so many goroutines and returns the time until the last has ended.
func together(threads int, f func(thread int)) time.Duration {
	if threads == 1 {
		start := time.Now()
		f(0)
		return time.Since(start)
	}
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for t := range threads {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			f(t)
		})
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	return time.Since(start)
}

const goAccumulators = 8

// multiplyAddGo is the probe in plain Go: eight chains of a product and a sum, each rounded.
func multiplyAddGo(rounds int) {
	x := [2]float32{1, 0x1p-20}
	p := float32(x[0] * x[1])
	var a, b, c, d, e, f, g, h float32
	for range rounds {
		a += float32(p * x[0])
		b += float32(p * x[0])
		c += float32(p * x[0])
		d += float32(p * x[0])
		e += float32(p * x[0])
		f += float32(p * x[0])
		g += float32(p * x[0])
		h += float32(p * x[0])
		x[0], p = x[1], x[0]
	}
	kept.Store(uint64(a + b + c + d + e + f + g + h))
}
