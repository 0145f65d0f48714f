package lifetime

import (
	"math"

	"segovia/kernels/rng"
)

// dice are the random numbers of one simulated customer.
type dice struct {
	s        rng.Stream
	customer uint64
	thrown   uint64
}

// uniform returns a number in (0, 1).
func (d *dice) uniform() float64 {
	d.thrown++
	return d.s.Float64(d.thrown, d.customer) + 0x1p-54
}

func (d *dice) exponential(rate float64) float64 { return -math.Log(d.uniform()) / rate }

// gamma returns a gamma variate of a shape and scale 1 (Marsaglia, Tsang 2000).
func (d *dice) gamma(shape float64) float64 {
	if shape < 1 {
		return d.gamma(shape+1) * math.Pow(d.uniform(), 1/shape)
	}
	c := shape - 1.0/3
	for {
		x := math.Sqrt(-2*math.Log(d.uniform())) * math.Cos(2*math.Pi*d.uniform())
		v := math.Pow(1+x/math.Sqrt(9*c), 3)
		if v > 0 && math.Log(d.uniform()) < x*x/2+c-c*v+c*math.Log(v) {
			return c * v
		}
	}
}

// simulated is a customer's history and their orders in the weeks after it.
type simulated struct {
	History
	future int
}

// simulate draws n customers with ages uniform up to age, observed for some weeks more. R or B infinite mean that all
// customers are alike with rate r/alpha (Alpha) or that none leaves (A = 0).
func (m BGNBD) simulate(n int, age, weeks float64, seed uint64) []simulated {
	customers := make([]simulated, n)
	s := rng.New(seed, "simulate", 0, 0)
	for i := range customers {
		d := dice{s: s, customer: uint64(i)}
		c := &customers[i]
		c.Age = age * d.uniform()
		rate, leave := d.gamma(m.R)/m.Alpha, 0.0
		if m.A > 0 {
			g := d.gamma(m.A)
			leave = g / (g + d.gamma(m.B))
		}
		for t := d.exponential(rate); t < c.Age+weeks; t += d.exponential(rate) {
			if t <= c.Age {
				c.Repeats, c.ActiveSpan = c.Repeats+1, t
			} else {
				c.future++
			}
			if d.uniform() < leave {
				break
			}
		}
	}
	return customers
}

// histories returns what is known of simulated customers, in weeks rounded to days where days is set.
func histories(customers []simulated, days bool) []History {
	out := make([]History, len(customers))
	for i, c := range customers {
		out[i] = c.History
		if days {
			out[i].ActiveSpan, out[i].Age = math.Floor(c.ActiveSpan*7)/7, math.Floor(c.Age*7)/7
		}
	}
	return out
}

// simulate draws the mean spends of customers with numbers of repeats given.
func (g GammaGamma) simulate(repeats []int, seed uint64) []Spend {
	out := make([]Spend, len(repeats))
	s := rng.New(seed, "simulate spend", 0, 0)
	for i, x := range repeats {
		d := dice{s: s, customer: uint64(i)}
		nu := d.gamma(g.Q) / g.V
		if out[i].Repeats = x; x > 0 {
			out[i].Mean = d.gamma(g.P*float64(x)) / nu / float64(x)
		}
	}
	return out
}
