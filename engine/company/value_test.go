package company

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// value is what the records and the truth say of one customer's worth.
type value struct {
	segment                                    int
	wallet, consumables, service, share, score float64 // truth; euros a year
	potential, behaviour                       float64 // estimated from the records
	realised                                   float64 // the last year's revenue / the true wallet
	revenue                                    float64 // of the last year
	metered, serviced                          float64 // euros a year by the meters, missing ones imputed, and by the ages
	devices, unread                            int
	tier                                       string
}

func (v *value) estimate() string { return TierOf(v.potential, v.behaviour, v.realised) }

// values estimates every customer's value as well as the records allow: meters and ages at list prices, where a missing
// meter shows as much as the customer's others of that type do on average, or else costs as much as its others; revenue
// of the last twelve months over the true wallet; orders, recency and returns of the last twelve months.
func values(t *testing.T, cfg Config) []value {
	t.Helper()
	all, years := lastYear(t, cfg)
	end := mustDefaults(t, cfg).End.UnixMicro()
	prices := ListPrices()
	row := map[string]int{}
	for i, name := range prices.DeviceType {
		row[name] = i
	}
	type meters struct {
		cost float64 // of one type in proportion to usage
		n    int
	}
	var out []value
	for _, c := range *all {
		found := map[string]*value{}
		read := map[string]map[int]*meters{} // by customer and type; -1 = all types
		unread := map[string][]int{}         // types
		for i, id := range c.Devices.CustomerID {
			k := row[c.Devices.Type[i]]
			v := found[id]
			if v == nil {
				v = &value{}
				found[id], read[id] = v, map[int]*meters{-1: {}}
			}
			v.devices++
			years := float64(end-c.Devices.InstalledOn[i]) / (365 * 24 * 3600 * 1e6)
			v.serviced += float64(prices.ServicePerYear[k]) / 100 * (1 + float64(prices.ServiceGrowth[k])/100*years)
			if c.Devices.MonthlyUsage[i] == Missing {
				v.unread++
				unread[id] = append(unread[id], k)
				continue
			}
			if read[id][k] == nil {
				read[id][k] = &meters{}
			}
			cost := float64(c.Devices.MonthlyUsage[i]) * 12 / 1000 * float64(prices.ConsumablesPer[k]) / 100
			v.metered += cost
			for _, m := range []*meters{read[id][k], read[id][-1]} {
				m.cost, m.n = m.cost+cost, m.n+1
			}
		}
		for i, id := range c.Truth.CustomerID {
			v, y, tr := found[id], years[id], &c.Truth
			for _, k := range unread[id] {
				m := read[id][k]
				if m == nil {
					m = read[id][-1]
				}
				v.metered += m.cost / float64(m.n)
			}
			v.potential = v.metered + v.serviced
			v.segment, v.tier = int(tr.Segment[i]), tr.Tier[i]
			v.wallet, v.share = float64(tr.Wallet[i])/100, float64(tr.Realised[i])/10_000
			v.consumables, v.service = float64(tr.PotentialConsumables[i])/100, float64(tr.PotentialService[i])/100
			v.score = float64(tr.Behaviour[i]) / 100
			v.revenue = float64(y.revenue) / 100
			v.realised = v.revenue / v.wallet
			recency, returns := 365.0*5, 0.0
			if y.last > 0 {
				recency = float64(end-y.last) / (24 * 3600 * 1e6)
			}
			if y.all > 0 {
				returns = float64(y.back) / float64(y.all)
			}
			v.behaviour = BehaviourScore(float64(len(y.orders)), recency, returns)
			out = append(out, *v)
		}
	}
	return out
}

func quantile(x []float64, q float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[int(q*float64(len(x)-1))]
}

// of returns f of each value for which where holds (nil = all).
func of(vs []value, f func(v *value) float64, where func(v *value) bool) []float64 {
	var x []float64
	for i := range vs {
		if where == nil || where(&vs[i]) {
			x = append(x, f(&vs[i]))
		}
	}
	return x
}

func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, math.Sqrt(sd)
}

// spearman is the rank correlation of values without ties.
func spearman(x, y []float64) float64 {
	ranks := func(x []float64) []int {
		order := make([]int, len(x))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int { return int(math.Copysign(1, x[i]-x[j])) })
		r := make([]int, len(x))
		for rank, i := range order {
			r[i] = rank
		}
		return r
	}
	a, b := ranks(x), ranks(y)
	sum, n := 0.0, float64(len(x))
	for i := range a {
		sum += float64((a[i] - b[i]) * (a[i] - b[i]))
	}
	return 1 - 6*sum/(n*(n*n-1))
}

// Usage and ages at list prices are the planted demand: service to the rounded cent, consumables up to the meters' noise.
func TestInstalledBaseIsDemand(t *testing.T) {
	vs := values(t, Config{Customers: 5000, Seed: 5})
	read := func(v *value) bool { return v.unread == 0 }
	for i := range vs {
		if v := &vs[i]; math.Abs(v.serviced-v.service) > 0.005+1e-9*v.service {
			t.Fatalf("customer %d: ages say %.4f of service, truth says %.2f", i, v.serviced, v.service)
		} else if v.unread == v.devices {
			t.Fatalf("customer %d: none of %d meters is read", i, v.devices)
		}
	}
	// The spread lies between that of the customer alone and that with a single device's; six standard errors more. The
	// sum of devices with noise exp(e) exceeds that with none by at most exp(deviceSpread^2/2).
	noise := of(vs, func(v *value) float64 { return math.Log(v.metered / v.consumables) }, read)
	mean, sd := meanSD(noise)
	root := math.Sqrt(float64(len(noise)))
	if bound := 6*sd/root + deviceSpread*deviceSpread/2; math.Abs(mean) > bound {
		t.Errorf("meters show exp(%.5f) of the demand, want 0 +- %.5f", mean, bound)
	}
	low, high := meterSpread*(1-6/root/math.Sqrt2), math.Hypot(meterSpread, deviceSpread)*(1+6/root/math.Sqrt2)
	if sd < low || sd > high {
		t.Errorf("meters vary by %.4f around the demand, want %.4f to %.4f", sd, low, high)
	}
	within := of(vs, func(v *value) float64 { return v.consumables + v.service }, func(v *value) bool { return v.consumables+v.service <= v.wallet })
	if share := float64(len(within)) / float64(len(vs)); share < 0.98 {
		t.Errorf("only %.3f of the customers can pay for consumables and service from their wallets", share)
	}
	if m := quantile(of(vs, func(v *value) float64 { return v.service / v.wallet }, nil), 0.5); m < 0.08 || m > 0.15 {
		t.Errorf("half of the customers need less than %.3f of their wallet for service", m)
	}
	for k := 1; k <= 5; k++ {
		s := &Segments[k-1]
		m := quantile(of(vs, func(v *value) float64 { return v.consumables }, func(v *value) bool { return v.segment == k }), 0.5)
		// The median's standard error on the log scale is 1.25 x 0.33 / sqrt(700) < 0.016; atypical customers move it a little.
		if want := s.Wallet * s.Need; math.Abs(math.Log(m/want)) > 0.1 {
			t.Errorf("segment %d: half of the customers need less than %.0f of consumables, want about %.0f", k, m, want)
		}
	}
}

// What is planned shows in the records, in the same order of customers: with noise s on the log scale around values that
// vary by 0.44, the correlation is about 1/sqrt(1+(s/0.44)^2).
func TestRecordsFollowTruth(t *testing.T) {
	vs := values(t, Config{Customers: 3000, Seed: 9})
	for _, c := range []struct {
		what string
		x, y func(v *value) float64
		low  float64
	}{
		{"meters and consumables", func(v *value) float64 { return v.metered }, func(v *value) float64 { return v.consumables }, 0.98},
		{"revenue and what is realised", func(v *value) float64 { return v.revenue }, func(v *value) float64 { return v.wallet * v.share }, 0.97},
		{"behaviour and what was planned", func(v *value) float64 { return v.behaviour }, func(v *value) float64 { return v.score }, 0.93},
	} {
		if r := spearman(of(vs, c.x, nil), of(vs, c.y, nil)); r < c.low {
			t.Errorf("%s: rank correlation %.4f, want at least %.2f", c.what, r, c.low)
		} else {
			t.Logf("%s: rank correlation %.4f", c.what, r)
		}
	}
	// Orders come in whole numbers and not like clockwork; on average the score is what was planned.
	diff := of(vs, func(v *value) float64 { return v.behaviour - v.score }, nil)
	mean, sd := meanSD(diff)
	t.Logf("behaviour differs from what was planned by %.2f +- %.2f points", mean, sd)
	if math.Abs(mean) > 1 || sd > 5 {
		t.Errorf("behaviour differs from what was planned by %.2f +- %.2f points", mean, sd)
	}
}

// In the default company, the cuts are near the quantiles that they are named after, every tier has its customers, and
// an estimator that knows the wallet gets at least nine of ten tiers right: the rest is noise of the records, which no
// estimator can undo. Run with -v for the tables.
func TestTiersCanBeEstimated(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	vs := values(t, Config{Seed: 1})
	n := float64(len(vs))
	for i, q := range []float64{0.5, 0.8, 0.95} {
		below := of(vs, func(v *value) float64 { return 1 }, func(v *value) bool { return v.consumables+v.service < PotentialCuts[i] })
		if got := float64(len(below)) / n; math.Abs(got-q) > 0.015 {
			t.Errorf("%.4f of the customers have less potential than %.0f, want about %.2f", got, PotentialCuts[i], q)
		}
	}
	bySegment, byEstimate := map[string]*[6]int{}, map[string]map[string]int{}
	for _, tier := range Tiers {
		bySegment[tier], byEstimate[tier] = &[6]int{}, map[string]int{}
	}
	agree, potential, behaviour, share := 0, 0, 0, 0
	for i := range vs {
		v := &vs[i]
		bySegment[v.tier][0]++
		bySegment[v.tier][v.segment]++
		byEstimate[v.tier][v.estimate()]++
		count(&agree, v.tier == v.estimate())
		count(&potential, ClassOf(v.potential, PotentialCuts) != ClassOf(v.consumables+v.service, PotentialCuts))
		count(&behaviour, ClassOf(v.behaviour, BehaviourCuts) != ClassOf(v.score, BehaviourCuts))
		count(&share, ClassOf(v.realised, ShareCuts) != ClassOf(v.share, ShareCuts))
	}
	t.Logf("%-12s %6s %6s   segments 1..5", "tier", "all", "share")
	for _, tier := range Tiers {
		s := bySegment[tier]
		t.Logf("%-12s %6d %6.3f   %5d", tier, s[0], float64(s[0])/n, s[1:])
	}
	t.Logf("%-12s estimated as %s", "planted", strings.Join(Tiers, ", "))
	for _, tier := range Tiers {
		line := fmt.Sprintf("%-12s", tier)
		for _, other := range Tiers {
			line += fmt.Sprintf(" %6d", byEstimate[tier][other])
		}
		t.Log(line)
	}
	t.Logf("the ideal estimator's tiers agree for %.4f; its classes differ in potential for %.4f, behaviour %.4f, share %.4f",
		float64(agree)/n, float64(potential)/n, float64(behaviour)/n, float64(share)/n)
	if got := float64(agree) / n; got < 0.9 {
		t.Errorf("the ideal estimator gets %.4f of the tiers right, want at least 0.90", got)
	}
	for tier, bounds := range map[string][2]float64{
		"Key Account": {0.04, 0.06}, "A": {0.13, 0.18}, "B": {0.2, 0.3}, "C": {0.3, 0.45}, "D": {0.13, 0.2},
	} {
		if share := float64(bySegment[tier][0]) / n; share < bounds[0] || share > bounds[1] {
			t.Errorf("tier %s has %.3f of the customers, want %.2f to %.2f", tier, share, bounds[0], bounds[1])
		}
	}
	// Segment 2 is the best by revenue and behaviour, segment 3 the poorest.
	for _, low := range []string{"Key Account", "A"} {
		if s := bySegment[low]; s[2] < 5*s[3] {
			t.Errorf("tier %s has %d customers of segment 2 and %d of segment 3", low, s[2], s[3])
		}
	}
	if s := bySegment["D"]; 2*s[3] < s[0] {
		t.Errorf("tier D has %d customers, only %d of segment 3", s[0], s[3])
	}
}
