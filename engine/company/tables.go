package company

import (
	"math"
	"time"
)

// Kind says what a column's values are and where they are kept.
type Kind int

// The kinds of columns. All but Text keep their values in Column.Ints.
const (
	Text    Kind = iota
	Int          // a whole number
	Decimal      // a whole number of 10^-Scale
	Bool         // 0 or 1
	Time         // microseconds since 1970-01-01 00:00 UTC
	Date         // like Time, always midnight
)

// Missing stands for a null in Column.Ints; in Column.Texts the empty text does.
const Missing = math.MinInt64

// Column is one column of a table. Texts or Ints, by Kind, hold one value per row.
type Column struct {
	Name  string
	Kind  Kind
	Scale int // decimal places of Decimal
	Texts []string
	Ints  []int64
}

// Customers is the entity table: one row per customer.
type Customers struct {
	ID            []string
	ParentID      []string // customer_id of the account's head; empty for heads and independent customers
	Name          []string
	Country       []string // ISO 3166-1 alpha-2
	Region        []string // ISO 3166-2, as in Regions
	Postcode      []string // may be missing
	Industry      []string // may be missing
	Employees     []int64  // may be missing
	CustomerSince []int64  // Date
	EmailConsent  []int64  // Bool
	PhoneConsent  []int64  // Bool
}

// Columns returns the table as columns in file order.
func (t *Customers) Columns() []Column {
	return []Column{
		{Name: "customer_id", Texts: t.ID},
		{Name: "parent_id", Texts: t.ParentID},
		{Name: "name", Texts: t.Name},
		{Name: "country", Texts: t.Country},
		{Name: "region", Texts: t.Region},
		{Name: "postcode", Texts: t.Postcode},
		{Name: "industry", Texts: t.Industry},
		{Name: "employees", Kind: Int, Ints: t.Employees},
		{Name: "customer_since", Kind: Date, Ints: t.CustomerSince},
		{Name: "email_consent", Kind: Bool, Ints: t.EmailConsent},
		{Name: "phone_consent", Kind: Bool, Ints: t.PhoneConsent},
	}
}

// Orders has one row per order line. A return is a line of its own in the order that it takes back from: later, with
// negative quantity and amount.
type Orders struct {
	OrderID      []string
	Line         []int64 // from 1 within the order
	CustomerID   []string
	OrderDate    []int64 // Time
	ProductGroup []string
	Consumable   []int64  // Bool
	Brand        []string // "own" or "third_party"
	Quantity     []int64
	UnitPrice    []int64 // cents
	NetAmount    []int64 // cents: quantity x unit price
	UnitCost     []int64 // cents: what one piece costs the company
	Month        []int   // no column: month of the history, from 0, in whose file the row belongs
}

// Columns returns the table as columns in file order.
func (t *Orders) Columns() []Column {
	return []Column{
		{Name: "order_id", Texts: t.OrderID},
		{Name: "line", Kind: Int, Ints: t.Line},
		{Name: "customer_id", Texts: t.CustomerID},
		{Name: "order_date", Kind: Time, Ints: t.OrderDate},
		{Name: "product_group", Texts: t.ProductGroup},
		{Name: "consumable", Kind: Bool, Ints: t.Consumable},
		{Name: "brand", Texts: t.Brand},
		{Name: "quantity", Kind: Int, Ints: t.Quantity},
		{Name: "unit_price", Kind: Decimal, Scale: 2, Ints: t.UnitPrice},
		{Name: "net_amount", Kind: Decimal, Scale: 2, Ints: t.NetAmount},
		{Name: "unit_cost", Kind: Decimal, Scale: 2, Ints: t.UnitCost},
	}
}

// Devices is the installed base: machines at the customer that use consumables.
type Devices struct {
	ID           []string
	CustomerID   []string
	Type         []string
	Rented       []int64 // Bool: rented out by the company, else the customer's own
	InstalledOn  []int64 // Date
	MonthlyUsage []int64 // operations a month; missing where no meter is read
}

// Columns returns the table as columns in file order.
func (t *Devices) Columns() []Column {
	return []Column{
		{Name: "device_id", Texts: t.ID},
		{Name: "customer_id", Texts: t.CustomerID},
		{Name: "device_type", Texts: t.Type},
		{Name: "rented", Kind: Bool, Ints: t.Rented},
		{Name: "installed_on", Kind: Date, Ints: t.InstalledOn},
		{Name: "monthly_usage", Kind: Int, Ints: t.MonthlyUsage},
	}
}

// Contacts has one row per contact of the company with a customer.
type Contacts struct {
	ID          []string
	CustomerID  []string
	ContactedAt []int64 // Time
	Channel     []string
	Campaign    []string // missing for contacts outside campaigns
	Response    []string // "none", "opened", "replied" or "ordered"
}

// Columns returns the table as columns in file order.
func (t *Contacts) Columns() []Column {
	return []Column{
		{Name: "contact_id", Texts: t.ID},
		{Name: "customer_id", Texts: t.CustomerID},
		{Name: "contacted_at", Kind: Time, Ints: t.ContactedAt},
		{Name: "channel", Texts: t.Channel},
		{Name: "campaign", Texts: t.Campaign},
		{Name: "response", Texts: t.Response},
	}
}

// Truth keeps what was planted and drawn for each customer.
type Truth struct {
	CustomerID []string
	Segment    []int64 // 1..5, see Segments
	Wallet     []int64 // cents a year that the customer spends on such goods, from whomever
	Realised   []int64 // share of the wallet planned to be spent here, in 10^-4
	Potential  []int64 // cents a year: the rest of the wallet
	OrderRate  []int64 // planned orders a year, in hundredths
	OwnBrand   []int64 // planned share of own brand, in 10^-4
	Consumable []int64 // planned share of consumables, in 10^-4
	Contacts   []int64 // planned contacts a year, in hundredths
	NeedShare  []int64 // consumables' share of the wallet, in 10^-4

	// What the customer is worth, as TierOf judges it. Potential above is what others sell to it; these are what its
	// installed base needs, from whomever.
	PotentialConsumables []int64  // cents a year: wallet x need share, which the meters show up to some noise
	PotentialService     []int64  // cents a year: the devices' service at list prices and their ages, exact
	Behaviour            []int64  // planned BehaviourScore of the last year, in hundredths
	Tier                 []string // one of Tiers
}

// Columns returns the table as columns in file order.
func (t *Truth) Columns() []Column {
	return []Column{
		{Name: "customer_id", Texts: t.CustomerID},
		{Name: "segment", Kind: Int, Ints: t.Segment},
		{Name: "wallet", Kind: Decimal, Scale: 2, Ints: t.Wallet},
		{Name: "realised_share", Kind: Decimal, Scale: 4, Ints: t.Realised},
		{Name: "potential", Kind: Decimal, Scale: 2, Ints: t.Potential},
		{Name: "orders_per_year", Kind: Decimal, Scale: 2, Ints: t.OrderRate},
		{Name: "own_brand_share", Kind: Decimal, Scale: 4, Ints: t.OwnBrand},
		{Name: "consumables_share", Kind: Decimal, Scale: 4, Ints: t.Consumable},
		{Name: "contacts_per_year", Kind: Decimal, Scale: 2, Ints: t.Contacts},
		{Name: "wallet_consumables_share", Kind: Decimal, Scale: 4, Ints: t.NeedShare},
		{Name: "potential_consumables", Kind: Decimal, Scale: 2, Ints: t.PotentialConsumables},
		{Name: "potential_service", Kind: Decimal, Scale: 2, Ints: t.PotentialService},
		{Name: "behaviour", Kind: Decimal, Scale: 2, Ints: t.Behaviour},
		{Name: "tier", Texts: t.Tier},
	}
}

// Regions is the geography, one row per region.
type Regions struct {
	Region     []string
	Name       []string
	Country    []string
	PowerIndex []int64 // purchasing power in tenths, 1000 = average; invented
}

// Columns returns the table as columns in file order.
func (t *Regions) Columns() []Column {
	return []Column{
		{Name: "region", Texts: t.Region},
		{Name: "region_name", Texts: t.Name},
		{Name: "country", Texts: t.Country},
		{Name: "purchasing_power_index", Kind: Decimal, Scale: 1, Ints: t.PowerIndex},
	}
}

// AllRegions returns the table of all regions.
func AllRegions() *Regions {
	var t Regions
	for i := range countries {
		for j := range countries[i].regions {
			r := &countries[i].regions[j]
			t.Region = append(t.Region, r.code)
			t.Name = append(t.Name, r.name)
			t.Country = append(t.Country, countries[i].code)
			t.PowerIndex = append(t.PowerIndex, r.index)
		}
	}
	return &t
}

// PriceList says what a device's consumables and service cost at list prices, one row per device type. With it, usage and
// ages of the installed base become euros a year: consumables 12 x monthly usage / 1,000 x consumables_per_1000, service
// service_per_year x (1 + service_growth x age in years of 365 days).
type PriceList struct {
	DeviceType     []string
	ConsumablesPer []int64 // cents of consumables per 1,000 operations
	ServicePerYear []int64 // cents a year for a new device
	ServiceGrowth  []int64 // with each year of age, in percent of a new device's service
}

// Columns returns the table as columns in file order.
func (t *PriceList) Columns() []Column {
	return []Column{
		{Name: "device_type", Texts: t.DeviceType},
		{Name: "consumables_per_1000", Kind: Decimal, Scale: 2, Ints: t.ConsumablesPer},
		{Name: "service_per_year", Kind: Decimal, Scale: 2, Ints: t.ServicePerYear},
		{Name: "service_growth", Kind: Decimal, Scale: 2, Ints: t.ServiceGrowth},
	}
}

// ListPrices returns the table of all device types.
func ListPrices() *PriceList {
	var t PriceList
	for i := range deviceTypes {
		k := &deviceTypes[i]
		t.DeviceType = append(t.DeviceType, k.name)
		t.ConsumablesPer = append(t.ConsumablesPer, round(k.cost*100))
		t.ServicePerYear = append(t.ServicePerYear, 100*k.service)
		t.ServiceGrowth = append(t.ServiceGrowth, k.growth)
	}
	return &t
}

// Chunk holds all records of some consecutive customers, ordered by customer.
type Chunk struct {
	First     int // index of the first customer
	Customers Customers
	Orders    Orders
	Devices   Devices
	Contacts  Contacts
	Truth     Truth
}

// Sink takes the chunks of a company, in order of customers, one call at a time. It owns what it is given.
type Sink interface {
	Put(c *Chunk) error
}

// micros is t in the unit of Time columns.
func micros(t time.Time) int64 { return t.UnixMicro() }
