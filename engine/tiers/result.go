package tiers

// Schema and FormatVersion name the format of value.json; RegionsSchema that of regions.json.
const (
	Schema        = "segovia:value"
	RegionsSchema = "segovia:regions"
	FormatVersion = 1
)

// Text is a sentence or name in both languages.
type Text struct {
	DE string `json:"de"`
	EN string `json:"en"`
}

// Report is value.json. Parts that were not asked for are null.
type Report struct {
	Schema        string           `json:"$schema"`
	FormatVersion int              `json:"format_version"`
	Customers     int              `json:"customers"`
	Currency      string           `json:"currency"`
	Features      Roles            `json:"features"` // which feature is which
	Potential     *PotentialReport `json:"potential"`
	Wallet        *WalletReport    `json:"wallet"`
	Lifetime      *LifetimeReport  `json:"lifetime"`
	Behaviour     *BehaviourReport `json:"behaviour"`
	Tiers         *TiersReport     `json:"tiers"`
	Profiles      *ProfilesReport  `json:"profiles"`
	Groups        []GroupReport    `json:"groups"`
	Goal          *GoalReport      `json:"goal"`
	Plans         []PlanReport     `json:"plans"` // one per segment and tier that has customers, by segment and tier
	Segments      []SegmentValue   `json:"segments"`
	Warnings      []Text           `json:"warnings"` // what could not be estimated, and why
}

// Roles names the features that have a part to play; empty = there is none.
type Roles struct {
	Revenue  string `json:"revenue"`
	Orders   string `json:"orders"`
	Contacts string `json:"contacts"`
	Recency  string `json:"recency"`
	Returns  string `json:"returns"`
}

// PotentialReport is how the yearly demand of the installed base was found.
type PotentialReport struct {
	Source      string        `json:"source"`
	Devices     int64         `json:"devices"`
	Unmetered   int64         `json:"unmetered"` // devices without usage, taken to be used like the others of their type
	Types       []DeviceType  `json:"types"`     // most devices first
	Consumables float64       `json:"consumables"`
	Service     float64       `json:"service"`
	Learned     []LearnedPart `json:"learned"` // "consumables" and "service", where some price was learned
}

// DeviceType is one type with what a device of it needs.
type DeviceType struct {
	Type               string  `json:"type"`
	Devices            int64   `json:"devices"`
	MeanUsage          float64 `json:"mean_usage"` // a year, per metered device
	ConsumablesPerUnit float64 `json:"consumables_per_unit"`
	ConsumablesPerYear float64 `json:"consumables_per_year"`
	ServicePerYear     float64 `json:"service_per_year"`
	ServiceGrowth      float64 `json:"service_growth"` // share per year of age
	Learned            bool    `json:"learned"`        // some of these from customers, not from a price list
}

// LearnedPart says how well learned prices describe the best-served customers.
type LearnedPart struct {
	Part     string  `json:"part"`
	Quantile float64 `json:"quantile"`
	Rows     int     `json:"rows"`
	Coverage float64 `json:"coverage"` // share of customers whose spend lies at or below it
	Pinball  float64 `json:"pinball"`
}

// WalletReport is how wallets were estimated and how they did on held-out customers.
type WalletReport struct {
	Method     string       `json:"method"` // "quantile regression forest"
	Quantile   float64      `json:"quantile"`
	Trees      int          `json:"trees"`
	Predictors []Importance `json:"predictors"` // most important first
	HeldOut    int          `json:"held_out"`
	// Coverage is the share of held-out customers whose spend lies at or below their estimate; Pinball its loss, Baseline
	// that of one quantile for all.
	Coverage float64 `json:"coverage"`
	Pinball  float64 `json:"pinball"`
	Baseline float64 `json:"baseline"`
	Wallet   float64 `json:"wallet"`   // of all customers
	Realised float64 `json:"realised"` // spend of all customers
}

// Importance is the share of a predictor in what the forest's splits gained.
type Importance struct {
	Feature string  `json:"feature"`
	Label   Text    `json:"label"`
	Share   float64 `json:"share"`
}

// LifetimeReport holds the fitted models of orders while a customer is alive.
type LifetimeReport struct {
	Customers     int     `json:"customers"`
	Repeat        int     `json:"repeat"` // customers who ordered on more than one day
	R             float64 `json:"r"`
	Alpha         float64 `json:"alpha"`
	A             float64 `json:"a"`
	B             float64 `json:"b"`
	LogLikelihood float64 `json:"log_likelihood"`
	HorizonWeeks  float64 `json:"horizon_weeks"`
	Expected      float64 `json:"expected_orders"` // of all customers over the horizon
	// Gamma-Gamma; null without amounts.
	P              *float64 `json:"p"`
	Q              *float64 `json:"q"`
	V              *float64 `json:"v"`
	MeanSpend      *float64 `json:"mean_spend"`     // per order, of the population
	LifetimeValue  *float64 `json:"lifetime_value"` // of all customers over the horizon
	MarginRate     *float64 `json:"margin_rate"`    // of all revenue; null = value is revenue, not margin
	DiscountPerAnn float64  `json:"discount"`       // a year
}

// BehaviourReport shows the formula of the score of purchase behaviour.
type BehaviourReport struct {
	Formula string  `json:"formula"`
	Mean    float64 `json:"mean"`
	Q10     float64 `json:"q10"`
	Median  float64 `json:"median"`
	Q90     float64 `json:"q90"`
	Missing int     `json:"missing"` // customers without a score; they count as the lowest class
}

// TiersReport is the rule and what came of it.
type TiersReport struct {
	Tiers      []TierReport      `json:"tiers"` // best first
	Dimensions []DimensionReport `json:"dimensions"`
	Grid       []GridCell        `json:"grid"` // all combinations of classes that exist, with their tier
	Per        string            `json:"per"`  // the column whose levels have cuts of their own; empty = one logic for all
	By         string            `json:"by"`   // the column that Comparison is by; empty = none
	Comparison []ComparedLevel   `json:"comparison"`
}

// TierReport is one tier.
type TierReport struct {
	Tier       string   `json:"tier"`
	Customers  int      `json:"customers"`
	Share      float64  `json:"share"`
	Revenue    float64  `json:"revenue"`
	Potential  *float64 `json:"potential"` // what they could spend: the sum of wallets, or of potentials without wallets
	Unrealised *float64 `json:"unrealised"`
	Contacts   *float64 `json:"contacts_per_year"`
	Orders     *float64 `json:"orders_per_year"`
}

// DimensionReport is one of potential, share of wallet and behaviour, with its classes from low to high.
type DimensionReport struct {
	Dimension string        `json:"dimension"` // "potential", "share_of_wallet", "behaviour"
	Feature   string        `json:"feature"`
	Label     Text          `json:"label"`
	Unit      string        `json:"unit"`
	By        string        `json:"by"`        // "value", "quantile", "revenue": how cuts are given
	Direction string        `json:"direction"` // "up", "down", "free": how a tier may depend on it
	Given     []float64     `json:"given"`     // the cuts as configured
	Cuts      []float64     `json:"cuts"`      // as values; of all customers where Per is set
	Classes   []ClassReport `json:"classes"`
}

// ClassReport is one class of a dimension; it begins at From (null = no lower end).
type ClassReport struct {
	Class     string   `json:"class"`
	Label     Text     `json:"label"`
	From      *float64 `json:"from"`
	Customers int      `json:"customers"`
}

// GridCell is one combination of classes.
type GridCell struct {
	Potential     string `json:"potential"`
	ShareOfWallet string `json:"share_of_wallet"`
	Behaviour     string `json:"behaviour"`
	Tier          string `json:"tier"`
	Customers     int    `json:"customers"`
}

// ComparedLevel is one country or subsidiary: its customers by tier under the cuts of all customers and under its own.
type ComparedLevel struct {
	Level      string      `json:"level"`
	Customers  int         `json:"customers"`
	Common     []int       `json:"common"`   // customers by tier with the cuts of all
	Own        []int       `json:"own"`      // with the level's own cuts
	OwnCuts    [][]float64 `json:"own_cuts"` // by dimension
	Suppressed bool        `json:"suppressed"`
}

// ProfilesReport are the archetypes of behaviour.
type ProfilesReport struct {
	Learned    bool            `json:"learned"`
	Features   []string        `json:"features"`
	Archetypes []ArchetypeInfo `json:"archetypes"`
}

// ArchetypeInfo is one archetype: its prototype in the features' units, in the order of ProfilesReport.Features.
type ArchetypeInfo struct {
	ID             string    `json:"id"`
	Name           Text      `json:"name"`
	Prototype      []float64 `json:"prototype"`
	Customers      int       `json:"customers"`
	Share          float64   `json:"share"`
	MeanSimilarity float64   `json:"mean_similarity"`
}

// GroupReport is one group that a rule makes; groups may overlap.
type GroupReport struct {
	Name       string   `json:"name"`
	Label      Text     `json:"label"`
	Hint       Text     `json:"hint"` // what to do with it
	Rule       string   `json:"rule"`
	Customers  int      `json:"customers"`
	Share      float64  `json:"share"`
	Revenue    *float64 `json:"revenue"`
	Unrealised *float64 `json:"unrealised"`
	Segments   []int    `json:"segments"` // its customers by segment number
}

// GoalReport judges segments against the goal.
type GoalReport struct {
	Name       Text          `json:"name"`
	Actual     string        `json:"actual"`    // feature that is to rise
	Potential  string        `json:"potential"` // what it could reach
	Total      float64       `json:"total"`     // of Actual, a year
	Reachable  float64       `json:"reachable"`
	Uplift     float64       `json:"uplift"`
	Saturated  float64       `json:"saturated_from"` // realised share from which a segment is saturated
	Segments   []GoalSegment `json:"segments"`       // most uplift first
	Conclusion Text          `json:"conclusion"`
}

// GoalSegment is one segment against the goal.
type GoalSegment struct {
	Segment   int     `json:"segment"`
	Actual    float64 `json:"actual"`
	Reachable float64 `json:"reachable"`
	Uplift    float64 `json:"uplift"` // of all its customers, a year
	PerHead   float64 `json:"uplift_per_customer"`
	Share     float64 `json:"uplift_share"` // in the uplift of all
	Realised  float64 `json:"realised"`
	Saturated bool    `json:"saturated"`
}

// PlanReport is the strategy for the customers of one segment and tier.
type PlanReport struct {
	Segment   int         `json:"segment"`
	Tier      string      `json:"tier"` // empty without tiers
	Customers int         `json:"customers"`
	Fields    []PlanField `json:"fields"` // the seven, in the order of Fields
}

// PlanField is one field of a plan.
type PlanField struct {
	Field    string `json:"field"` // see PlanFields
	Text     Text   `json:"text"`
	Proposed bool   `json:"proposed"` // not configured: a proposal from the segment's figures
	Why      Text   `json:"why"`      // of a proposal
}

// SegmentValue is what one segment is worth.
type SegmentValue struct {
	Segment         int      `json:"segment"`
	Customers       int      `json:"customers"`
	Realised        *float64 `json:"realised"` // revenue a year of all its customers
	Potential       *float64 `json:"potential"`
	Wallet          *float64 `json:"wallet"`
	Unrealised      *float64 `json:"unrealised"`
	ShareOfWallet   *float64 `json:"share_of_wallet"` // realised / wallet of the whole segment
	LifetimeValue   *float64 `json:"lifetime_value"`
	ContactsPerYear *float64 `json:"contacts_per_year"`
	OrdersPerYear   *float64 `json:"orders_per_year"`
	Tiers           []int    `json:"tiers"`    // customers by tier
	Profiles        []int    `json:"profiles"` // customers by archetype
	// PotentialFound is true where more than UnrealisedFrom of the wallet is not realised.
	PotentialFound *bool `json:"potential_found"`
}

// UnrealisedFrom is the unrealised share of the wallet from which a segment's potential counts as not realised.
const UnrealisedFrom = 1.0 / 3

// RegionsReport is regions.json.
type RegionsReport struct {
	Schema        string        `json:"$schema"`
	FormatVersion int           `json:"format_version"`
	MinCell       int           `json:"min_cell"`
	Currency      string        `json:"currency"`
	Levels        []RegionLevel `json:"levels"`
}

// RegionLevel is the customers by country, region or postcode area.
type RegionLevel struct {
	Level  string       `json:"level"` // "country", "region", "postcode"
	Column string       `json:"column"`
	Prefix int          `json:"prefix,omitempty"` // characters of the postcode
	Cells  []RegionCell `json:"cells"`            // by country and area; none of fewer customers than MinCell
	// What is not shown: areas below MinCell and their customers, summed over all so that no cell can be found by
	// subtraction, and customers without the column.
	SuppressedCells     int `json:"suppressed_cells"`
	SuppressedCustomers int `json:"suppressed_customers"`
	Unknown             int `json:"unknown"`
}

// RegionCell is one area. Counts below MinCell are null, but for 0.
type RegionCell struct {
	Country            string   `json:"country"` // empty where countries are not known
	Area               string   `json:"area"`
	Customers          int      `json:"customers"`
	Revenue            *float64 `json:"revenue"`
	Potential          *float64 `json:"potential"` // what they could spend: the sum of wallets, or of potentials without wallets
	Unrealised         *float64 `json:"unrealised"`
	KeyAccounts        *int     `json:"key_accounts"`
	A                  *int     `json:"a_customers"`
	PotentialCustomers *int     `json:"potential_customers"` // of the group potential_customers
}
