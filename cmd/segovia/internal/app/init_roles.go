package app

import (
	"regexp"
	"slices"
	"strings"
)

// What names of tables and columns mean, in English and German. Names are compared in lower case without separators.
var (
	customerName = regexp.MustCompile(`^(customers?|cust|kunden?|clients?|accounts?|debitor(en)?|buyers?|users?|members?|mandant)(s?(id|nr|no|num|nummer|number|key|code))?$`)
	customerPart = regexp.MustCompile(`(customer|kunde|client|debitor|buyer)`)
	otherPerson  = regexp.MustCompile(`(parent|mutter|konzern|head|group|vertreter|agent|seller|name)`)
	parentName   = regexp.MustCompile(`^(parent|mutter|konzern|head|group)(id|nr|no|nummer|number|key|customerid|kundennr)?$`)
	truthName    = regexp.MustCompile(`^(truth|groundtruth|labels?|wahrheit|segments?|segmente?|solution)$`)
	labelName    = regexp.MustCompile(`^(segment|label|cluster|class|klasse|truesegment|segmentid)$`)

	timeName     = regexp.MustCompile(`(date|datum|time|zeit|day|tag$|at$|am$|on$|when|timestamp)`)
	amountName   = regexp.MustCompile(`(amount|betrag|revenue|umsatz|sales|turnover|erloes|erlös|total|spend|dollars?$|dollarvalue|netto?$|brutto$|value$|wert$)`)
	netName      = regexp.MustCompile(`^net`)
	quantityName = regexp.MustCompile(`^(quantity|qty|menge|anzahl|stueck|stück|pieces|units|amountofitems)$`)
	priceName    = regexp.MustCompile(`^(unitprice|price|preis|einzelpreis|stueckpreis|stückpreis|priceperunit)$`)
	orderName    = regexp.MustCompile(`^(orders?|invoices?|bestellung|bestell|auftrags?|rechnungs?|belegs?|transactions?|receipts?|baskets?|bon|purchases?)(s?(id|nr|no|num|nummer|number|key|code))?$`)

	ordersTable   = regexp.MustCompile(`(order|sale|invoice|bestell|auftr|rechnung|umsatz|transact|purchase|kauf|receipt|retail|transaktion)`)
	contactsTable = regexp.MustCompile(`(contact|kontakt|visit|besuch|call|anruf|campaign|kampagne|touch|mailing)`)
	devicesTable  = regexp.MustCompile(`(device|gerae?t|gerät|machine|maschine|install|asset|equipment|anlage|printer|drucker)`)

	consumableName = regexp.MustCompile(`(consumable|verbrauch)`)
	ownBrandName   = regexp.MustCompile(`(ownbrand|eigenmarke|privatelabel|housebrand)`)
	brandName      = regexp.MustCompile(`(brand|marke|label$|hersteller|manufacturer)`)
	ownLevel       = regexp.MustCompile(`(?i)^(own|eigen|private|house|haus)`)
	categoryName   = regexp.MustCompile(`(category|kategorie|productgroup|produktgruppe|warengruppe|group$|gruppe$|department|sortiment|producttype)`)
	channelName    = regexp.MustCompile(`(channel|kanal|medium)`)
	usageName      = regexp.MustCompile(`(usage|nutzung|verbrauch|volume|volumen|pages|seiten|counter|zaehler|zähler|hours|stunden|load|auslastung)`)
	kindName       = regexp.MustCompile(`(type|typ$|kind|model|modell|bauart|geraeteart|geräteart)`)
	serviceLevel   = regexp.MustCompile(`(?i)(service|wartung|maintenance|repair|reparatur|spare|ersatzteil)`)
	costName       = regexp.MustCompile(`^(unitcost|unitcosts|costperunit|einstandspreis|stueckkosten|stückkosten)$`)
	postcodeName   = regexp.MustCompile(`^(postcode|postalcode|zip|zipcode|plz|postleitzahl)$`)
	pricesName     = regexp.MustCompile(`^(consumablesper(unit|1000|year)|serviceperyear)$`)
	consentName    = regexp.MustCompile(`(consent|optin|permission|einwilligung|erlaubnis|newsletter|hasemail|hasphone)`)

	industryName  = regexp.MustCompile(`(industry|branche|sector|sektor|wirtschaftszweig|nace)`)
	countryName   = regexp.MustCompile(`^(country|land|staat|countrycode|laendercode|nation)$`)
	regionName    = regexp.MustCompile(`(region|bundesland|state$|province|provinz|kanton|gebiet|bezirk|territory)`)
	employeesName = regexp.MustCompile(`(employees|mitarbeiter|headcount|staff|beschaeftigte|beschäftigte|companysize|unternehmensgroesse)`)
	turnoverName  = regexp.MustCompile(`(turnover|jahresumsatz|annualrevenue)`)
)

// plainName is a name as the patterns see it.
func plainName(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(strings.ToLower(s))
}

// role is what a table is for.
type role int

const (
	unused role = iota // without a customer key
	truth              // labels to compare with; never an input
	prices             // what a device of each type needs
	entity             // one row per customer
	extra              // one row per customer, beside the entity table
	orders
	contacts
	devices
	events // something else that happens to customers
)

// tableRole is a table with its role and the columns that matter.
type tableRole struct {
	*tableLook
	role                              role
	why                               string // of unused and truth
	key, time, amount, order          *columnLook
	quantity, price, channel, usage   *columnLook
	consumable, ownBrand, category    *columnLook
	kind, cost, postcode              *columnLook
	consumableWhere, ownWhere         string
	services                          []string // levels of category that are service
	firmographics, consents, unusable []*columnLook
}

// find returns the first column that fits by type and name.
func (t *tableLook) find(name *regexp.Regexp, fits func(*columnLook) bool) *columnLook {
	for _, c := range t.columns {
		if name.MatchString(plainName(c.name)) && fits(c) {
			return c
		}
	}
	return nil
}

// recognise gives every table its role. customer is the name of the key column if the user said it.
func recognise(tables []*tableLook, customer string) []*tableRole {
	roles := make([]*tableRole, len(tables))
	for i, t := range tables {
		roles[i] = &tableRole{tableLook: t, key: customerKey(t, tables, customer)}
	}
	main := entityTable(roles)
	for _, r := range roles {
		r.assign(main)
	}
	return roles
}

// customerKey finds the column of the customer id: by its name, best where other tables have it too.
func customerKey(t *tableLook, tables []*tableLook, customer string) *columnLook {
	if customer != "" {
		return t.column(customer)
	}
	var best *columnLook
	bestScore := 0
	for _, c := range t.columns {
		if c.isTime() || c.isBool() || !c.whole {
			continue
		}
		name := plainName(c.name)
		score := 0
		switch {
		case otherPerson.MatchString(name):
			continue
		case customerName.MatchString(name):
			score = 10
		case customerPart.MatchString(name):
			score = 5
		default:
			continue
		}
		for _, other := range tables {
			if other != t && other.column(c.name) != nil {
				score++
			}
		}
		if score > bestScore {
			best, bestScore = c, score
		}
	}
	return best
}

// entityTable picks the table with one row per customer: unique keys that most of the other tables' keys are among, no
// labels of segments.
func entityTable(roles []*tableRole) *tableRole {
	var best *tableRole
	bestScore := 0
	for _, r := range roles {
		if r.key == nil || !r.key.unique(r.rows) || r.isTruth() {
			continue
		}
		score := 1
		if customerName.MatchString(plainName(r.name)) {
			score += 100
		}
		for _, c := range r.columns {
			if industryName.MatchString(plainName(c.name)) || countryName.MatchString(plainName(c.name)) || regionName.MatchString(plainName(c.name)) {
				score += 10
			}
			score++
		}
		for _, other := range roles {
			if other != r && other.key != nil && other.key.overlap(r.key) < 0.5 {
				score -= 20
			}
		}
		if score > bestScore {
			best, bestScore = r, score
		}
	}
	return best
}

// isTruth reports whether the table holds labels to compare with.
func (r *tableRole) isTruth() bool {
	if truthName.MatchString(plainName(r.name)) {
		return true
	}
	return r.key != nil && r.key.unique(r.rows) && r.find(labelName, func(c *columnLook) bool { return c.levels != nil }) != nil && len(r.columns) <= 3
}

// isPriceList reports whether the table says what devices need, one row per type.
func (r *tableRole) isPriceList() bool {
	r.kind = r.find(kindName, func(c *columnLook) bool { return c.isText() && c.unique(r.rows) })
	return r.kind != nil && len(r.files) == 1 && r.find(pricesName, (*columnLook).isNumber) != nil
}

func (r *tableRole) assign(main *tableRole) {
	switch {
	case r.isTruth():
		r.role, r.why = truth, "labels to compare with (`segovia compare`), never an input"
		return
	case r.key == nil && r.isPriceList():
		r.role, r.why = prices, "what a device of each type needs (tiers.potential.prices)"
		return
	case r.key == nil:
		r.role, r.why = unused, "it has no column of the customer id; a join over another column is not possible yet"
		return
	case main != nil && r != main && r.key.overlap(main.key) < 0.01:
		r.role, r.why = unused, "its "+r.key.name+" has hardly a value in common with that of "+main.name
		return
	case r == main:
		r.role = entity
	case r.key.unique(r.rows):
		r.role = extra
	}
	r.columnsOfCustomers()
	if r.role != unused {
		return
	}
	r.columnsOfEvents()
	name := plainName(r.name)
	money := r.amount != nil || r.quantity != nil && r.price != nil
	switch {
	case devicesTable.MatchString(name) && (!money || r.usage != nil):
		r.role = devices
	case r.time == nil:
		r.role, r.why = unused, "it has several rows per customer and no column of time"
	case contactsTable.MatchString(name) && !ordersTable.MatchString(name):
		r.role = contacts
	case money:
		r.role = orders
	case r.channel != nil:
		r.role = contacts
	case ordersTable.MatchString(name):
		r.role = orders
	default:
		r.role = events
	}
}

// columnsOfCustomers finds what describes customers.
func (r *tableRole) columnsOfCustomers() {
	for _, c := range r.columns {
		name := plainName(c.name)
		switch {
		case c == r.key:
		case postcodeName.MatchString(name):
			r.postcode = c
		case c.isBool() && consentName.MatchString(name):
			r.consents = append(r.consents, c)
		case c.isNumber() && (employeesName.MatchString(name) || turnoverName.MatchString(name)),
			c.isText() && c.levels != nil && (industryName.MatchString(name) || countryName.MatchString(name) || regionName.MatchString(name) || employeesName.MatchString(name)):
			r.firmographics = append(r.firmographics, c)
		default:
			r.unusable = append(r.unusable, c)
		}
	}
}

// columnsOfEvents finds what an event says.
func (r *tableRole) columnsOfEvents() {
	number := func(c *columnLook) bool { return c.isNumber() && c != r.key }
	category := func(c *columnLook) bool { return c.isText() && c.levels != nil && len(c.levels) > 1 }
	r.time = r.timeColumn()
	r.quantity = r.find(quantityName, number)
	r.price = r.find(priceName, number)
	money := func(c *columnLook) bool { return number(c) && c != r.quantity && c != r.price }
	if r.amount = r.find(netName, func(c *columnLook) bool { return money(c) && amountName.MatchString(plainName(c.name)) }); r.amount == nil {
		r.amount = r.find(amountName, money)
	}
	r.order = r.find(orderName, func(c *columnLook) bool {
		return c != r.key && !c.isTime() && (c.isText() || c.isNumber()) && c.distinct > 1
	})
	r.channel = r.find(channelName, category)
	r.usage = r.find(usageName, number)
	r.kind = r.find(kindName, category)
	r.cost = r.find(costName, number)
	if r.category = r.find(categoryName, category); r.category != nil {
		for level := range r.category.levels {
			if serviceLevel.MatchString(level) {
				r.services = append(r.services, level)
			}
		}
		slices.Sort(r.services)
	}
	r.consumable, r.consumableWhere = r.marked(consumableName, nil)
	if r.consumable == nil && r.category != nil {
		if level := r.category.level(func(v string) bool { return consumableName.MatchString(plainName(v)) }); level != "" {
			r.consumable, r.consumableWhere = r.category, columnRef(r.category.name)+" = "+textRef(level)
		}
	}
	if r.ownBrand, r.ownWhere = r.marked(ownBrandName, nil); r.ownBrand == nil {
		r.ownBrand, r.ownWhere = r.marked(brandName, ownLevel)
	}
}

// marked finds a yes/no column of that name, or with levels a category that has one of them, and the condition for yes.
func (r *tableRole) marked(name, levels *regexp.Regexp) (*columnLook, string) {
	for _, c := range r.columns {
		if !name.MatchString(plainName(c.name)) {
			continue
		}
		switch {
		case levels == nil && c.isBool():
			return c, columnRef(c.name)
		case levels == nil && c.isNumber() && c.levels != nil && len(c.levels) == 2 && c.whole && c.negative == 0:
			return c, columnRef(c.name) + " = 1"
		case levels != nil && c.isText() && c.levels != nil:
			if level := c.level(levels.MatchString); level != "" && len(c.levels) > 1 {
				return c, columnRef(c.name) + " = " + textRef(level)
			}
		}
	}
	return nil, ""
}

// timeColumn is the column of the event's time: one that is named so before others, and the fullest.
func (r *tableRole) timeColumn() *columnLook {
	var times []*columnLook
	for _, c := range r.columns {
		if c.isTime() {
			times = append(times, c)
		}
	}
	slices.SortStableFunc(times, func(a, b *columnLook) int {
		if na, nb := timeName.MatchString(plainName(a.name)), timeName.MatchString(plainName(b.name)); na != nb {
			return boolInt(nb) - boolInt(na)
		}
		return int(min(max(a.nulls-b.nulls, -1), 1))
	})
	if len(times) == 0 {
		return nil
	}
	return times[0]
}

var plainColumn = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// columnRef writes a column's name as expressions take it.
func columnRef(name string) string {
	if plainColumn.MatchString(name) {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// textRef writes a text as expressions take it.
func textRef(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
