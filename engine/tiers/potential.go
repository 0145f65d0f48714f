package tiers

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
	"segovia/engine/wallet"
)

// installedBase is what the folded device features tell of each customer, by device type.
type installedBase struct {
	types   []string
	devices [][]float64 // by type and customer
	usage   [][]float64 // a year, with unmetered devices taken to be used like the customer's others of the type, else like all
	age     [][]float64 // years, summed over the devices
	metered []bool      // by type: some device has a meter
}

// readBase collects the columns that Features asked for.
func (e *estimator) readBase(p *Potential, r *PotentialReport) *installedBase {
	n := e.in.Table.Rows()
	of := func(name string) map[string]*table.Column {
		out := map[string]*table.Column{}
		for _, c := range e.in.Hidden {
			if level, ok := strings.CutPrefix(c.Name, internal+name+"_"); ok {
				out[level] = c
			}
		}
		return out
	}
	devices, usage, metered, age := of("devices"), of("usage"), of("metered"), of("age")
	b := &installedBase{}
	for level := range devices {
		b.types = append(b.types, level)
	}
	total := func(c *table.Column) float64 {
		if c == nil {
			return 0
		}
		return exact.Sum(c.Numbers)
	}
	slices.SortFunc(b.types, func(x, y string) int {
		return cmp.Or(cmp.Compare(total(devices[y]), total(devices[x])), strings.Compare(x, y))
	})
	numbers := func(c *table.Column) []float64 {
		if c == nil {
			return make([]float64, n)
		}
		return c.Numbers
	}
	for _, t := range b.types {
		count, used, read := numbers(devices[t]), numbers(usage[t]), numbers(metered[t])
		if p.Usage == "" {
			read = make([]float64, n)
		}
		info := DeviceType{Type: t, Devices: int64(exact.Sum(count))}
		allRead := exact.Sum(read)
		mean := 0.0 // usage a year of one device
		if allRead > 0 {
			mean = float64(exact.Sum(used) / allRead * p.PeriodsPerYear)
		}
		info.MeanUsage = mean
		r.Devices += info.Devices
		if p.Usage != "" {
			r.Unmetered += info.Devices - int64(allRead)
		}
		yearly := make([]float64, n)
		years := make([]float64, n)
		days := numbers(age[t])
		for i := range yearly {
			if read[i] > 0 {
				yearly[i] = float64(used[i]*p.PeriodsPerYear) * (count[i] / read[i])
			} else {
				yearly[i] = float64(count[i] * mean)
			}
			years[i] = days[i] / 365
		}
		b.devices, b.usage, b.age = append(b.devices, count), append(b.usage, yearly), append(b.age, years)
		b.metered = append(b.metered, allRead > 0)
		r.Types = append(r.Types, info)
	}
	return b
}

// potential estimates the yearly demand of the installed base, by price list where there is one, else with prices learned
// from the customers who spend most for what they have.
func (e *estimator) potential(ctx context.Context) error {
	p := e.cfg.Potential
	r := &PotentialReport{Source: p.From, Learned: []LearnedPart{}, Types: []DeviceType{}}
	base := e.readBase(p, r)
	n := e.in.Table.Rows()
	consumables, err := e.demand(ctx, part{
		name: "consumables", label: tx("Verbrauchsmaterial", "consumables"), feature: cmp.Or(p.Consumables, e.roles.Revenue), place: "tiers.potential.consumables",
		price: func(t string) (a, b *float64) {
			q := p.Prices[t]
			return q.ConsumablesPerUnit, q.ConsumablesPerYear
		},
		keep:   func(at int, a, b float64) { r.Types[at].ConsumablesPerUnit, r.Types[at].ConsumablesPerYear = a, b },
		first:  base.usage,
		second: base.devices,
		// What has no meter can only be priced by the year.
		learnFirst: func(t int) bool { return base.metered[t] }, learnSecond: func(t int) bool { return !base.metered[t] },
	}, base, r)
	if err != nil {
		return err
	}
	service, err := e.demand(ctx, part{
		name: "service", label: tx("Service", "service"), feature: p.Service, place: "tiers.potential.service",
		price: func(t string) (a, b *float64) {
			q := p.Prices[t]
			if q.ServicePerYear == nil || q.ServiceGrowth == nil { // growth of what is not known tells nothing
				return q.ServicePerYear, nil
			}
			growth := float64(*q.ServicePerYear * *q.ServiceGrowth)
			return q.ServicePerYear, &growth
		},
		keep: func(at int, a, b float64) {
			r.Types[at].ServicePerYear = a
			if a > 0 {
				r.Types[at].ServiceGrowth = b / a
			}
		},
		first: base.devices, second: base.age,
		learnFirst: func(int) bool { return true }, learnSecond: func(int) bool { return p.Installed != "" },
	}, base, r)
	if err != nil {
		return err
	}
	sum := make([]float64, n)
	for i := range sum {
		sum[i] = consumables[i] + service[i]
	}
	r.Consumables, r.Service = exact.Sum(consumables), exact.Sum(service)
	e.hold("potential_consumables", "currency", consumables, "demand of consumables by the installed base, a year", tx("Potenzial Verbrauchsmaterial", "potential of consumables"))
	e.hold("potential_service", "currency", service, "demand of service by the installed base, a year", tx("Potenzial Service", "potential of service"))
	e.add("potential", "currency", sum, "potential_consumables + potential_service", tx("Potenzial der Geräte", "potential of the installed base"))
	e.report.Potential = r
	return nil
}

// part is one part of the demand: sum over types of a * first + b * second.
type part struct {
	name, feature, place    string
	label                   Text
	price                   func(deviceType string) (a, b *float64)
	keep                    func(at int, a, b float64)
	first, second           [][]float64
	learnFirst, learnSecond func(at int) bool
}

// demand returns the part's demand by customer. Types without any known price have theirs learned, by linear quantile
// regression of the spend that the known prices leave, if there is a feature with the spend.
func (e *estimator) demand(ctx context.Context, p part, base *installedBase, r *PotentialReport) ([]float64, error) {
	n := e.in.Table.Rows()
	out := make([]float64, n)
	type unknownPrice struct {
		at     int
		second bool
	}
	var open []unknownPrice
	prices := make([][2]float64, len(base.types))
	for at, t := range base.types {
		a, b := p.price(t)
		if a == nil && b == nil {
			if p.learnFirst(at) {
				open = append(open, unknownPrice{at, false})
			}
			if p.learnSecond(at) {
				open = append(open, unknownPrice{at, true})
			}
			continue
		}
		for i, v := range []*float64{a, b} {
			if v != nil {
				prices[at][i] = *v
			}
		}
	}
	apply := func() {
		for i := range out {
			out[i] = 0
		}
		for at := range base.types {
			a, b := prices[at][0], prices[at][1]
			for i := range out {
				out[i] += float64(a*p.first[at][i]) + float64(b*p.second[at][i])
			}
		}
	}
	apply()
	if len(open) == 0 || p.feature == "" {
		for at := range base.types {
			p.keep(at, prices[at][0], prices[at][1])
		}
		return out, nil
	}
	spend, err := e.in.column(p.feature, p.place)
	if err != nil {
		return nil, err
	}
	yearly := e.in.yearly(p.feature)
	left := make([]float64, n)
	for i, v := range spend.Numbers {
		if v == v {
			left[i] = float64(v*yearly) - out[i]
		}
	}
	units, names := make([][]float64, len(open)), make([]string, len(open))
	for j, u := range open {
		units[j], names[j] = p.first[u.at], base.types[u.at]
		if u.second {
			units[j], names[j] = p.second[u.at], base.types[u.at]+" by age"
		}
	}
	learned, err := wallet.FitDemand(ctx, left, units, names, wallet.DemandConfig{Quantile: e.cfg.Potential.Quantile, Seed: e.cfg.Seed, Threads: e.cfg.Threads})
	if err != nil {
		return nil, err
	}
	if learned.Reason != "" {
		e.warn("Preise für "+p.label.DE+" wurden nicht gelernt: "+learned.ReasonDE, "prices of "+p.label.EN+" were not learned: "+learned.Reason)
	} else {
		for j, u := range open {
			second := 0
			if u.second {
				second = 1
			}
			prices[u.at][second] = learned.Coefficient[j]
			at := slices.IndexFunc(learned.Without, func(w wallet.Unused) bool { return w.Predictor == names[j] })
			if at < 0 {
				r.Types[u.at].Learned = true
			} else {
				e.warn("Kein Preis für "+p.label.DE+" von "+names[j]+": die Geräte sind leer oder nicht von anderen zu trennen", "no price for "+p.label.EN+" of "+names[j]+": "+learned.Without[at].Reason)
			}
		}
		apply()
		r.Learned = append(r.Learned, LearnedPart{Part: p.name, Quantile: e.cfg.Potential.Quantile, Rows: learned.Rows, Coverage: learned.Coverage, Pinball: learned.Loss})
	}
	for at := range base.types {
		p.keep(at, prices[at][0], prices[at][1])
	}
	return out, nil
}
