package wallet

import (
	"context"
	"fmt"
	"math"

	"segovia/kernels/problem"
	"segovia/kernels/rng"
)

// DemandConfig says how a demand per unit is learned. Its zero value means the defaults.
type DemandConfig struct {
	Quantile  float64 // of y given x, in (0, 1); 0 = 0.9
	MaxRows   int     // rows used at most, a random sample of them; 0 = 200,000
	Intercept bool    // adds a non-negative demand of customers without units, reported as Demand.Intercept
	Tolerance float64 // gap to the proven optimum, as a share of the loss, at which the search ends; 0 = 1e-8
	MaxIter   int     // 0 = 100
	Seed      uint64
	Threads   int // 0 = all; changes no result
}

// Demand is y = Intercept + sum of Coefficient[j] x[j], the estimated quantile of y, with no coefficient below 0.
type Demand struct {
	// Reason says why nothing could be learned, as a clause without full stop; empty where it could. Coefficients then are 0.
	Reason      string
	ReasonDE    string    // the same in German
	Coefficient []float64 // unit of y per unit of x[j], by column; 0 for a column without information
	Intercept   float64
	Loss        float64 // mean pinball loss over the rows used, in the unit of y
	// Bound is the least loss that any coefficients could have, by the dual program: Loss - Bound is how much may be missing.
	Bound      float64
	Coverage   float64 // share of the rows used with y at most the estimate
	Rows       int     // used: those of the sample with a number in every column and not only zeros
	LeftOut    int     // rows of the sample that were not used
	Iterations int
	Converged  bool
	Without    []Unused // columns that tell nothing, with the reason: in the order of the columns
}

func (c DemandConfig) defaults() DemandConfig {
	if c.Quantile == 0 {
		c.Quantile = .9
	}
	if c.MaxRows == 0 {
		c.MaxRows = 200_000
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-8
	}
	if c.MaxIter == 0 {
		c.MaxIter = 100
	}
	return c
}

// maxUnits bounds the columns of FitDemand: a step factors a matrix of that order.
const maxUnits = 200

// FitDemand returns the coefficients >= 0 that minimise the pinball loss of y, one value per row, given the columns x of the
// same rows, with their names. Rows with a missing (NaN) or infinite number are left out, and so are those with nothing
// but zeros, which tell nothing about coefficients. It returns SEG-CFG-008 for a configuration that cannot be and
// SEG-BUG-001 for columns of other lengths, too many of them, or names of another number.
func FitDemand(ctx context.Context, y []float64, x [][]float64, names []string, cfg DemandConfig) (*Demand, error) {
	cfg = cfg.defaults()
	switch {
	case !(cfg.Quantile > 0 && cfg.Quantile < 1):
		return nil, &problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("%g is no possible value", cfg.Quantile),
			Place: "wallet.demand.quantile", Fix: "Give a number between 0 and 1, 0.9 for example"}
	case cfg.MaxRows < 0 || cfg.MaxIter < 0 || !(cfg.Tolerance > 0):
		return nil, &problem.Problem{ID: "SEG-CFG-008", What: "rows, iterations and tolerance must be positive", Place: "wallet.demand"}
	case len(x) > maxUnits || len(names) != len(x):
		return nil, bug("%d columns with %d names, at most %d are possible", len(x), len(names), maxUnits)
	}
	for j, c := range x {
		if len(c) != len(y) {
			return nil, bug("column %q has %d rows for %d of y", names[j], len(c), len(y))
		}
	}
	p := compress(y, x, cfg)
	d := &Demand{Coefficient: make([]float64, len(x)), Rows: len(p.y), LeftOut: p.leftOut}
	if len(p.y) == 0 {
		d.Reason, d.ReasonDE = "no row has units", "keine Zeile hat Einheiten"
		return d, nil
	}
	p.normalise()
	keep, err := p.independent(ctx, cfg.Threads)
	if err != nil {
		return nil, err
	}
	used := 0
	for j, reason := range keep {
		if reason == "" {
			used++
		} else if j < len(x) {
			d.Without = append(d.Without, Unused{names[j], reason})
		}
	}
	if used == 0 {
		d.Reason, d.ReasonDE = "no column tells anything", "keine Spalte sagt etwas aus"
		return d, nil
	}
	p.restrict(keep)
	s, err := p.solve(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d.Iterations, d.Converged = s.iterations, s.converged
	for k, j := range p.columns {
		// Undo the normalisation.
		v := s.beta[k] / p.scale[j] * p.unit
		if j == len(x) {
			d.Intercept = v
		} else {
			d.Coefficient[j] = v
		}
	}
	d.Loss, d.Bound = s.loss*p.unit, s.bound*p.unit
	d.Coverage = s.coverage
	return d, nil
}

// program is the rows of a linear quantile regression with few non-zero entries per row, in units in which y and the columns
// have a mean magnitude of 1.
type program struct {
	y       []float64
	start   []int // entries of row i are start[i] to start[i+1]
	entry   []entry
	columns []int     // number of the column of each coefficient, ascending
	scale   []float64 // by column: mean magnitude
	unit    float64   // mean magnitude of y
	leftOut int
}

type entry struct {
	column int32
	value  float64
}

// compress keeps the non-zero entries of the sampled rows. With an intercept, a last column of ones follows those of x.
func compress(y []float64, x [][]float64, cfg DemandConfig) *program {
	p := &program{start: []int{0}}
	rows := rng.New(cfg.Seed, "demand rows", 0, 0).Sample(len(y), cfg.MaxRows)
	finite := func(v float64) bool { return v-v == 0 }
	for _, i := range rows {
		from, ok := len(p.entry), finite(y[i])
		for j, c := range x {
			if v := c[i]; v != 0 {
				p.entry = append(p.entry, entry{int32(j), v})
				ok = ok && finite(v)
			}
		}
		if cfg.Intercept {
			p.entry = append(p.entry, entry{int32(len(x)), 1})
		}
		if !ok || len(p.entry) == from {
			p.entry = p.entry[:from]
			p.leftOut++
			continue
		}
		p.y = append(p.y, y[i])
		p.start = append(p.start, len(p.entry))
	}
	for j := range x {
		p.columns = append(p.columns, j)
	}
	if cfg.Intercept {
		p.columns = append(p.columns, len(x))
	}
	return p
}

// normalise divides y and the columns by their mean magnitudes, where these are not 0. Scaling each value before the sum
// keeps it from overflowing.
func (p *program) normalise() {
	n := float64(len(p.y))
	p.scale = make([]float64, len(p.columns))
	for _, e := range p.entry {
		p.scale[e.column] += math.Abs(e.value) / n
	}
	for _, v := range p.y {
		p.unit += math.Abs(v) / n
	}
	if p.unit == 0 {
		p.unit = 1
	}
	for i := range p.y {
		p.y[i] /= p.unit
	}
	for i := range p.entry {
		p.entry[i].value /= p.scale[p.entry[i].column]
	}
}

// collinear is the share of a column's squares that the columns before it must leave unexplained.
const collinear = 1e-10

// independent returns, by column, why it tells nothing: "" for those that do. A column is without information if it is 0 in
// all rows, or a combination of those before it, up to the share collinear of its squares (a Cholesky factorisation of the
// squares and products, which leaves such columns out).
func (p *program) independent(ctx context.Context, threads int) ([]string, error) {
	m := len(p.columns)
	a, err := p.gram(ctx, threads, nil)
	if err != nil {
		return nil, err
	}
	reasons := make([]string, m)
	for j := range m {
		if a[j*m+j] == 0 {
			reasons[j] = "it is 0 in all rows"
			continue
		}
		left := a[j*m+j]
		for k := range j {
			if reasons[k] != "" {
				continue
			}
			v := a[j*m+k]
			for l := range k {
				if reasons[l] == "" {
					v -= float64(a[j*m+l] * a[k*m+l])
				}
			}
			v /= a[k*m+k]
			a[j*m+k] = v
			left -= float64(v * v)
		}
		if left <= collinear*a[j*m+j] {
			reasons[j] = "it is a combination of the columns before it"
			continue
		}
		a[j*m+j] = math.Sqrt(left)
	}
	return reasons, nil
}

// restrict takes the columns with a reason out of the program.
func (p *program) restrict(reasons []string) {
	number := make([]int32, len(reasons))
	p.columns = p.columns[:0]
	for j, r := range reasons {
		number[j] = int32(len(p.columns))
		if r == "" {
			p.columns = append(p.columns, j)
		}
	}
	kept, from := 0, 0
	for i := range p.y {
		to := p.start[i+1]
		for _, e := range p.entry[from:to] {
			if reasons[e.column] == "" {
				p.entry[kept] = entry{number[e.column], e.value}
				kept++
			}
		}
		from, p.start[i+1] = to, kept
	}
	p.entry = p.entry[:kept]
}
