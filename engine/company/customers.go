package company

import (
	"fmt"
	"math"
	"time"
)

// A customer's records share these.
type customer struct {
	index int
	id    string
	plan  plan
	place place
	since int // first day of the history with records of it; negative = it came before
	until int // first day without orders: it has left, or the history ends
}

// accountBlock customers in a row are divided into accounts: most of one customer, some of a head and subsidiaries.
const accountBlock = 16

// accounts returns, for each customer of a block of n, the position of its account's head within the block, itself for
// heads and independent customers. About one customer in six is a subsidiary, in accounts of two to six.
func accounts(d *draws, n int) []int {
	heads := make([]int, n)
	for i := 0; i < n; {
		size := 1
		if d.chance(0.07) {
			size = min(2+d.below(3)+d.below(3), n-i)
		}
		for j := range size {
			heads[i+j] = i
		}
		i += size
	}
	return heads
}

// customerID has ten digits and grows with the index, with gaps.
func customerID(d *draws, index int) string {
	return fmt.Sprintf("%010d", 1_000_000_000+17*index+d.below(17))
}

// block makes master data, truth and records of the block of customers that begins with index first.
func (g *generator) block(c *Chunk, first int) {
	n := min(accountBlock, g.cfg.Customers-first)
	heads := accounts(g.draws(streamAccounts, first), n)
	ids := make([]string, n)
	stems := make([]string, n)
	trades := make([]*industry, n)
	places := make([]place, n)
	industryWeights := make([]int, len(industries))
	for i := range industries {
		industryWeights[i] = industries[i].weight
	}
	for i := range n {
		d := g.draws(streamMaster, first+i)
		ids[i] = customerID(d, first+i)
		head := heads[i]
		if head == i {
			places[i] = drawPlace(d, -1)
			trades[i] = &industries[d.pick(industryWeights)]
			stems[i] = drawStem(d, places[i], trades[i])
		} else { // most subsidiaries are abroad
			among := -1
			if d.chance(0.7) {
				among = (i - head) % len(countries)
			}
			places[i], trades[i], stems[i] = drawPlace(d, among), trades[head], stems[head]
		}
		cu := &customer{
			index: first + i,
			id:    ids[i],
			plan:  drawPlan(g.draws(streamPlan, first+i), g.segmentOf(first+i)),
			place: places[i],
		}
		parent := ""
		if head != i {
			parent = ids[head]
		}
		abroad := head != i && places[i].country != places[head].country
		g.master(&c.Customers, cu, d, parent, drawName(d, stems[i], places[i], abroad), trades[i])
		b := g.devices(&c.Devices, cu)
		g.truth(&c.Truth, cu, b.service)
		g.orders(&c.Orders, cu, b.types)
		g.contacts(&c.Contacts, cu)
	}
}

// master appends the customer's row. Some fields are missing, more often in small accounts' forms than elsewhere; the
// head count follows the wallet loosely.
func (g *generator) master(t *Customers, cu *customer, d *draws, parent, name string, in *industry) {
	p := &cu.plan
	since := g.since(cu, d)
	employees := max(1, round(d.around(math.Sqrt(p.wallet/10), 0.9)))
	if employees > 20 { // people write round numbers
		employees = employees / 5 * 5
	}
	postcode, trade := cu.place.postcode, in.code
	if d.chance(0.015) {
		postcode = ""
	}
	if d.chance(0.06) {
		trade = ""
	}
	if d.chance(0.12) {
		employees = Missing
	}
	t.ID = append(t.ID, cu.id)
	t.ParentID = append(t.ParentID, parent)
	t.Name = append(t.Name, name)
	t.Country = append(t.Country, cu.place.country.code)
	t.Region = append(t.Region, cu.place.region.code)
	t.Postcode = append(t.Postcode, postcode)
	t.Industry = append(t.Industry, trade)
	t.Employees = append(t.Employees, employees)
	t.CustomerSince = append(t.CustomerSince, micros(since))
	t.EmailConsent = append(t.EmailConsent, flag(d.chance(0.82)))
	t.PhoneConsent = append(t.PhoneConsent, flag(d.chance(0.64)))
}

// since draws the day on which the customer came: long ago for most, within the first half of the history for a few. A
// few have stopped ordering in the last months, but are still contacted.
func (g *generator) since(cu *customer, d *draws) time.Time {
	days := len(g.orderDays.sums) - 1
	cu.until = days
	if d.chance(0.015) {
		cu.until = days - min(d.between(60, 300), days/2)
	}
	if d.chance(0.04) {
		cu.since = d.below(days/2 + 1)
	} else {
		cu.since = -1 - d.below(365*4) - d.below(365*9)
	}
	return g.orderDays.first.AddDate(0, 0, cu.since)
}

// truth appends the customer's row; service is its machines' service a year in cents.
func (g *generator) truth(t *Truth, cu *customer, service int64) {
	p := &cu.plan
	wallet := round(p.wallet * 100)
	realised := round(p.realised * 10_000)
	consumables := round(float64(p.wallet*p.need) * 100)
	behaviour := round(g.plannedBehaviour(cu) * 100)
	t.CustomerID = append(t.CustomerID, cu.id)
	t.Segment = append(t.Segment, int64(Segments[p.segment].Number))
	t.Wallet = append(t.Wallet, wallet)
	t.Realised = append(t.Realised, realised)
	t.Potential = append(t.Potential, wallet-(wallet*realised+5_000)/10_000)
	t.OrderRate = append(t.OrderRate, round(p.orders*100))
	t.OwnBrand = append(t.OwnBrand, round(p.ownBrand*10_000))
	t.Consumable = append(t.Consumable, round(p.consumable*10_000))
	t.Contacts = append(t.Contacts, round(p.contacts*100))
	t.NeedShare = append(t.NeedShare, round(p.need*10_000))
	t.PotentialConsumables = append(t.PotentialConsumables, consumables)
	t.PotentialService = append(t.PotentialService, service)
	t.Behaviour = append(t.Behaviour, behaviour)
	t.Tier = append(t.Tier, TierOf(float64(consumables+service)/100, float64(behaviour)/100, float64(realised)/10_000))
}

// plannedBehaviour is the behaviour score of the last year as it was planned. Who came or left within it ordered for a
// part of it only; the last order of those who left lies, on average, half a gap before they did.
func (g *generator) plannedBehaviour(cu *customer) float64 {
	p := &cu.plan
	days := len(g.orderDays.sums) - 1
	year := min(days, daysPerYear)
	active := max(0, cu.until-max(cu.since, days-year))
	recency := float64(days-cu.until) + daysPerYear/(2*p.orders)
	return BehaviourScore(p.orders*float64(active)/float64(year), recency, p.returns)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
