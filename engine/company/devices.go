package company

import (
	"fmt"
	"math"
)

// deviceType is a machine with the consumables that it uses.
type deviceType struct {
	name   string
	weight int
	group  string  // product group of its consumables
	cost   float64 // euros of consumables per 1,000 operations
}

var deviceTypes = []deviceType{
	{"label_printer", 24, "labels_and_ribbons", 9},
	{"office_printer", 26, "toner_and_ink", 14},
	{"packing_machine", 18, "packaging_film", 22},
	{"floor_scrubber", 16, "cleaning_agents", 30},
	{"coffee_machine", 16, "coffee_and_filters", 45},
}

// devices appends the customer's installed base and returns the types in it, in the order of deviceTypes. The machines
// together use what the customer needs of consumables in a year, so that this need can be estimated from their meters.
func (g *generator) devices(t *Devices, cu *customer) []int {
	d := g.draws(streamDevices, cu.index)
	need := d.around(cu.plan.wallet*cu.plan.need, 0.35) // euros a year
	n := min(max(1, int(round(d.around(math.Sqrt(need/1_200), 0.4)))), 60)
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
		shares[i] = d.around(1, 0.5)
		sum += shares[i]
	}
	for i := range n {
		k := &deviceTypes[mix[i%kinds]]
		age := d.below(365 * 9)
		usage := max(1, round(need*shares[i]/sum/12/k.cost*1000))
		if n > 1 && d.chance(0.05) {
			usage = Missing
		}
		t.ID = append(t.ID, fmt.Sprintf("D%s%03d", cu.id[1:], i+1))
		t.CustomerID = append(t.CustomerID, cu.id)
		t.Type = append(t.Type, k.name)
		t.Rented = append(t.Rented, flag(d.chance(0.7)))
		t.InstalledOn = append(t.InstalledOn, micros(g.cfg.End.AddDate(0, 0, -1-age)))
		t.MonthlyUsage = append(t.MonthlyUsage, usage)
	}
	var types []int
	for i, ok := range has {
		if ok {
			types = append(types, i)
		}
	}
	return types
}
