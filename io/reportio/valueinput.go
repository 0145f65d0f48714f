package reportio

// valueJSON is what the report reads of value.json. Parts that were not asked for are null.
type valueJSON struct {
	Customers int             `json:"customers"`
	Currency  string          `json:"currency"`
	Features  valueRoles      `json:"features"`
	Potential *installedBase  `json:"potential"`
	Wallet    *walletModel    `json:"wallet"`
	Lifetime  *lifetimeModel  `json:"lifetime"`
	Behaviour *behaviourScore `json:"behaviour"`
	Tiers     *tiersJSON      `json:"tiers"`
	Profiles  *profilesJSON   `json:"profiles"`
	Groups    []group         `json:"groups"`
	Goal      *goal           `json:"goal"`
	Plans     []plan          `json:"plans"`
	Segments  []segmentValue  `json:"segments"`
	Warnings  []text          `json:"warnings"`
}

// valueRoles names the features that have a part to play; "" = there is none.
type valueRoles struct {
	Revenue  string `json:"revenue"`
	Orders   string `json:"orders"`
	Contacts string `json:"contacts"`
	Recency  string `json:"recency"`
	Returns  string `json:"returns"`
}

type installedBase struct {
	Source      string        `json:"source"`
	Devices     int64         `json:"devices"`
	Unmetered   int64         `json:"unmetered"`
	Types       []deviceType  `json:"types"`
	Consumables float64       `json:"consumables"`
	Service     float64       `json:"service"`
	Learned     []learnedPart `json:"learned"`
}

type deviceType struct {
	Type               string  `json:"type"`
	Devices            int64   `json:"devices"`
	MeanUsage          float64 `json:"mean_usage"`
	ConsumablesPerUnit float64 `json:"consumables_per_unit"`
	ConsumablesPerYear float64 `json:"consumables_per_year"`
	ServicePerYear     float64 `json:"service_per_year"`
	ServiceGrowth      float64 `json:"service_growth"`
	Learned            bool    `json:"learned"`
}

type learnedPart struct {
	Part     string  `json:"part"`
	Quantile float64 `json:"quantile"`
	Rows     int     `json:"rows"`
	Coverage float64 `json:"coverage"`
	Pinball  float64 `json:"pinball"`
}

type walletModel struct {
	Method     string       `json:"method"`
	Quantile   float64      `json:"quantile"`
	Trees      int          `json:"trees"`
	Predictors []importance `json:"predictors"`
	HeldOut    int          `json:"held_out"`
	Coverage   float64      `json:"coverage"`
	Pinball    float64      `json:"pinball"`
	Baseline   float64      `json:"baseline"`
	Wallet     float64      `json:"wallet"`
	Realised   float64      `json:"realised"`
}

type importance struct {
	Feature string  `json:"feature"`
	Label   text    `json:"label"`
	Share   float64 `json:"share"`
}

type lifetimeModel struct {
	Customers      int      `json:"customers"`
	Repeat         int      `json:"repeat"`
	R              float64  `json:"r"`
	Alpha          float64  `json:"alpha"`
	A              float64  `json:"a"`
	B              float64  `json:"b"`
	LogLikelihood  float64  `json:"log_likelihood"`
	HorizonWeeks   float64  `json:"horizon_weeks"`
	Expected       float64  `json:"expected_orders"`
	P              *float64 `json:"p"`
	Q              *float64 `json:"q"`
	V              *float64 `json:"v"`
	MeanSpend      *float64 `json:"mean_spend"`
	LifetimeValue  *float64 `json:"lifetime_value"`
	MarginRate     *float64 `json:"margin_rate"`
	DiscountPerAnn float64  `json:"discount"`
}

type behaviourScore struct {
	Formula string  `json:"formula"`
	Mean    float64 `json:"mean"`
	Q10     float64 `json:"q10"`
	Median  float64 `json:"median"`
	Q90     float64 `json:"q90"`
	Missing int     `json:"missing"`
}

type tiersJSON struct {
	Tiers      []tier          `json:"tiers"`
	Dimensions []dimension     `json:"dimensions"`
	Grid       []gridCell      `json:"grid"`
	Per        string          `json:"per"`
	By         string          `json:"by"`
	Comparison []comparedLevel `json:"comparison"`
}

type tier struct {
	Tier       string   `json:"tier"`
	Customers  int      `json:"customers"`
	Share      float64  `json:"share"`
	Revenue    float64  `json:"revenue"`
	Potential  *float64 `json:"potential"`
	Unrealised *float64 `json:"unrealised"`
	Contacts   *float64 `json:"contacts_per_year"`
	Orders     *float64 `json:"orders_per_year"`
}

type dimension struct {
	Dimension string           `json:"dimension"`
	Feature   string           `json:"feature"`
	Label     text             `json:"label"`
	Unit      string           `json:"unit"`
	By        string           `json:"by"`
	Given     []float64        `json:"given"`
	Classes   []dimensionClass `json:"classes"`
}

type dimensionClass struct {
	Class string   `json:"class"`
	Label text     `json:"label"`
	From  *float64 `json:"from"`
}

type gridCell struct {
	Potential     string `json:"potential"`
	ShareOfWallet string `json:"share_of_wallet"`
	Behaviour     string `json:"behaviour"`
	Tier          string `json:"tier"`
	Customers     int    `json:"customers"`
}

type comparedLevel struct {
	Level      string `json:"level"`
	Customers  int    `json:"customers"`
	Common     []int  `json:"common"`
	Own        []int  `json:"own"`
	Suppressed bool   `json:"suppressed"`
}

type profilesJSON struct {
	Learned    bool        `json:"learned"`
	Features   []string    `json:"features"`
	Archetypes []archetype `json:"archetypes"`
}

type archetype struct {
	ID             string    `json:"id"`
	Name           text      `json:"name"`
	Prototype      []float64 `json:"prototype"`
	Customers      int       `json:"customers"`
	Share          float64   `json:"share"`
	MeanSimilarity float64   `json:"mean_similarity"`
}

type group struct {
	Name       string   `json:"name"`
	Label      text     `json:"label"`
	Hint       text     `json:"hint"`
	Rule       string   `json:"rule"`
	Customers  int      `json:"customers"`
	Share      float64  `json:"share"`
	Revenue    *float64 `json:"revenue"`
	Unrealised *float64 `json:"unrealised"`
	Segments   []int    `json:"segments"`
}

type goal struct {
	Name       text          `json:"name"`
	Actual     string        `json:"actual"`
	Potential  string        `json:"potential"`
	Total      float64       `json:"total"`
	Reachable  float64       `json:"reachable"`
	Uplift     float64       `json:"uplift"`
	Saturated  float64       `json:"saturated_from"`
	Segments   []goalSegment `json:"segments"`
	Conclusion text          `json:"conclusion"`
}

type goalSegment struct {
	Segment   int     `json:"segment"`
	Actual    float64 `json:"actual"`
	Reachable float64 `json:"reachable"`
	Uplift    float64 `json:"uplift"`
	PerHead   float64 `json:"uplift_per_customer"`
	Share     float64 `json:"uplift_share"`
	Realised  float64 `json:"realised"`
	Saturated bool    `json:"saturated"`
}

type plan struct {
	Segment   int         `json:"segment"`
	Tier      string      `json:"tier"`
	Customers int         `json:"customers"`
	Fields    []planField `json:"fields"`
}

type planField struct {
	Field    string `json:"field"`
	Text     text   `json:"text"`
	Proposed bool   `json:"proposed"`
	Why      text   `json:"why"`
}

type segmentValue struct {
	Segment         int      `json:"segment"`
	Realised        *float64 `json:"realised"`
	Unrealised      *float64 `json:"unrealised"`
	ShareOfWallet   *float64 `json:"share_of_wallet"`
	LifetimeValue   *float64 `json:"lifetime_value"`
	ContactsPerYear *float64 `json:"contacts_per_year"`
	OrdersPerYear   *float64 `json:"orders_per_year"`
	Tiers           []int    `json:"tiers"`
	PotentialFound  *bool    `json:"potential_found"`
}

// regionsJSON is what the report reads of regions.json.
type regionsJSON struct {
	MinCell  int           `json:"min_cell"`
	Currency string        `json:"currency"`
	Levels   []regionLevel `json:"levels"`
}

type regionLevel struct {
	Level               string       `json:"level"` // "country", "region", "postcode"
	Column              string       `json:"column"`
	Prefix              int          `json:"prefix"`
	Cells               []regionCell `json:"cells"`
	SuppressedCells     int          `json:"suppressed_cells"`
	SuppressedCustomers int          `json:"suppressed_customers"`
	Unknown             int          `json:"unknown"`
}

// regionCell is one area; counts that may not be shown are null.
type regionCell struct {
	Country            string   `json:"country"`
	Area               string   `json:"area"`
	Customers          int      `json:"customers"`
	Revenue            *float64 `json:"revenue"`
	Potential          *float64 `json:"potential"`
	Unrealised         *float64 `json:"unrealised"`
	KeyAccounts        *int     `json:"key_accounts"`
	A                  *int     `json:"a_customers"`
	PotentialCustomers *int     `json:"potential_customers"`
}
