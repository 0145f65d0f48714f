package reportio

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
)

// sampleTiers are the tiers of the sample, the best first, with their share of customers.
var sampleTiers = []struct {
	name                  string
	share, revenue, empty float64 // of customers, of revenue, unrealised part of the potential
	contacts, orders      float64
}{
	{"Key Account", .021, .294, .31, 14.2, 26.1}, {"A", .083, .271, .38, 11.0, 15.3}, {"B", .214, .224, .41, 7.9, 9.8},
	{"C", .352, .152, .47, 7.1, 5.2}, {"D", .330, .059, .56, 5.6, 1.7},
}

// planted value of the five segments of company: share of wallet, potential over revenue, customers by tier.
var sampleWorth = []struct {
	wallet float64
	tiers  [5]float64
}{
	{.21, [5]float64{.004, .031, .128, .371, .466}}, {.44, [5]float64{.009, .062, .231, .402, .296}}, {.58, [5]float64{.011, .074, .262, .391, .262}},
	{.93, [5]float64{.051, .142, .264, .301, .242}}, {.81, [5]float64{.055, .203, .298, .243, .201}},
}

// newValue makes value.json and regions.json to go with s.
func newValue(s *sampleRun) (valueJSON, regionsJSON) {
	n := s.seg.Customers
	v := valueJSON{
		Customers: n, Currency: "EUR",
		Features: valueRoles{Revenue: "revenue_12m", Orders: "orders_12m", Contacts: "contacts_12m", Recency: "recency_days", Returns: "returns_share"},
		Warnings: []text{{
			"Für 412 Kunden ohne Geräte ist das Potenzial aus ähnlichen Kunden geschätzt.", "For 412 customers without devices the potential is estimated from similar customers.",
		}},
	}
	v.Tiers = &tiersJSON{By: "country"}
	g := &goal{Name: text{"Mehr Umsatz aus dem Bestand", "More revenue from the base"}, Actual: "revenue_12m", Potential: "wallet", Saturated: .9}
	for i, seg := range s.seg.Segments {
		w := sampleWorth[i%len(sampleWorth)]
		realised := value0(seg.Revenue)
		of := segmentValue{
			Segment: seg.Number, Realised: ptr(realised),
			Unrealised: ptr(realised/w.wallet - realised), ShareOfWallet: ptr(w.wallet), LifetimeValue: ptr(realised * 2.7),
			ContactsPerYear: seg.ContactsPerYear, OrdersPerYear: seg.OrdersPerYear, PotentialFound: ptr(w.wallet < 2.0/3),
		}
		left := seg.Customers
		for j, share := range w.tiers {
			c := int(float64(seg.Customers) * share)
			if j == 4 {
				c = left
			}
			of.Tiers = append(of.Tiers, c)
			left -= c
		}
		v.Segments = append(v.Segments, of)
		gs := goalSegment{
			Segment: seg.Number, Actual: realised, Reachable: realised / w.wallet, Uplift: *of.Unrealised, PerHead: *of.Unrealised / math.Max(float64(seg.Customers), 1),
			Realised: w.wallet, Saturated: w.wallet >= .9,
		}
		g.Total += gs.Actual
		g.Reachable += gs.Reachable
		g.Uplift += gs.Uplift
		g.Segments = append(g.Segments, gs)
		v.Plans = append(v.Plans, samplePlans(seg, of)...)
	}
	for i := range g.Segments {
		g.Segments[i].Share = g.Segments[i].Uplift / math.Max(g.Uplift, 1)
	}
	g.Conclusion = text{
		"Am meisten ist bei „Beratungsintensive Gelegenheitskäufer“ möglich: 42,6 Mio. € im Jahr, ein Drittel von allem. „Großkunden mit Fremdmarken“ ist gesättigt.",
		"Most is to be gained from “Much advised occasional buyers”: €42.6 m a year, a third of all. “Large accounts with third-party brands” is saturated.",
	}
	v.Goal = g
	sampleTierReport(&v, s)
	sampleGroups(&v)
	sampleModels(&v)
	return v, sampleRegions(n)
}

func value0(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

func sampleTierReport(v *valueJSON, s *sampleRun) {
	total := value0(s.seg.RevenueTotal)
	counts := make([]int, len(sampleTiers))
	for _, of := range v.Segments {
		for j, c := range of.Tiers {
			counts[j] += c
		}
	}
	for j, t := range sampleTiers {
		revenue := total * t.revenue
		v.Tiers.Tiers = append(v.Tiers.Tiers, tier{
			Tier: t.name, Customers: counts[j], Share: float64(counts[j]) / float64(v.Customers), Revenue: revenue, Potential: ptr(revenue / (1 - t.empty)),
			Unrealised: ptr(revenue/(1-t.empty) - revenue), Contacts: ptr(t.contacts), Orders: ptr(t.orders),
		})
	}
	v.Tiers.Dimensions = []dimension{
		{Dimension: "potential", Feature: "potential", Label: text{"Potenzial", "Potential"}, Unit: "currency", By: "value", Given: []float64{6000, 18000, 48000}, Classes: []dimensionClass{
			{Class: "low"}, {Class: "medium", From: ptr(6000.0)}, {Class: "high", From: ptr(18000.0)}, {Class: "very high", From: ptr(48000.0)},
		}},
		{Dimension: "share_of_wallet", Feature: "share_of_wallet", Label: text{"Share of Wallet", "Share of wallet"}, Unit: "share", By: "quantile", Given: []float64{.4, .75}, Classes: []dimensionClass{
			{Class: "low"}, {Class: "medium", From: ptr(.37)}, {Class: "high", From: ptr(.71)},
		}},
		{Dimension: "behaviour", Feature: "behaviour", Label: text{"Verhaltenswert", "Behaviour score"}, By: "value", Classes: []dimensionClass{
			{Class: "low", Label: text{"passiv", "passive"}}, {Class: "medium", Label: text{"mäßig", "moderate"}, From: ptr(35.0)}, {Class: "high", Label: text{"aktiv", "active"}, From: ptr(65.0)},
		}},
	}
	// The cells of each tier share its customers; one is left with seven of them.
	type key struct{ p, w, b int }
	member := map[int][]key{}
	for p := range 4 {
		for b := range 3 {
			for w := range 3 {
				j := 4 - p - (b+1)/2
				if p == 2 && w == 2 {
					j--
				}
				member[min(max(j, 0), 4)] = append(member[min(max(j, 0), 4)], key{p, w, b})
			}
		}
	}
	classes := []string{"low", "medium", "high", "very high"}
	for j := range 5 {
		left := counts[j]
		for i, k := range member[j] {
			c := left / (len(member[j]) - i)
			if i == 0 && j == 1 {
				c = min(7, left)
			}
			left -= c
			v.Tiers.Grid = append(v.Tiers.Grid, gridCell{classes[k.p], classes[k.w], classes[k.b], sampleTiers[j].name, c})
		}
	}
	for i, l := range []struct {
		level string
		n     int
	}{{"DE", 14210}, {"AT", 3330}, {"CH", 2455}, {"LI", 5}} {
		c := comparedLevel{Level: l.level, Customers: l.n, Suppressed: i == 3}
		for j, t := range sampleTiers {
			c.Common = append(c.Common, int(float64(l.n)*t.share*(1+.3*float64(i)*float64(2-j)/2)))
			c.Own = append(c.Own, int(float64(l.n)*t.share))
		}
		v.Tiers.Comparison = append(v.Tiers.Comparison, c)
	}
	v.Behaviour = &behaviourScore{
		Formula: "50 * min(orders_12m / 12, 1) + 30 * max(0, 1 - recency_days / 365) + 20 * max(0, 1 - 5 * returns_share)",
		Mean:    47.3, Q10: 18.2, Median: 45.9, Q90: 79.4, Missing: 84,
	}
}

func sampleGroups(v *valueJSON) {
	for i, g := range []struct {
		name        string
		label, hint text
		rule        string
		share       float64
	}{
		{"potential_customers", text{"Potenzialkunden", "Potential customers"}, text{"Besuchen und Angebot auf Verbrauchsmaterial machen.", "Visit them and make an offer on consumables."}, "potential >= 18000 and share_of_wallet < 0.25", .062},
		{"small_remote", text{"Kleine Kunden für Fernbetreuung", "Small customers for remote service"}, text{"Telefon und Onlineshop statt Besuch.", "Phone and online shop instead of visits."}, "potential < 6000 and visits_12m > 0", .184},
		{"dormant", text{"Schlafende Kunden", "Dormant customers"}, text{"Eine Kampagne zur Rückgewinnung, dann keine Kontakte mehr.", "One campaign to win them back, then no more contacts."}, "recency_days > 270", .097},
		{"churn_risk", text{"Abwanderungsgefahr", "Churn risk"}, text{"Innerhalb von zwei Wochen anrufen.", "Call within two weeks."}, "recency_days > 2.5 * days_between_orders and revenue_12m > 12000", .031},
		{"over_contacted", text{"Zu oft kontaktiert", "Over-contacted"}, text{"Kontakte halbieren und auf Potenzialkunden legen.", "Halve the contacts and spend them on potential customers."}, "contacts_12m >= 8 and orders_12m <= 3", .121},
		{"under_contacted", text{"Zu selten kontaktiert", "Under-contacted"}, text{"Ein Besuch im Quartal.", "One visit a quarter."}, "contacts_12m <= 2 and unrealised > 10000", .0003},
	} {
		n := int(float64(v.Customers) * g.share)
		out := group{
			Name: g.name, Label: g.label, Hint: g.hint, Rule: g.rule, Customers: n, Share: g.share, Revenue: ptr(float64(n) * 6100), Unrealised: ptr(float64(n) * 9400),
		}
		left := n
		for j := range v.Segments {
			c := n * (1 + (i+2*j)%4) / (2 * len(v.Segments))
			if j == 2 {
				c = min(4, left)
			}
			if j == len(v.Segments)-1 || c > left {
				c = left
			}
			out.Segments = append(out.Segments, c)
			left -= c
		}
		v.Groups = append(v.Groups, out)
	}
	v.Profiles = &profilesJSON{Learned: true, Features: []string{"revenue_12m", "orders_12m", "recency_days", "own_brand_share", "contacts_12m"}}
	for i, a := range []struct {
		name text
		p    []float64
		s    float64
	}{
		{text{"Stammkunde", "Regular"}, []float64{14200, 17.5, 21, .66, 5.2}, .34}, {text{"Projektkäufer", "Project buyer"}, []float64{9800, 3.1, 96, .38, 6.4}, .28},
		{text{"Schnäppchenjäger", "Bargain hunter"}, []float64{3100, 6.2, 61, .21, 9.9}, .21}, {text{"Gelegenheitskunde", "Occasional buyer"}, []float64{1400, 1.6, 182, .35, 2.8}, .17},
	} {
		v.Profiles.Archetypes = append(v.Profiles.Archetypes, archetype{
			ID: fmt.Sprintf("P%d", i+1), Name: a.name, Prototype: a.p, Customers: int(float64(v.Customers) * a.s), Share: a.s, MeanSimilarity: .81 - .06*float64(i),
		})
	}
}

func sampleModels(v *valueJSON) {
	v.Wallet = &walletModel{
		Method: "quantile regression forest", Quantile: .9, Trees: 500, HeldOut: 4000, Coverage: .8935, Pinball: 812.4, Baseline: 1604.9, Wallet: 285.2e6, Realised: 182.4e6,
		Predictors: []importance{
			{"devices", text{"Installierte Geräte", "Installed devices"}, .41}, {"employees", text{"Beschäftigte", "Employees"}, .27},
			{"industry", text{}, .19}, {"region", text{}, .13},
		},
	}
	v.Lifetime = &lifetimeModel{
		Customers: 19120, Repeat: 14388, R: .2425, Alpha: 4.4136, A: .7929, B: 2.4259, LogLikelihood: -95821.36, HorizonWeeks: 104, Expected: 271844,
		P: ptr(6.25), Q: ptr(3.74), V: ptr(1544.0), MeanSpend: ptr(1204.0), LifetimeValue: ptr(327.3e6), MarginRate: ptr(.34), DiscountPerAnn: .1,
	}
	v.Potential = &installedBase{
		Source: "devices", Devices: 157912, Unmetered: 8120, Consumables: 171.2e6, Service: 64.9e6,
		Learned: []learnedPart{{"consumables", .9, 4112, .902, 655.1}},
		Types: []deviceType{
			{"MFP-200", 81234, 42000, .0123, 516.6, 190, .04, false}, {"MFP-450", 41991, 96000, .0101, 969.6, 410, .05, true}, {"Labeller", 3, 10, 1, 777123, 10, 0, false},
		},
	}
}

func samplePlans(seg segment, of segmentValue) []plan {
	fields := []string{"sales_intensity", "offer", "channel", "service_level", "visits", "campaigns", "terms"}
	var out []plan
	for j, t := range sampleTiers {
		if of.Tiers[j] == 0 {
			continue
		}
		p := plan{Segment: seg.Number, Tier: t.name, Customers: of.Tiers[j]}
		for k, f := range fields {
			field := planField{Field: f}
			switch {
			case k == 0:
				field.Text = text{[]string{"hoch", "hoch", "mittel", "niedrig", "niedrig"}[j], []string{"high", "high", "medium", "low", "low"}[j]}
			case k == 1:
				field.Text = text{"Verbrauchsmaterial der Eigenmarke", "Own-brand consumables"}
				field.Proposed, field.Why = true, text{"Anteil Verbrauchsmaterial 18 % gegen 31 % bei allen", "share of consumables 18% against 31% of all"}
			case k == 2:
				field.Text = text{[]string{"Außendienst", "Außendienst", "Innendienst", "Telefon", "Onlineshop"}[j], []string{"field sales", "field sales", "inside sales", "phone", "online shop"}[j]}
			case k == 3:
				field.Text = text{[]string{"Vor-Ort-Service in 4 Stunden", "nächster Werktag", "nächster Werktag", "Fernwartung", "Fernwartung"}[j], []string{"on site within 4 hours", "next working day", "next working day", "remote", "remote"}[j]}
			case k == 4:
				field.Text = text{[]string{"monatlich", "alle zwei Monate", "zweimal im Jahr", "keine", "keine"}[j], []string{"monthly", "every two months", "twice a year", "none", "none"}[j]}
				field.Proposed, field.Why = true, text{
					"10,2 Kontakte im Jahr gegen 3,1 Bestellungen, 79 % des Bedarfs offen", "10.2 contacts a year against 3.1 orders, 79% of the wallet open",
				}
			case k == 5:
				field.Text = text{"Frühjahrsaktion Verbrauchsmaterial", "Spring campaign on consumables"}
			default:
				field.Text = text{"Staffelrabatt ab 5.000 €", "Volume discount from €5,000"}
			}
			p.Fields = append(p.Fields, field)
		}
		out = append(out, p)
	}
	return out
}

func sampleRegions(customers int) regionsJSON {
	r := regionsJSON{MinCell: 10, Currency: "EUR"}
	regions := map[string][]string{
		"DE": {"BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"},
		"AT": {"Wien", "Niederösterreich", "Oberösterreich", "Steiermark", "Tirol", "Kärnten"}, "CH": {"ZH", "BE", "VD", "AG", "SG"},
	}
	country := regionLevel{Level: "country", Column: "country", SuppressedCells: 2, SuppressedCustomers: 17, Unknown: 0}
	region := regionLevel{Level: "region", Column: "region", SuppressedCells: 3, SuppressedCustomers: 21, Unknown: 112}
	postcode := regionLevel{Level: "postcode", Column: "postcode", Prefix: 2, SuppressedCells: 14, SuppressedCustomers: 93, Unknown: 4}
	cell := func(country, area string, n int, x float64) regionCell {
		revenue := float64(n) * (6000 + 4000*x)
		c := regionCell{Country: country, Area: area, Customers: n, Revenue: ptr(revenue), Potential: ptr(revenue * (1.3 + x)), Unrealised: ptr(revenue * (.3 + x))}
		for _, of := range []struct {
			into  **int
			share float64
		}{{&c.KeyAccounts, .03}, {&c.A, .09}, {&c.PotentialCustomers, .06}} {
			if k := int(float64(n) * of.share * (.6 + x)); k == 0 || k >= 10 {
				*of.into = ptr(k)
			}
		}
		return c
	}
	for i, code := range []string{"DE", "AT", "CH"} {
		all := 0
		for j, name := range regions[code] {
			n := 30 + (j*397+i*211)%1400
			all += n
			region.Cells = append(region.Cells, cell(code, name, n, float64((j*7+i*3)%11)/10))
		}
		country.Cells = append(country.Cells, cell(code, code, all, .3*float64(i)))
	}
	for j := range 41 {
		postcode.Cells = append(postcode.Cells, cell("DE", fmt.Sprintf("%02d", 10+2*j), 20+(j*131)%900, float64(j*5%9)/8))
	}
	r.Levels = []regionLevel{country, region, postcode}
	return r
}

// withValue adds value.json and regions.json to a sample.
func withValue(t testing.TB, s *sampleRun, edit func(v *valueJSON, r *regionsJSON)) Input {
	t.Helper()
	in := s.input(t)
	v, r := newValue(s)
	if edit != nil {
		edit(&v, &r)
	}
	for _, a := range []struct {
		into *[]byte
		from any
	}{{&in.Value, v}, {&in.Regions, r}} {
		b, err := json.Marshal(a.from)
		if err != nil {
			t.Fatal(err)
		}
		*a.into = b
	}
	return in
}
