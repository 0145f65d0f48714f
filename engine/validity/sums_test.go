package validity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"

	"segovia/kernels/pairwise"
)

// handy is a device that is the processor, fails when it is told to and counts what it gives.
type handy struct {
	points      int
	failLoad    bool
	failFrom    int64 // the first call of Sums that fails; 0 = none
	called      atomic.Int64
	given, open atomic.Int64
}

var errHandy = errors.New("unplugged")

type handyTargets struct {
	*handy
	t *pairwise.Targets
}

func (h *handy) Err() error { return nil }

func (h *handy) Load(t *pairwise.Targets) (pairwise.Loaded, error) {
	if h.failLoad {
		return nil, errHandy
	}
	h.open.Add(1)
	return &handyTargets{handy: h, t: t}, nil
}

func (h *handyTargets) Points() int { return h.points }

func (h *handyTargets) Sums(ctx context.Context, dst []uint64, points []float64) ([]uint64, error) {
	if n := h.called.Add(1); h.failFrom > 0 && n >= h.failFrom {
		return nil, errHandy
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	h.given.Add(1)
	return append(dst[:0], h.t.Summer().Sums(points)...), nil
}

func (h *handyTargets) Close() error {
	h.open.Add(-1)
	return nil
}

// With a device, without one and with one that fails at any time, every bit is the same and every row is told of once.
func TestSilhouettesOnADevice(t *testing.T) {
	p, partitions := clustered(4_100, 2)
	partitions = partitions[:3]
	want, err := Silhouettes(t.Context(), p, partitions, nil, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	const points = 1000
	for _, c := range []struct {
		failLoad bool
		failFrom int64
		given    int64
	}{{given: 5}, {failLoad: true}, {failFrom: 1}, {failFrom: 3, given: 2}, {failFrom: 5, given: 4}} {
		for _, threads := range []int{1, 3} {
			t.Run(fmt.Sprintf("%+v/threads=%d", c, threads), func(t *testing.T) {
				h := &handy{points: points, failLoad: c.failLoad, failFrom: c.failFrom}
				on := *p
				on.Device = h
				var done atomic.Int64
				got, err := Silhouettes(t.Context(), &on, partitions, nil, threads, func(n int) { done.Add(int64(n)) })
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("another result (%v)", err)
				}
				if done.Load() != int64(p.N) || h.given.Load() != c.given || h.open.Load() != 0 {
					t.Errorf("%d rows told of, %d calls of %d served, %d loads open", done.Load(), h.given.Load(), c.given, h.open.Load())
				}
			})
		}
	}
}

// The device is left alone where there is little to do, and a run that is cancelled ends as without it.
func TestDeviceIsAskedWhereItPays(t *testing.T) {
	p, partitions := clustered(4_100, 2)
	h := &handy{points: 64}
	p.Device = h
	few := Sample(1, p.N, devicePairs/p.N)
	if _, err := Silhouettes(t.Context(), p, partitions[:1], few, 1, nil); err != nil || h.called.Load() != 0 {
		t.Errorf("%d calls for %d pairs (%v)", h.called.Load(), len(few)*p.N, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Silhouettes(ctx, p, partitions[:1], nil, 1, func(int) { cancel() })
	if !errors.Is(err, context.Canceled) || h.called.Load() != 1 || h.open.Load() != 0 {
		t.Errorf("error %v after %d calls, %d loads open", err, h.called.Load(), h.open.Load())
	}
}
