// Package par runs independent pieces of work on several goroutines so that results land by index and the error returned
// is the one that a single goroutine would have met first.
package par

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Threads returns n, or the number of usable processors where n is not positive.
func Threads(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// Each calls f(worker, i) for every i below n on at most threads goroutines; worker counts them from 0. After an error no
// new i is begun, and the error of the lowest i is returned; likewise when ctx ends, whose error then is returned.
func Each(ctx context.Context, threads, n int, f func(worker, i int) error) error {
	threads = min(Threads(threads), n)
	var (
		next    atomic.Int64
		failed  atomic.Bool
		mu      sync.Mutex
		firstAt = n
		first   error
		wg      sync.WaitGroup
	)
	for worker := range threads {
		wg.Go(func() {
			for !failed.Load() && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(worker, i); err != nil {
					failed.Store(true)
					mu.Lock()
					if i < firstAt {
						firstAt, first = i, err
					}
					mu.Unlock()
					return
				}
			}
		})
	}
	wg.Wait()
	if first != nil {
		return first
	}
	return ctx.Err()
}
