package company

import (
	"fmt"
	"math"
)

// deviceType is a machine with the consumables that it uses and the service that it needs.
type deviceType struct {
	name    string
	weight  int
	group   string  // product group of its consumables
	cost    float64 // euros of consumables per 1,000 operations, in whole cents
	service int64   // euros of service a year for a new machine
	growth  int64   // of the service with each year of age, in percent of a new machine's
}

var deviceTypes = []deviceType{
	{"label_printer", 24, "labels_and_ribbons", 9, 440, 5},
	{"office_printer", 26, "toner_and_ink", 14, 520, 6},
	{"packing_machine", 18, "packaging_film", 22, 660, 9},
	{"floor_scrubber", 16, "cleaning_agents", 30, 600, 8},
	{"coffee_machine", 16, "coffee_and_filters", 45, 560, 7},
}

// Standard deviations, on the log scale, of what the meters show around what is used: of all of a customer's machines
// together (a year's use is more or less than what was planned) and of each one. With twice as much, too many customers
// fall on the other side of a cut of their potential for nine of ten tiers to be found (TestTiersCanBeEstimated).
const (
	meterSpread  = 0.04
	deviceSpread = 0.04
)

// daysPerYear counts ages and rates.
const daysPerYear = 365

// base is what the rest of a customer's records need to know of its machines.
type base struct {
	types   []int // indexes in deviceTypes, ascending
	service int64 // what the machines' service costs in a year, in cents
}

// devices appends the customer's installed base. The machines together use what the customer needs of consumables in a
// year, so that this need can be estimated from their meters; how many they are follows it loosely.
func (g *generator) devices(t *Devices, cu *customer) base {
	d, meters := g.draws(streamDevices, cu.index), g.draws(streamMeters, cu.index)
	need := float64(cu.plan.wallet * cu.plan.need) // euros a year
	n := min(max(1, int(round(d.around(math.Sqrt(d.around(need, 0.35)/1_200), 0.4)))), 60)
	used := meters.around(need, meterSpread)
	kinds := min(1+d.below(3), n, len(deviceTypes))
	weights := make([]int, len(deviceTypes))
	for i := range deviceTypes {
		weights[i] = deviceTypes[i].weight
	}
	mix := make([]int, kinds)
	has := make([]bool, len(deviceTypes))
	for i := range mix {
		mix[i] = d.pick(weights)
		has[mix[i]] = true
	}
	shares, sum := make([]float64, n), 0.0
	for i := range shares {
		shares[i] = d.around(1, 0.35)
		sum += shares[i]
	}
	unread := 0
	var service int64 // in 1/serviceUnit cents
	for i := range n {
		k := &deviceTypes[mix[i%kinds]]
		age := 1 + d.below(daysPerYear*9) // days at the end of the history
		usage := max(1, round(meters.around(used*shares[i]/sum/12/k.cost*1000, deviceSpread)))
		if n > 1 && d.chance(0.05) && unread < n-1 { // some meter is always read
			usage = Missing
			unread++
		}
		service += k.yearlyService(age)
		t.ID = append(t.ID, fmt.Sprintf("D%s%03d", cu.id[1:], i+1))
		t.CustomerID = append(t.CustomerID, cu.id)
		t.Type = append(t.Type, k.name)
		t.Rented = append(t.Rented, flag(d.chance(0.7)))
		t.InstalledOn = append(t.InstalledOn, micros(g.cfg.End.AddDate(0, 0, -age)))
		t.MonthlyUsage = append(t.MonthlyUsage, usage)
	}
	b := base{service: (service + serviceUnit/2) / serviceUnit}
	for i, ok := range has {
		if ok {
			b.types = append(b.types, i)
		}
	}
	return b
}

// serviceUnit is a cent in the unit of yearlyService.
const serviceUnit = daysPerYear

// yearlyService is what the service of a machine of this age in days costs in a year, exactly, in 1/serviceUnit cents:
// service * (1 + growth * age in years).
func (k *deviceType) yearlyService(age int) int64 {
	return k.service * (100*daysPerYear + k.growth*int64(age))
}
