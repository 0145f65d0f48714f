package wallet

import (
	"fmt"
	"math"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// Config says how wallets are estimated. Its zero value means the defaults.
type Config struct {
	Quantile     float64 // of spend given the predictors that counts as the wallet, in (0, 1); 0 = 0.9
	Trees        int     // an even number is used; 0 = 100, at most 1000
	MinLeaf      int     // customers of a leaf at least; 0 = 15
	MaxRows      int     // customers that one tree draws at most; 0 = 32,768; never more than half the pool
	Pool         int     // customers that trees are grown on at most; 0 = 65,536, which is also the most that is possible
	Try          int     // predictors compared at a node; 0 = half of them, rounded up
	Holdout      float64 // share of the customers held out for the evaluation, in (0, 1); 0 = 0.2
	MinCustomers int     // fewer customers than this get no model; 0 = 200
	Seed         uint64
	Threads      int // 0 = all; changes no result
}

const (
	maxPool  = 1 << 16 // ranks are 16 bits
	maxTrees = 1000    // weights of one customer over all trees stay below 2^32 (see weightBits)
	// minPool is the least pool that a model is grown on, whatever MinCustomers says.
	minPool = 20
)

// defaults returns c with the defaults that zero values stand for. They were measured by BenchmarkChoices: the pinball loss on
// customers held out of a simulated market of 50,000, in per cent of that of one quantile for all; the true quantiles have
// 50.6. Scores: log1p of spend 51.9, its rank 52.2, Savage's scores 52.2, spend 53.0. MinLeaf: 52.2 with 5, 51.9 with 10 and
// with 15, 52.1 with 25, 52.6 with 50. Try, of 8 predictors: 53.1 with 2, 52.1 with 3, 51.9 with 4, 52.3 with 8. Trees: 52.1
// with 50, 51.9 with 100 and with 200. Of a market of 100,000 (true quantiles: 51.1), trees of at most 8,192 customers have
// 52.6, of 16,384 52.2, of 32,768 52.1; with leaves of 25 and a third of the predictors, pools of 8,192 have 54.8, of 16,384 53.5,
// of 65,536 52.3.
func (c Config) defaults() Config {
	or := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	if c.Quantile == 0 {
		c.Quantile = .9
	}
	if c.Holdout == 0 {
		c.Holdout = .2
	}
	or(&c.Trees, 100)
	or(&c.MinLeaf, 15)
	or(&c.MaxRows, 32768)
	or(&c.Pool, maxPool)
	or(&c.MinCustomers, 200)
	c.Trees += c.Trees % 2
	return c
}

// check returns SEG-CFG-008 for a setting outside its range and SEG-BUG-001 for input that a caller must not pass.
func (c Config) check(spend []float64, predictors []*table.Column) error {
	var l problem.List
	setting := func(ok bool, name string, value any, want string) {
		if !ok {
			l = append(l, &problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("%v is no possible value", value),
				Place: "wallet." + name, Fix: "Give " + want})
		}
	}
	setting(c.Quantile > 0 && c.Quantile < 1, "quantile", c.Quantile, "a number between 0 and 1, 0.9 for example")
	setting(c.Holdout > 0 && c.Holdout < 1, "holdout", c.Holdout, "a share between 0 and 1, 0.2 for example")
	setting(c.Trees > 0 && c.Trees <= maxTrees, "trees", c.Trees, fmt.Sprintf("a number from 2 to %d", maxTrees))
	setting(c.MinLeaf > 0, "min_leaf", c.MinLeaf, "a positive number")
	setting(c.MaxRows > 0, "max_rows", c.MaxRows, "a positive number")
	setting(c.Pool >= minPool && c.Pool <= maxPool, "pool", c.Pool, fmt.Sprintf("a number from %d to %d", minPool, maxPool))
	setting(c.Try >= 0, "try", c.Try, "a positive number")
	setting(c.MinCustomers > 0, "min_customers", c.MinCustomers, "a positive number")
	if l != nil {
		return l
	}
	for i, y := range spend {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return bug("the spend of customer %d is %g", i, y)
		}
	}
	for _, p := range predictors {
		n := len(p.Numbers)
		if p.Kind == table.Category {
			n = len(p.Strings)
		}
		if n != len(spend) {
			return bug("predictor %q has %d rows for %d customers", p.Name, n, len(spend))
		}
	}
	return nil
}

func bug(format string, args ...any) error {
	return &problem.Problem{ID: "SEG-BUG-001", What: "wallet: " + fmt.Sprintf(format, args...)}
}
