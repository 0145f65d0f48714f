package company

import (
	"strconv"
	"time"
)

// productGroup is something that is no consumable, with a usual price.
type productGroup struct {
	name  string
	price float64 // euros
}

const serviceGroup = "service"

// Dearest first: a line takes one of those that its amount can pay for.
var durables = []productGroup{
	{"machines", 1_450}, {"equipment", 390}, {serviceGroup, 125}, {"spare_parts", 58}, {"tools", 24},
}

// Usual prices of consumables, in the order of deviceTypes.
var consumablePrices = []float64{16, 44, 27, 13, 19}

// Margins, as shares of the price, by kind of line; service has its own, whoever's brand.
var margins = [4]float64{0.18, 0.35, 0.22, 0.45} // third-party and own durables, third-party and own consumables

const (
	serviceMargin = 0.55
	marginSpread  = 0.03
)

// The four kinds of lines: bit 0 = own brand, bit 1 = consumable.
const (
	ownBit        = 1
	consumableBit = 2
)

// orders appends the customer's order lines. What an order is worth varies; how it is divided among own and third-party
// brands, consumables and durables follows the customer's habits over time: each line goes where the customer is most
// behind its plan, with some chance, so that the shares hold over a year but not for each order.
func (g *generator) orders(t *Orders, cu *customer, types []int) {
	p := &cu.plan
	d, costs := g.draws(streamOrders, cu.index), g.draws(streamCosts, cu.index)
	value := p.wallet * p.realised / p.orders
	target := [4]float64{
		(1 - p.consumable) * (1 - p.ownBrand), (1 - p.consumable) * p.ownBrand,
		p.consumable * (1 - p.ownBrand), p.consumable * p.ownBrand,
	}
	var behind [4]float64
	for i := range behind { // as if there had been orders before
		behind[i] = float64(value * (d.unit() - 0.5) * 0.3)
	}
	maxLines := 2*Segments[p.segment].Lines - 1
	due := float64(value * (d.unit() - 0.5) * p.returns) // goods whose return is due, in euros
	for seq, day := range g.orderDays.events(d, p.orders, 0.6, p.drift) {
		worth := d.around(value, 0.24)
		if month := g.orderDays.month(day); month >= time.May && month <= time.October {
			worth += float64(worth * p.summer)
		} else {
			worth -= float64(worth * p.summer)
		}
		lines := 1 + (d.below(maxLines)+d.below(maxLines)+1)/2
		parts, sum := make([]float64, lines), 0.0
		for i := range parts {
			parts[i] = 0.25 + d.unit()
			sum += parts[i]
		}
		for i := range behind {
			behind[i] += float64(worth * target[i])
		}
		minute := 7*60 + d.below(11*60)
		o := orderLine{
			id: orderID(cu.index, seq), customer: cu.id,
			at: g.orderDays.at(day, minute), month: g.orderDays.monthOf(day),
		}
		for _, part := range parts {
			amount := worth * part / sum
			kind, most := 0, 0.0
			for i := range behind {
				if b := behind[i] + float64(amount*0.4*d.unit()); i == 0 || b > most {
					kind, most = i, b
				}
			}
			behind[kind] -= amount
			o.fill(d, amount, kind, types)
			o.cost = unitCost(costs, &o)
			o.line++
			due += float64(amount * p.returns)
			pieces := g.returned(d, &o, due)
			due -= float64(pieces*o.price) / 100
			if day < cu.since || day >= cu.until {
				continue
			}
			o.append(t)
			if pieces > 0 {
				g.giveBack(t, d, o, pieces, day)
			}
		}
	}
}

// returned is how many pieces of a line are sent back: what is due, once that is at least one piece and a quarter of the
// line, with some chance.
func (g *generator) returned(d *draws, o *orderLine, due float64) int64 {
	luck := d.unit()
	pieces := min(int64(max(due, 0)*100)/o.price, o.quantity)
	if pieces == 0 || 4*pieces < o.quantity || luck < 0.4 {
		return 0
	}
	return pieces
}

// giveBack appends the return of pieces of a line, some days later, unless the history ends before.
func (g *generator) giveBack(t *Orders, d *draws, o orderLine, pieces int64, day int) {
	later, minute := day+d.between(3, 30), 8*60+d.below(9*60)
	if later >= len(g.orderDays.sums)-1 {
		return
	}
	o.line += 900
	o.quantity = -pieces
	o.at, o.month = g.orderDays.at(later, minute), g.orderDays.monthOf(later)
	o.append(t)
}

// orderLine is one row of Orders.
type orderLine struct {
	id, customer string
	line         int64
	at           int64
	month        int
	group        string
	kind         int
	quantity     int64
	price        int64 // cents
	cost         int64 // cents, of one piece
}

// unitCost is what one piece of a line costs the company, in cents: its price less the margin of its kind.
func unitCost(d *draws, o *orderLine) int64 {
	margin := margins[o.kind]
	if o.group == serviceGroup {
		margin = serviceMargin
	}
	return max(1, round(float64(o.price)*(1-d.near(margin, marginSpread, 0.02, 0.9))))
}

// fill chooses product group, price and quantity for about amount euros.
func (o *orderLine) fill(d *draws, amount float64, kind int, types []int) {
	o.kind = kind
	var usual float64
	if kind&consumableBit != 0 {
		i := types[d.below(len(types))]
		o.group, usual = deviceTypes[i].group, consumablePrices[i]
	} else {
		first := 0
		for first < len(durables)-1 && durables[first].price > amount {
			first++
		}
		i := first + d.below(len(durables)-first)
		o.group, usual = durables[i].name, durables[i].price
	}
	if kind&ownBit != 0 {
		usual *= 0.86
	}
	price := d.around(usual, 0.25)
	quantity := max(1, round(amount/price))
	if quantity < 4 { // few pieces: the price bends, not the amount
		price = amount / float64(quantity)
	}
	o.quantity, o.price = quantity, max(1, round(price*100))
}

func (o *orderLine) append(t *Orders) {
	brand := "third_party"
	if o.kind&ownBit != 0 {
		brand = "own"
	}
	t.OrderID = append(t.OrderID, o.id)
	t.Line = append(t.Line, o.line)
	t.CustomerID = append(t.CustomerID, o.customer)
	t.OrderDate = append(t.OrderDate, o.at)
	t.ProductGroup = append(t.ProductGroup, o.group)
	t.Consumable = append(t.Consumable, int64(o.kind&consumableBit>>1))
	t.Brand = append(t.Brand, brand)
	t.Quantity = append(t.Quantity, o.quantity)
	t.UnitPrice = append(t.UnitPrice, o.price)
	t.NetAmount = append(t.NetAmount, o.quantity*o.price)
	t.UnitCost = append(t.UnitCost, o.cost)
	t.Month = append(t.Month, o.month)
}

// orderID is unique over the company: customer and running number.
func orderID(index, seq int) string {
	return "A" + strconv.Itoa(1_000_000+index) + "-" + strconv.Itoa(10_000 + seq)[1:]
}
