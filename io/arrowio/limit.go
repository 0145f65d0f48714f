package arrowio

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/kernels/problem"
)

// Guard runs fn and turns a panic inside it into an error. It is for calls into arrow only: panics of our own callers
// must stay visible.
func Guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); ok {
				err = fmt.Errorf("the reader gave up: %w", e)
			} else {
				err = fmt.Errorf("the reader gave up: %v", p)
			}
		}
	}()
	return fn()
}

// Damaged wraps err as a problem of the given id, unless it already is a Problem; that one gets the file's name if it has
// none.
func Damaged(id, file, what string, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		if p.File == "" {
			q := *p
			q.File = file
			return &q
		}
		return err
	}
	return &problem.Problem{ID: id, What: what, File: file, Why: err.Error(), Fix: "fetch or write the file again", Err: err}
}

// ErrTooMuch is what LimitAllocator panics with.
var ErrTooMuch = errors.New("the file asks for more memory than its size can justify")

// LimitAllocator serves single requests up to max bytes and panics with ErrTooMuch beyond, so that a length which slipped
// through all checks ends in Guard and not in the death of the process.
func LimitAllocator(mem memory.Allocator, max int64) memory.Allocator { return limiter{mem, max} }

type limiter struct {
	memory.Allocator
	max int64
}

func (l limiter) Allocate(n int) []byte {
	if int64(n) > l.max {
		panic(ErrTooMuch)
	}
	return l.Allocator.Allocate(n)
}

func (l limiter) Reallocate(n int, b []byte) []byte {
	if int64(n) > l.max {
		panic(ErrTooMuch)
	}
	return l.Allocator.Reallocate(n, b)
}
