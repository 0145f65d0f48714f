package sweep

import (
	"slices"

	"segovia/kernels/problem"
	"segovia/kernels/rng"
)

// Tied rows stand for the members of accounts: all rows of one account are equal, and chance takes or leaves them together.
// Resamples, splits and references are drawn for accounts in their order, which is that of the heads' keys, as if each
// were one row, and every member takes what its account got: a cluster bootstrap (Davison and Hinkley 1997, section 3.8).

// check returns a SEG-BUG-001 where the accounts are not numbered as Input says.
func (in Input) check(cfg Config) error {
	if in.Accounts == nil {
		return nil
	}
	bug := func(what string) error {
		return &problem.Problem{ID: "SEG-BUG-001", What: "sweep of tied rows: " + what, Fix: "please report it"}
	}
	if len(in.Accounts) != in.Matrix.N || cfg.Replay != nil {
		return bug("not one account for each row, or given resamples")
	}
	seen := make([]int, in.units()) // first row + 1
	for i, a := range in.Accounts {
		if a < 0 {
			return bug("a number below 0")
		}
		if seen[a] == 0 {
			seen[a] = i + 1
		}
		for j := range in.Matrix.D {
			if in.Matrix.At(i, j) != in.Matrix.At(seen[a]-1, j) {
				return bug("rows of one account differ")
			}
		}
	}
	if slices.Contains(seen, 0) {
		return bug("a number without a row")
	}
	return nil
}

// units is the number of accounts, without them of rows: of what chance draws.
func (in Input) units() int {
	if in.Accounts == nil {
		return in.Matrix.N
	}
	return int(slices.Max(in.Accounts)) + 1
}

// tied is the number of accounts; 0 where rows stand for themselves.
func (in Input) tied() int {
	if in.Accounts == nil {
		return 0
	}
	return in.units()
}

// byRow returns weights of units as weights of rows.
func (in Input) byRow(units []uint16) []uint16 {
	if in.Accounts == nil || units == nil {
		return units
	}
	rows := make([]uint16, len(in.Accounts))
	for i, a := range in.Accounts {
		rows[i] = units[a]
	}
	return rows
}

// columnsOfUnits returns X with one row for each unit.
func (in Input) columnsOfUnits() [][]float64 {
	if in.Accounts == nil {
		return in.X
	}
	out := make([][]float64, len(in.X))
	for j, x := range in.X {
		out[j] = make([]float64, in.units())
		for i, a := range in.Accounts {
			out[j][a] = x[i]
		}
	}
	return out
}

// columnsByRow returns columns of units as columns of rows.
func (in Input) columnsByRow(units [][]float64) [][]float64 {
	if in.Accounts == nil {
		return units
	}
	out := make([][]float64, len(units))
	for j, x := range units {
		out[j] = make([]float64, len(in.Accounts))
		for i, a := range in.Accounts {
			out[j][i] = x[a]
		}
	}
	return out
}

// sample returns about n rows at random, whole accounts of them, and their accounts, numbered anew.
func (in Input) sample(s rng.Stream, n int) (rows []int, accounts []int32) {
	if in.Accounts == nil {
		return s.Sample(in.Matrix.N, n), nil
	}
	units := in.units()
	number := make([]int32, units)
	for _, a := range s.Sample(units, max(1, int(int64(units)*int64(n)/int64(in.Matrix.N)))) {
		number[a] = 1
	}
	last := int32(-1)
	for a, in := range number {
		number[a] = -1
		if in > 0 {
			last++
			number[a] = last
		}
	}
	for i, a := range in.Accounts {
		if number[a] >= 0 {
			rows, accounts = append(rows, i), append(accounts, number[a])
		}
	}
	return rows, accounts
}
