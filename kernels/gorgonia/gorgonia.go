// Package gorgonia is the path over a gorgonia expression graph: centroids times points as a node that a tape machine
// runs, in the expansion of the square that kernels/internal/expansion describes with its error bound. It is there to be
// compared, and taken only when named.
package gorgonia

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"segovia/kernels"
	"segovia/kernels/internal/expansion"
)

// Path is the gorgonia path. Its zero value works.
type Path struct{}

// Name returns "gorgonia".
func (Path) Name() string { return "gorgonia" }

// Available returns nil: the expression graph runs in Go.
func (Path) Available() error { return nil }

// Open returns a scorer for d dimensions.
func (Path) Open(d int) (kernels.Scorer, error) {
	s := &scorer{programs: map[int]*program{}}
	s.Scorer = expansion.New(d, s.product)
	return s, nil
}

type scorer struct {
	*expansion.Scorer
	programs map[int]*program // by number of centroids, in steps of rowStep
}

// rowStep is the step in which numbers of centroids are rounded up, so that few graphs are compiled.
const rowStep = 16

// program is a compiled graph g = c x and the memory of its inputs.
type program struct {
	c, x    []float32
	result  gorgonia.Value
	machine gorgonia.VM
}

// newProgram compiles the product of rows x d and d x Chunk. d is at least 2: gorgonia takes a matrix with one column for
// a vector and would choose another operation.
func newProgram(rows, d int) (*program, error) {
	p := &program{c: make([]float32, rows*d), x: make([]float32, d*expansion.Chunk)}
	graph := gorgonia.NewGraph()
	input := func(name string, data []float32, shape ...int) *gorgonia.Node {
		value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
		return gorgonia.NewMatrix(graph, tensor.Float32, gorgonia.WithName(name), gorgonia.WithShape(shape...), gorgonia.WithValue(value))
	}
	g, err := gorgonia.Mul(input("c", p.c, rows, d), input("x", p.x, d, expansion.Chunk))
	if err != nil {
		return nil, err
	}
	gorgonia.Read(g, &p.result)
	p.machine = gorgonia.NewTapeMachine(graph)
	return p, nil
}

// product is an expansion.Product.
func (s *scorer) product(g, c, x []float32, rows, d int) {
	padded := (rows + rowStep - 1) / rowStep * rowStep
	p := s.programs[padded]
	if p == nil {
		var err error
		if p, err = newProgram(padded, max(d, 2)); err != nil {
			panic(fmt.Sprintf("BUG: gorgonia: graph of %d x %d: %v", padded, d, err))
		}
		s.programs[padded] = p
	}
	if d == 1 { // the second column stays zero
		for r, v := range c {
			p.c[2*r] = v
		}
	} else {
		copy(p.c, c)
	}
	copy(p.x, x)
	if err := p.machine.RunAll(); err != nil {
		panic(fmt.Sprintf("BUG: gorgonia: product of %d x %d: %v", padded, d, err))
	}
	copy(g, p.result.Data().([]float32))
	p.machine.Reset()
}

// Close closes the machines.
func (s *scorer) Close() error {
	for _, p := range s.programs {
		if err := p.machine.Close(); err != nil {
			return fmt.Errorf("gorgonia: close: %w", err)
		}
	}
	return nil
}
