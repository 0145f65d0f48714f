package par

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestEachVisitsAllOnce(t *testing.T) {
	for n := range 40 {
		for threads := 1; threads < 9; threads++ {
			seen := make([]int, n)
			err := Each(context.Background(), threads, n, func(worker, i int) error {
				if worker < 0 || worker >= threads {
					return fmt.Errorf("worker %d", worker)
				}
				seen[i]++
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range seen {
				if s != 1 {
					t.Fatalf("n=%d threads=%d: %d visited %d times", n, threads, i, s)
				}
			}
		}
	}
}

func TestEachReturnsTheFirstError(t *testing.T) {
	for range 50 {
		err := Each(context.Background(), 4, 1000, func(_, i int) error {
			if i >= 10 {
				return fmt.Errorf("%d", i)
			}
			return nil
		})
		if err == nil || err.Error() != "10" {
			t.Fatalf("got %v, want the error of 10", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Each(ctx, 2, 10, func(_, _ int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
}
