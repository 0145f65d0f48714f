package profile

import "segovia/engine/table"

// roles are the features that segments.json has fields for; nil = not there.
type roles struct {
	revenue, orders, contacts *numeric
	// reachable is the feature of customers with a usable channel: numbers, or a category whose missing means none.
	reachable         *numeric
	reachableCategory *category
	realised          *numeric // share of the potential that is realised, against the best customers
}

// assign finds the feature of each role: the configured one, else the first that is recognised. For orders and contacts
// that is the total over all kinds and channels, since names with further words are not recognised as such.
func assign(numbers []*numeric, cats []*category, cfg Config) roles {
	var r roles
	pick := func(name string, ids ...string) *numeric {
		for _, f := range numbers {
			if name != "" && f.col.Name == name {
				return f
			}
		}
		if name != "" {
			return nil // a feature without any value
		}
		for _, id := range ids {
			for _, f := range numbers {
				if f.meta.concept != nil && f.meta.concept.id == id && !f.meta.share && !f.meta.percent {
					return f
				}
			}
		}
		return nil
	}
	r.revenue = pick(cfg.Revenue, "revenue")
	r.orders = pick(cfg.Orders, "orders")
	r.contacts = pick(cfg.Contacts, "contacts", "campaign_contacts")
	for _, f := range numbers {
		name := cfg.Addressable
		if f.col.Name == name || name == "" && r.reachable == nil && reachableName(f) {
			r.reachable = f
		}
		if c := f.meta.concept; c != nil && (c.id == "potential_realised" || c.id == "share_of_wallet" && f.meta.share) && r.realised == nil {
			r.realised = f
		}
	}
	for _, c := range cats {
		if c.col.Name == cfg.Addressable {
			r.reachableCategory = c
		}
	}
	return r
}

const reachableTokens = "addressable|reachable|contactable|erreichbar|adressierbar|ansprechbar|optin|consent|einwilligung"

// reachableName recognises features such as reachable, opt_in or has_email, with values 0 and 1 or shares.
func reachableName(f *numeric) bool {
	t := f.meta.tokens
	named := anyToken(t, reachableTokens) || anyToken(t, "opt") && anyToken(t, "in") ||
		anyToken(t, "has|hat") && anyToken(t, "email|mail|phone|telefon|address|adresse|channel|kanal")
	return named && f.sorted[0] >= 0 && f.sorted[len(f.sorted)-1] <= 1
}

// addressable reports whether enough customers of segment s have a usable channel; nil where no feature tells. Customers
// without a value count as without channel.
func (r roles) addressable(s, size int, cfg Config) *bool {
	var share float64
	switch {
	case r.reachableCategory != nil:
		share = float64(r.reachableCategory.known[s]) / float64(size)
	case r.reachable != nil:
		positive := r.reachable.seg[s]
		if positive.n > 0 {
			share = float64(float64(positive.n)*positive.mean) / float64(size)
		}
	default:
		return nil
	}
	ok := share >= cfg.AddressableShare
	return &ok
}

// total is the revenue of a segment, or of all customers: those without a value bring none.
func total(m moments) float64 {
	if m.n == 0 {
		return 0
	}
	return float64(float64(m.n) * m.mean)
}

// The revenue classes of M16, from low on.
var classes = [4]string{"low", "medium", "high", "very high"}

// revenueClass compares a segment's revenue per customer with that of all customers: with the default cuts, very high
// from 2 times on, high from 1.2, medium from 0.4, low below. It does not depend on the other segments' number.
func revenueClass(perCustomer, overall float64, cuts [3]float64) int {
	ratio := perCustomer / overall
	class := 0
	for class < 3 && ratio >= cuts[class] {
		class++
	}
	return class
}

// perYear scales a feature's mean in segment s to a year; nil where feature, values or window are not known.
func perYear(f *numeric, m moments, in Input) *float64 {
	if f == nil || m.n == 0 {
		return nil
	}
	factor, ok := YearFactor(f.col.Name, in.WindowDays, in.FeatureWindows)
	if !ok {
		return nil
	}
	y := float64(m.mean * factor)
	return &y
}

// YearFactor is what scales a feature to a year: 1 for one that is named per year, else 365 over its window in days: its own of
// windows, else that of all features, else the one in its name. It reports false where none is known.
func YearFactor(feature string, windowDays float64, windows map[string]float64) (float64, bool) {
	tokens := tokenise(feature)
	if anyToken(tokens, "per|pro|je") && anyToken(tokens, "year|jahr") {
		return 1, true
	}
	if days := windows[feature]; days > 0 {
		return 365 / days, true
	}
	if windowDays > 0 {
		return 365 / windowDays, true
	}
	for _, t := range tokens {
		if days, _, _, ok := window(t); ok {
			return 365 / days, true
		}
	}
	return 0, false
}

// Recognise returns the names of the features of a table that have a part to play, by part: "revenue", "orders" and
// "contacts" as configured, else the first that is recognised; "recency", the days since the last order, and "returns", their
// share, as recognised. Parts that no feature plays are not in the map.
func Recognise(t *table.Table, cfg Config) map[string]string {
	out := map[string]string{}
	for _, part := range []struct {
		name, given string
		concepts    []string
	}{
		{"revenue", cfg.Revenue, []string{"revenue"}}, {"orders", cfg.Orders, []string{"orders"}},
		{"contacts", cfg.Contacts, []string{"contacts", "campaign_contacts"}},
		{"recency", "", []string{"recency"}}, {"returns", "", []string{"returns"}},
	} {
		if part.given != "" {
			out[part.name] = part.given
			continue
		}
		for _, id := range part.concepts {
			for _, c := range t.Columns {
				m := describeColumn(c, cfg)
				fits := c.Kind != table.Category && m.concept != nil && m.concept.id == id
				if isShare := m.share || m.percent; fits && isShare == (part.name == "returns") && out[part.name] == "" {
					out[part.name] = c.Name
				}
			}
		}
	}
	return out
}
