package company

// A customer's value has three dimensions: what its installed base needs in a year (potential), how it buys (behaviour)
// and how much of its wallet is spent here (share). Each is cut into classes, and a grid over the classes gives the tier.
// The truth table holds the tiers of the planned values; what estimates tiers from the records is compared with them.

// Class is a class of potential, behaviour or share; only potential has a fourth.
type Class int

// The classes, from the lowest.
const (
	Low Class = iota
	Medium
	High
	VeryHigh
)

// String returns the class as it is written: "low", "medium", "high" or "very_high".
func (c Class) String() string { return [...]string{"low", "medium", "high", "very_high"}[c] }

// The cuts between classes; a value on a cut belongs to the class above it.
var (
	// PotentialCuts, in euros a year of consumables and service, are close to the 50, 80 and 95 % quantiles of the default
	// company (TestTiersCanBeEstimated).
	PotentialCuts = []float64{32_000, 45_000, 65_000}
	// BehaviourCuts, in points of BehaviourScore.
	BehaviourCuts = []float64{40, 75}
	// ShareCuts, in shares of the wallet. The lower one lies between the planted groups with .10 and with .31 and .34.
	ShareCuts = []float64{0.2, 0.6}
)

// ClassOf returns the class of a value, given ascending cuts.
func ClassOf(value float64, cuts []float64) Class {
	c := Low
	for _, cut := range cuts {
		if value >= cut {
			c++
		}
	}
	return c
}

// BehaviourScore is 0..100 points for how a customer buys: half of them for orders in the last twelve months (all for one
// a month), three tenths for how recent the last order is (none after a year), a fifth for few returns (none from a fifth
// of the goods' value on).
func BehaviourScore(ordersPerYear, recencyDays, returnsShare float64) float64 {
	frequency := float64(0.5 * min(ordersPerYear/12, 1))
	recency := float64(0.3 * max(0, 1-recencyDays/daysPerYear))
	returns := float64(0.2 * max(0, 1-float64(5*returnsShare)))
	return float64(100 * (frequency + recency + returns))
}

// Tiers lists the tiers, the best first.
var Tiers = []string{"Key Account", "A", "B", "C", "D"}

// TierGrid gives the tier by class of potential, of behaviour and of share. High potential makes a customer worth care
// even where little of it is realised; below that, customers must buy well or nearly everything here.
var TierGrid = [4][3][3]string{
	Low: {
		Low:    {Low: "D", Medium: "D", High: "D"},
		Medium: {Low: "D", Medium: "D", High: "C"},
		High:   {Low: "C", Medium: "C", High: "C"},
	},
	Medium: {
		Low:    {Low: "C", Medium: "C", High: "B"},
		Medium: {Low: "C", Medium: "C", High: "B"},
		High:   {Low: "B", Medium: "B", High: "B"},
	},
	High: {
		Low:    {Low: "B", Medium: "B", High: "B"},
		Medium: {Low: "A", Medium: "A", High: "A"},
		High:   {Low: "A", Medium: "A", High: "A"},
	},
	VeryHigh: {
		Low:    {Low: "A", Medium: "A", High: "A"},
		Medium: {Low: "Key Account", Medium: "Key Account", High: "Key Account"},
		High:   {Low: "Key Account", Medium: "Key Account", High: "Key Account"},
	},
}

// TierOf returns the tier of a customer: potential is what its installed base needs, in euros a year, behaviour its
// BehaviourScore, share the part of its wallet that is spent here.
func TierOf(potential, behaviour, share float64) string {
	return TierGrid[ClassOf(potential, PotentialCuts)][ClassOf(behaviour, BehaviourCuts)][ClassOf(share, ShareCuts)]
}
