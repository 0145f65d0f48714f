package wallet

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
	"segovia/kernels/rng"
)

// market is simulated customers with what is hidden in practice: their true wallets and the true conditional quantiles.
type market struct {
	spend, wallet []float64
	columns       []*table.Column
	quantile      []float64 // of spend given the predictors, at 0.9
}

// simulate draws customers whose log wallet is a function of employees, devices and industry plus noise of standard
// deviation sigma. 30 % of them are well served (about 0.88 of the wallet is spent here), the others spend 0.1 to 0.35 of
// it. Devices is missing for one in ten; region has 200 levels without meaning, and so have three numbers.
func simulate(n int, sigma float64, seed uint64) *market {
	m := &market{spend: make([]float64, n), wallet: make([]float64, n)}
	s := rng.New(seed, "wallet market", 0, 0)
	number := func(name string) *table.Column {
		c := &table.Column{Name: name, Kind: table.Number, Numbers: make([]float64, n)}
		m.columns = append(m.columns, c)
		return c
	}
	text := func(name string) *table.Column {
		c := &table.Column{Name: name, Kind: table.Category, Strings: make([]string, n), Missing: make([]bool, n)}
		m.columns = append(m.columns, c)
		return c
	}
	employees, devices, noise1, noise2, noise3 := number("employees"), number("devices"), number("noise 1"), number("noise 2"), number("noise 3")
	industry, region, legal := text("industry"), text("region"), text("legal form")
	centre := make([]float64, n)
	for i := range n {
		at := uint64(i)
		normal := func(step uint64) float64 { return exact.Normal(s, step, at) }
		size := normal(1)
		employees.Numbers[i] = math.Ceil(exact.Exp(3 + 1.2*size))
		d := math.Floor(exact.Exp(1 + .8*size + .5*normal(2)))
		devices.Numbers[i] = d
		if s.Below(10, 3, at) == 0 {
			devices.Numbers[i], d = math.NaN(), 2
		}
		noise1.Numbers[i], noise2.Numbers[i], noise3.Numbers[i] = normal(4), normal(5), float64(s.Below(5, 6, at))
		trade := s.Below(12, 7, at)
		industry.Strings[i] = fmt.Sprintf("industry %02d", trade*7%12)
		region.Strings[i] = fmt.Sprintf("region %03d", s.Below(200, 8, at))
		if s.Below(20, 9, at) == 0 {
			region.Strings[i], region.Missing[i] = "", true
		}
		legal.Strings[i] = []string{"AG", "GmbH", "KG"}[s.Below(3, 10, at)]
		centre[i] = 7 + .5*exact.Log(employees.Numbers[i]) + .6*exact.Log1p(d) + .1*float64(trade)
		m.wallet[i] = exact.Exp(centre[i] + sigma*normal(11))
		share := .1 + .25*s.Float64(12, at)
		if s.Float64(13, at) < .3 {
			share = .88 * exact.Exp(.05*normal(14))
		}
		m.spend[i] = math.Round(100*m.wallet[i]*share) / 100
	}
	shift := shareQuantile(sigma, .9)
	for _, c := range centre {
		m.quantile = append(m.quantile, exact.Exp(c+shift))
	}
	return m
}

// shareQuantile is the tau-quantile of log spend less its centre in simulate, by bisection on its distribution function.
func shareQuantile(sigma, tau float64) float64 {
	phi := func(z float64) float64 { return .5 * math.Erfc(-z/math.Sqrt2) }
	low, high := -20., 20.
	for range 100 {
		mid := (low + high) / 2
		p := .3 * phi((mid-math.Log(.88))/math.Hypot(sigma, .05))
		for k := range 1000 {
			p += .7 / 1000 * phi((mid-math.Log(.1+.25*(float64(k)+.5)/1000))/sigma)
		}
		if p < tau {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// rankCorrelation is Spearman's.
func rankCorrelation(a, b []float64) float64 {
	return correlation(averageRanks(a), averageRanks(b))
}

// averageRanks are the ranks from 0, the mean rank where values are equal.
func averageRanks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	r := make([]float64, len(x))
	for from := 0; from < len(x); {
		to := from
		for to+1 < len(x) && x[order[to+1]] == x[order[from]] {
			to++
		}
		for k := from; k <= to; k++ {
			r[order[k]] = float64(from+to) / 2
		}
		from = to + 1
	}
	return r
}

func correlation(a, b []float64) float64 {
	ma, mb := exact.Mean(a), exact.Mean(b)
	_, sa := exact.SD(a, false)
	_, sb := exact.SD(b, false)
	return exact.Covariance(a, b, ma, mb) / sa / sb
}

func TestShareQuantile(t *testing.T) {
	m := simulate(200_000, .5, 1)
	under := 0
	for i, y := range m.spend {
		if y <= m.quantile[i] {
			under++
		}
	}
	// Four standard errors of a share of 0.9.
	if share := float64(under) / 200_000; math.Abs(share-.9) > 4*.3/math.Sqrt(200_000) {
		t.Errorf("%.4f of the spends lie under their true 0.9-quantile", share)
	}
}
