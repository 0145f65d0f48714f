// Package blas is the path over gonum's BLAS: centroids times points by blas32.Gemm, in the expansion of the square that
// kernels/internal/expansion describes with its error bound. It is there to be compared, and taken only when named.
package blas

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"segovia/kernels"
	"segovia/kernels/internal/expansion"
)

// Path is the BLAS path. Its zero value works.
type Path struct{}

// Name returns "blas".
func (Path) Name() string { return "blas" }

// Available returns nil: gonum's BLAS is Go, with assembly where it has some.
func (Path) Available() error { return nil }

// Open returns a scorer for d dimensions.
func (Path) Open(d int) (kernels.Scorer, error) { return expansion.New(d, product), nil }

func product(g, c, x []float32, rows, d int) {
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas32.General{Rows: rows, Cols: d, Stride: d, Data: c},
		blas32.General{Rows: d, Cols: expansion.Chunk, Stride: expansion.Chunk, Data: x},
		0, blas32.General{Rows: rows, Cols: expansion.Chunk, Stride: expansion.Chunk, Data: g})
}
