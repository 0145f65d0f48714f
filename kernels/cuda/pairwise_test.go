package cuda

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels/cuda/driver"
	"segovia/kernels/cuda/internal/emulator"
	"segovia/kernels/pairwise"
	"segovia/kernels/rng"
)

// scene is rows and labelings of them.
type scene struct {
	values []float64
	d      int
	labels [][]uint8
	base   []int
	slots  int
}

// sceneOf draws n rows of d values, and labelings of them with ks labels. Each labeling repeats the one before it, but for
// some of its labels, as labelings of the same data do. Values of few digits make equal rows.
func sceneOf(seed uint64, n, d int, ks []int, digits uint64) scene {
	s := rng.New(seed, "pairwise on the card", n, d)
	out := scene{d: d}
	for i := range n * d {
		v := s.Float64(0, uint64(i)) - .5
		if digits > 0 {
			v = float64(s.Below(digits, 0, uint64(i)))
		}
		out.values = append(out.values, v)
	}
	for q, k := range ks {
		l := make([]uint8, n)
		for i := range l {
			if q > 0 && s.Below(4, uint64(2*q+1), uint64(i)) > 0 {
				l[i] = out.labels[q-1][i] % uint8(min(k, 255))
				continue
			}
			l[i] = uint8(s.Below(uint64(k), uint64(2*q+2), uint64(i)))
		}
		out.labels, out.base = append(out.labels, l), append(out.base, out.slots)
		out.slots += k
	}
	return out
}

func (s scene) targets() *pairwise.Targets {
	return pairwise.NewTargets(s.values, s.d, s.labels, s.base, s.slots)
}

// same fails where got is not what the processor says of the points.
func (s scene) same(t interface {
	Helper()
	Fatalf(string, ...any)
}, targets *pairwise.Targets, points []float64, got []uint64) {
	t.Helper()
	want := targets.Summer().Sums(points)
	if len(got) != len(want) {
		t.Fatalf("%d sums, want %d", len(got), len(want))
	}
	for i := range len(points) / s.d {
		for c := range s.slots {
			at := (i/pairwise.Lanes*s.slots+c)*pairwise.Lanes + i%pairwise.Lanes
			if got[at] != want[at] {
				t.Fatalf("point %d slot %d: %d steps, want %d", i, c, got[at], want[at])
			}
		}
	}
}

// card returns a device and sums on it, and checks in the end that nothing of it is left.
func card(t testing.TB, o emulator.Options, limit uint64) (*emulator.Device, *Pairwise) {
	t.Helper()
	dev := emulator.New(o)
	of, err := newDevice(dev)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPairwise(of, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := of.close(); err != nil {
			t.Error(err)
		}
		noLeaks(t, dev)
	})
	return dev, p
}

func noLeaks(t testing.TB, dev *emulator.Device) {
	t.Helper()
	if list := dev.Leaks(); len(list) > 0 {
		t.Errorf("left on the device: %s", strings.Join(list, ", "))
	}
	if err := dev.Fault(); err != nil {
		t.Error(err)
	}
}

func (s scene) check(t testing.TB, p *Pairwise, points []float64) {
	t.Helper()
	targets := s.targets()
	l, err := p.Load(targets)
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.Sums(t.Context(), nil, points)
	if err != nil {
		t.Fatal(err)
	}
	s.same(t, targets, points, got)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCardSumsAsTheProcessor(t *testing.T) {
	_, p := card(t, emulator.Options{}, 1<<22)
	for d := 1; d <= 40; d++ {
		n := 1 + (d*37)%90
		s := sceneOf(uint64(d), n, d, []int{2, 3, 200}, 0)
		s.check(t, p, s.values[:min(n, d)*d])
	}
	for n := 1; n <= 130; n += 1 + n/4 { // tiles that are not full
		for _, d := range []int{2, 11, 33} {
			s := sceneOf(1, n, d, []int{3, 4}, 0)
			s.check(t, p, s.values[:min(n, 9)*d])
		}
	}
	s := sceneOf(1, 30, 150, []int{2}, 0) // three pieces of the columns
	s.check(t, p, s.values)
	for _, d := range []int{3, 16, 32, 34} { // both points of a thread, and two blocks
		s := sceneOf(1, 270, d, []int{2}, 0)
		s.check(t, p, s.values)
	}
}

func TestCardSumsProperty(t *testing.T) {
	dev, p := card(t, emulator.Options{}, 1<<23) // 1,024 slots need 4 MiB
	rapid.Check(t, func(r *rapid.T) {
		n, d := rapid.IntRange(1, 70).Draw(r, "n"), rapid.IntRange(1, 40).Draw(r, "d")
		ks := rapid.OneOf(rapid.SliceOfN(rapid.IntRange(1, 5), 1, 2*maxLabelings+2), rapid.SliceOfN(rapid.IntRange(1, 256), 1, 4)).Draw(r, "ks")
		s := sceneOf(rapid.Uint64Range(0, 99).Draw(r, "seed"), n, d, ks, rapid.Uint64Range(0, 3).Draw(r, "digits"))
		points := s.values[:rapid.IntRange(1, n).Draw(r, "points")*d]
		targets := s.targets()
		l, err := p.Load(targets)
		if err != nil {
			r.Fatal(err)
		}
		defer func() { _ = l.Close() }() // also of what rapid tries after a failure
		got, err := l.Sums(t.Context(), nil, points)
		if err != nil {
			r.Fatal(err, dev.Fault())
		}
		s.same(r, targets, points, got)
	})
}

// Sums over several ranges and launches, from several goroutines, into slices that are used again.
func TestCardRangesAndLanes(t *testing.T) {
	dev, p := card(t, emulator.Options{}, 1<<30)
	s := sceneOf(1, 2*rangeLength+70, 2, []int{2, 5, 30}, 0)
	targets := s.targets()
	l, err := p.Load(targets)
	if err != nil {
		t.Fatal(err)
	}
	l.(*loaded).launch.Store(1)
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			var sums []uint64
			for i := range 2 {
				points := s.values[100*(2*g+i):][:20*(2-i)*s.d]
				var err error
				if sums, err = l.Sums(t.Context(), sums, points); err != nil {
					t.Error(err)
					return
				}
				s.same(t, targets, points, sums)
			}
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if n := dev.Calls("Launch"); n < 8 {
		t.Errorf("%d launches", n)
	}
}

// The boundaries of a table, followed one by one, give every target to its slots.
func TestTableOf(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, rangeLength - 1, rangeLength, rangeLength + 1, 3*rangeLength + 100} {
		s := sceneOf(1, n, 1, []int{2, 3, 40}, 0)
		targets := s.targets()
		want := make([]int, s.slots)
		for length, slot := range targets.Runs() {
			for _, c := range slot {
				want[c] += length
			}
		}
		got := make([]int, s.slots)
		for first := range 2 {
			table := tableOf(targets, 2*first, min(2*first+2, 3))
			ranges, ends := table.words[:table.part[1]], table.words[table.part[1]:table.part[2]]
			firsts, changes := table.words[table.part[2]:table.part[3]], table.words[table.part[3]:]
			if len(ranges) != (n+rangeLength-1)/rangeLength {
				t.Fatalf("n=%d: %d ranges", n, len(ranges))
			}
			for r := range ranges {
				begun := make([]int, table.labelings)
				for at := range begun {
					begun[at] = r * rangeLength
				}
				for b := ranges[r]; ; b++ {
					for _, change := range changes[firsts[b]:firsts[b+1]] {
						got[change&0xffff] += int(ends[b]) - begun[change>>16]
						begun[change>>16] = int(ends[b])
					}
					if int(ends[b]) == min(n, (r+1)*rangeLength) {
						break
					}
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("n=%d: slots of %v targets, want %v", n, got, want)
		}
	}
}

// What is allocated stays within the limit, and the least that is enough is what the error says.
func TestPairwiseLimit(t *testing.T) {
	s := sceneOf(1, 100, 5, []int{2, 3}, 0)
	targets := s.targets()
	words := len(tableOf(targets, 0, 2).words)
	least := uint64(8*100*5 + 4*words + lanes*8*pairwisePoints*(5+5))
	for _, limit := range []uint64{0, least - 1, least, 3*least + 77, 1 << 30} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			dev, p := card(t, emulator.Options{}, limit)
			free, _, err := dev.Memory()
			if err != nil {
				t.Fatal(err)
			}
			l, err := p.Load(targets)
			if limit < least {
				if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d bytes", least)) || p.Err() == nil {
					t.Fatalf("error %v, of %v, wants %d bytes", err, p.Err(), least)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			after, _, err := dev.Memory()
			const rounding = 4096 // of each allocation
			if used := free - after; err != nil || used > limit+7*rounding {
				t.Errorf("%d bytes are used of %d allowed; %v", used, limit, err)
			}
			second, err := p.Load(targets)
			if (err == nil) != (limit == 1<<30) { // else the first took what there was, but for less than the least
				t.Errorf("a second time: %v", err)
			}
			if second != nil {
				_ = second.Close()
			}
			if n := l.Points(); n%pairwisePoints != 0 || n < pairwisePoints || n > maxPoints {
				t.Errorf("%d points at a time", n)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l, err = p.Load(targets)
			if err != nil {
				t.Fatalf("after it was given back: %v", err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Whatever call fails, and however, an error comes back and nothing stays on the device.
func TestPairwiseFaults(t *testing.T) {
	s := sceneOf(1, 70, 3, []int{2, 3}, 0)
	targets := s.targets()
	for code, calls := range map[int][]string{ // after the second the device is lost
		driver.OutOfMemory:  {"LoadModule", "Function", "AllowShared", "Alloc", "NewStream", "CopyToDevice", "Fill", "Launch"},
		driver.LaunchFailed: {"Alloc", "CopyToDevice", "Fill", "Launch", "Synchronize", "CopyToHost"},
	} {
		for _, call := range calls {
			failed := 0
			for at := 1; ; at++ { // every call of it
				dev := emulator.New(emulator.Options{Fault: func(c string, n int) error {
					if c == call && n == at {
						return emulator.Failure(call, code)
					}
					return nil
				}})
				of, err := newDevice(dev)
				if err != nil {
					t.Fatal(err)
				}
				p, err := newPairwise(of, 1<<20)
				if err == nil {
					var l pairwise.Loaded
					if l, err = p.Load(targets); err == nil {
						_, err = l.Sums(t.Context(), nil, s.values)
						_ = l.Close()
					}
					if (err == nil) != (p.Err() == nil) {
						t.Errorf("%s %d: Err says %v of %v", call, at, p.Err(), err)
					}
				}
				_ = of.close()
				noLeaks(t, dev)
				if err == nil {
					break
				}
				var cause *driver.Error
				if failed++; !errors.As(err, &cause) || cause.Code != code {
					t.Errorf("%s %d: %v", call, at, err)
				}
			}
			if failed == 0 {
				t.Errorf("%s is never called", call)
			}
		}
	}
}

func TestPairwiseCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dev, p := card(t, emulator.Options{Fault: func(call string, n int) error {
		if call == "Launch" && n == 2 {
			cancel()
		}
		return nil
	}}, 1<<30)
	s := sceneOf(1, 4*rangeLength, 1, []int{2}, 0)
	l, err := p.Load(s.targets())
	if err != nil {
		t.Fatal(err)
	}
	l.(*loaded).launch.Store(1)
	if _, err := l.Sums(ctx, nil, s.values[:8]); !errors.Is(err, context.Canceled) || p.Err() != nil {
		t.Errorf("error %v, of the card %v", err, p.Err())
	}
	if n := dev.Calls("Launch"); n != 2 {
		t.Errorf("%d launches", n)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
