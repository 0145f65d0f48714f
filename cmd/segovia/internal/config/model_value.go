package config

// Tiers is the section `tiers`.
type Tiers struct {
	Names     []string   `cfg:"names" def:"Key Account,A,B,C,D" doc:"The tiers, best first."`
	Potential *Potential `cfg:"potential" doc:"Revenue potential per customer, from the installed base."`
	Wallet    Wallet     `cfg:"wallet" doc:"What each customer could spend: a high quantile of what similar customers spend."`
	Behaviour Behaviour  `cfg:"behaviour" doc:"The score of purchase behaviour."`
	Cuts      Cuts       `cfg:"cuts" doc:"Where the classes of the three dimensions begin."`
	Grid      []GridRule `cfg:"grid" doc:"The tier of each combination of classes; without it, the usual grid. Every combination must be met by exactly one rule."`
	Per       string     `cfg:"per" doc:"Column whose levels have cuts of their own, for example country; empty = the same cuts for all."`
	Compare   string     `cfg:"compare" doc:"Column by which tiers are compared, for example subsidiary; empty = per, else the regions' country."`
}

// Potential is `tiers.potential`: the yearly demand of the installed base.
type Potential struct {
	From        string           `cfg:"from,required" doc:"Source with one row per device."`
	Type        string           `cfg:"type,required" doc:"Column of the device's type."`
	Usage       string           `cfg:"usage" doc:"Column of what a device did, for example operations a month."`
	UsagePeriod string           `cfg:"usage_period" def:"month" enum:"day|week|month|year" doc:"The period of usage."`
	Installed   string           `cfg:"installed" doc:"Column of the day when a device was installed, for its age."`
	Prices      string           `cfg:"prices" doc:"Price list: a file with a row per type and columns as the keys of demand, or consumables_per_1000."`
	Demand      map[string]Price `cfg:"demand" doc:"Yearly demand by type; goes before the price list. What neither tells is learned from the best-served customers."`
	Consumables string           `cfg:"consumables" doc:"Feature that holds revenue of consumables, to learn from; empty = the revenue."`
	Service     string           `cfg:"service" doc:"Feature that holds revenue of service, to learn from; empty = service is not learned."`
	Quantile    Share            `cfg:"quantile" def:"90%" min:"0.5" max:"0.99" doc:"The best-served customers are those at this quantile."`
}

// Price is what a device needs in a year.
type Price struct {
	ConsumablesPerUnit *float64 `cfg:"consumables_per_unit" min:"0" doc:"Revenue of consumables per unit of usage."`
	ConsumablesPerYear *float64 `cfg:"consumables_per_year" min:"0" doc:"Revenue of consumables per device and year, whatever its usage."`
	ServicePerYear     *float64 `cfg:"service_per_year" min:"0" doc:"Revenue of service per device and year, when new."`
	ServiceGrowth      *float64 `cfg:"service_growth" doc:"Its growth per year of age, for example 0.08."`
}

// Wallet is `tiers.wallet`.
type Wallet struct {
	Method     string   `cfg:"method" def:"forest" enum:"forest|none" doc:"forest: quantile regression forest; none: no wallets, the potential stands in."`
	Quantile   Share    `cfg:"quantile" def:"90%" min:"0.5" max:"0.99" doc:"The quantile of spend that counts as wallet."`
	Predictors []string `cfg:"predictors" doc:"Features that tell how much a customer could spend; empty = firmographics and the installed base (region and the like only when named, so that equal customers are worth the same everywhere)."`
	Trees      int      `cfg:"trees" def:"0" min:"0" max:"1000" doc:"Trees of the forest; 0 = the default."`
	Holdout    Share    `cfg:"holdout" def:"20%" max:"0.9" doc:"Share of customers on whom the estimate is tested."`
}

// Behaviour is `tiers.behaviour`.
type Behaviour struct {
	Score string `cfg:"score" doc:"Expression over features, from 0 to 100; empty = orders, recency and returns."`
}

// Cuts is `tiers.cuts`.
type Cuts struct {
	Potential     Cut `cfg:"potential" doc:"Default: quantile, at [50%, 80%, 95%], up."`
	ShareOfWallet Cut `cfg:"share_of_wallet" doc:"Default: value, at [25%, 60%], free."`
	Behaviour     Cut `cfg:"behaviour" doc:"Default: value, at [40, 75], up."`
}

// Cut says where the classes of a dimension begin.
type Cut struct {
	By        string   `cfg:"by" enum:"value|quantile|revenue" doc:"How cuts are given: values, quantiles of the customers, or shares of the sum that lie below."`
	At        []Level  `cfg:"at" doc:"The cuts, rising: one fewer than classes."`
	Classes   []string `cfg:"classes" doc:"Names of the classes, lowest first; default low, medium, high, very_high as far as needed."`
	Direction string   `cfg:"direction" enum:"up|down|free" doc:"Tiers may only get better with it (up), only worse (down), or either (free); the grid is held to it."`
}

// GridRule is one rule of `tiers.grid`.
type GridRule struct {
	Tier          string   `cfg:"tier,required" doc:"The tier."`
	Potential     []string `cfg:"potential" doc:"Classes of potential; none = all."`
	ShareOfWallet []string `cfg:"share_of_wallet" doc:"Classes of share of wallet; none = all."`
	Behaviour     []string `cfg:"behaviour" doc:"Classes of behaviour; none = all."`
}

// Lifetime is the section `lifetime`.
type Lifetime struct {
	From     string   `cfg:"from" doc:"Source of orders; empty = that of the revenue."`
	Where    string   `cfg:"where" doc:"Records that are purchases; empty = those of a positive amount."`
	Horizon  Duration `cfg:"horizon" def:"52w" doc:"Orders are expected over this time."`
	Discount Share    `cfg:"discount" def:"10%" max:"1" doc:"Discount of future value, a year."`
	Margin   string   `cfg:"margin" doc:"Feature that holds the margin; with it, value is margin instead of revenue."`
}

// Archetypes is the section `archetypes`.
type Archetypes struct {
	Features   []string    `cfg:"features" doc:"Features of behaviour; empty = those that are clustered on or of type behavioural and transactional."`
	K          int         `cfg:"k" def:"4" min:"2" max:"64" doc:"Archetypes to learn where none are given."`
	Prototypes []Prototype `cfg:"prototypes" doc:"Given archetypes, by their values."`
}

// Prototype is a given archetype.
type Prototype struct {
	ID     string             `cfg:"id,required" doc:"Short name for files."`
	Name   Label              `cfg:"name" doc:"Name for people."`
	Values map[string]float64 `cfg:"values" doc:"Typical values by feature, in its own unit."`
}

// Group is one of the section `groups`.
type Group struct {
	Name  string `cfg:"name,required" doc:"Name for files; the usual ones need no rule: potential_customers, remote_service, dormant, churn_risk, over_contacted, under_contacted."`
	Rule  string `cfg:"rule" doc:"Expression over features and what tiers add: potential, wallet, share_of_wallet, tier, segment, x_rank and the like."`
	Label Label  `cfg:"label" doc:"Name for people."`
	Hint  Label  `cfg:"hint" doc:"What to do with it."`
}

// Goal is the section `goal`.
type Goal struct {
	Name      Label  `cfg:"name" doc:"The goal in words, for example: sell more consumables."`
	Raise     string `cfg:"raise,required" doc:"Feature that is to rise, for example revenue of consumables."`
	UpTo      string `cfg:"up_to" doc:"Feature that it could reach: potential, potential_consumables, potential_service, wallet or a feature; default: wallet, else potential."`
	Saturated Share  `cfg:"saturated" def:"80%" max:"1" doc:"A segment that has reached this share of it is saturated."`
}

// Plan is one row of the section `plans`.
type Plan struct {
	Segment        string `cfg:"segment" doc:"Id, number or name of a segment; empty = all."`
	Tier           string `cfg:"tier" doc:"Tier; empty = all."`
	SalesIntensity string `cfg:"sales_intensity" doc:"How much sales work goes into these customers."`
	Offer          string `cfg:"offer" doc:"What they are offered."`
	Channel        string `cfg:"channel" doc:"Communication channel."`
	ServiceLevel   string `cfg:"service_level" doc:"Service level."`
	Visits         string `cfg:"visits" doc:"How often they are visited."`
	Campaigns      string `cfg:"campaigns" doc:"Which campaigns they get."`
	Terms          string `cfg:"terms" doc:"Prices, discounts, contracts."`
}

// Regions is the section `regions`.
type Regions struct {
	Country  string `cfg:"country" def:"country" doc:"Column of the entity table."`
	Region   string `cfg:"region" def:"region" doc:"Column of the entity table; empty = none."`
	Postcode string `cfg:"postcode" doc:"Column of the entity table; empty = none."`
	Prefix   int    `cfg:"prefix" def:"2" min:"1" max:"10" doc:"Characters of the postcode that make an area."`
}
