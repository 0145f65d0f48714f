package company

// Segment describes one planted group of customers: medians, from which individuals vary.
type Segment struct {
	Number     int // 1..5
	Name       string
	PerMille   int     // share of the customers
	Wallet     float64 // euros a year, spent on such goods with whomever
	Realised   float64 // share of the wallet spent here
	Orders     float64 // a year
	Lines      int     // an order has 1 .. 2*Lines-1
	OwnBrand   float64 // share of revenue
	Consumable float64 // share of revenue
	Contacts   float64 // a year
	Campaign   float64 // share of the contacts that belong to a campaign
	Need       float64 // consumables' share of the wallet
}

// Segments are the five planted groups. Shares and characters are those of a wholesale and service company's own
// description of its customers; the figures behind "few", "high" or "medium" are chosen here.
var Segments = [5]Segment{
	{1, "few orders, high revenue, third-party brands, potential realised", 153,
		38_000, 0.88, 4.6, 5, 0.12, 0.36, 4.5, 0.35, 0.70},
	{2, "own brand, many campaign contacts, much consumables, very high revenue", 140,
		72_000, 0.89, 13, 4, 0.86, 0.77, 14.5, 0.88, 0.70},
	{3, "contacted ten times, orders three times, low revenue, potential not realised", 218,
		32_000, 0.10, 3.1, 4, 0.50, 0.42, 10, 0.72, 0.70},
	{4, "few consumables, third-party brands, medium revenue, potential not realised", 287,
		43_000, 0.31, 11, 3, 0.15, 0.08, 5, 0.55, 0.70},
	{5, "own brand, few contacts, medium revenue, potential not realised", 202,
		39_000, 0.34, 12, 3, 0.88, 0.48, 1.6, 0.30, 0.70},
}

// plan is what was drawn for one customer before its records.
type plan struct {
	segment    int     // index in Segments
	wallet     float64 // euros a year
	realised   float64
	orders     float64 // a year
	ownBrand   float64
	consumable float64
	contacts   float64 // a year
	need       float64
	drift      float64 // of the order rate
	summer     float64 // what orders from May to October are worth above the rest of the year's
	returns    float64 // share of the goods' value that is sent back
}

// Standard deviations of the individual variation: on the log scale for amounts and rates, absolute for shares.
const (
	walletSpread   = 0.32
	orderSpread    = 0.22
	contactSpread  = 0.22
	realisedSpread = 0.05
	brandSpread    = 0.06
	mixSpread      = 0.06
	needSpread     = 0.06
	summerSpread   = 0.22
	driftSpread    = 0.10
)

// atypical customers have habits part of the way to those of another segment.
const atypical = 0.04

// drawPlan draws a customer of a segment. Wallet and realised share come first; revenue is their product.
func drawPlan(d *draws, segment int) plan {
	s := Segments[segment]
	if other := d.below(len(Segments)); d.chance(atypical) {
		s = s.towards(&Segments[other], 0.15+float64(0.3*d.unit()))
	}
	return plan{
		segment:    segment,
		wallet:     d.around(s.Wallet, walletSpread),
		realised:   d.near(s.Realised, float64(realisedSpread*min(1, 3*s.Realised)), 0.02, 0.98),
		orders:     d.around(s.Orders, orderSpread),
		ownBrand:   d.near(s.OwnBrand, brandSpread, 0, 1),
		consumable: d.near(s.Consumable, mixSpread, 0.005, 0.97),
		contacts:   d.around(s.Contacts, contactSpread),
		need:       d.near(s.Need, needSpread, 0.15, 0.9),
		drift:      d.near(0, driftSpread, -0.5, 0.5),
		summer:     d.near(0, summerSpread, -0.6, 0.6),
		returns:    d.near(0.03, 0.012, 0.003, 0.09),
	}
}

// towards moves the habits of s by the share w to those of o.
func (s Segment) towards(o *Segment, w float64) Segment {
	mix := func(a, b float64) float64 { return a + float64(w*(b-a)) }
	s.Wallet = mix(s.Wallet, o.Wallet)
	s.Realised = mix(s.Realised, o.Realised)
	s.Orders = mix(s.Orders, o.Orders)
	s.OwnBrand = mix(s.OwnBrand, o.OwnBrand)
	s.Consumable = mix(s.Consumable, o.Consumable)
	s.Contacts = mix(s.Contacts, o.Contacts)
	return s
}
