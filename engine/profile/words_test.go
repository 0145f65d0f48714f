package profile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"segovia/engine/table"
)

func TestRecognise(t *testing.T) {
	for _, c := range []struct{ name, unit, kind, want string }{
		{"recency_days", "days", "", "recency"},
		{"days_since_last_order", "days", "", "recency"},
		{"tage_seit_letzter_bestellung", "", "", "recency"},
		{"orders_12m", "orders", "transactional", "orders"},
		{"Anzahl Bestellungen", "", "", "orders"},
		{"frequency", "", "", "orders"},
		{"order_count", "", "", "orders"},
		{"revenue_12m", "currency", "transactional", "revenue"},
		{"Umsatz", "", "", "revenue"},
		{"monetary", "", "", "revenue"},
		{"net_amount", "currency", "", "revenue"},
		{"total_sales", "", "", "revenue"},
		{"revenue", "", "firmographic", "company_turnover"},
		{"average_order_value", "currency", "", "order_value"},
		{"aov", "", "", "order_value"},
		{"Bestellwert", "", "", "order_value"},
		{"revenue_per_order", "", "", "order_value"},
		{"consumables_share", "share", "", "consumables_share"},
		{"Verbrauchsmaterialanteil", "share", "", "consumables_share"},
		{"own_brand_share", "share", "", "own_brand"},
		{"eigenmarkenanteil", "%", "", "own_brand"},
		{"third_party_share", "share", "", "third_party"},
		{"Fremdmarken-Anteil", "", "", "third_party"},
		{"contacts_12m", "contacts", "", "contacts"},
		{"Kontakte pro Jahr", "", "", "contacts"},
		{"campaign_contacts", "", "", "campaign_contacts"},
		{"orders_per_contact", "", "", "orders_per_contact"},
		{"potential_realised", "share", "", "potential_realised"},
		{"Ausgeschöpftes Potenzial", "", "", ""},
		{"returns_share", "share", "", "returns"},
		{"Retourenquote", "share", "", "returns"},
		{"revenue_trend", "", "", "trend"},
		{"days_between_orders_mean", "days", "", "gaps"},
		{"days_between_orders_cv", "", "", "rhythm"},
		{"gap_mean", "days", "behavioural", "gaps"},
		{"gap_cv", "ratio", "behavioural", "rhythm"},
		{"trend_orders", "ratio", "behavioural", "trend"},
		{"trend_amount", "ratio", "behavioural", "trend"},
		{"count_orders", "orders", "behavioural", "orders"},
		{"items_per_order", "rows", "behavioural", "items_per_order"},
		{"r_score", "", "", "recency_score"},
		{"recency_score", "", "", "recency_score"},
		{"f_score", "", "", "frequency_score"},
		{"m_score", "", "", "monetary_score"},
		{"devices", "devices", "", "devices"},
		{"Gerätealter", "", "", "device_age"},
		{"usage", "", "", "usage"},
		{"employees", "", "firmographic", "employees"},
		{"Mitarbeiter", "", "", "employees"},
		{"purchasing_power", "", "", "purchasing_power"},
		{"Kaufkraftindex", "", "", "purchasing_power"},
		{"tenure_days", "days", "", "tenure"},
		// What must not be taken for something else.
		{"revenue_toner", "currency", "", ""},
		{"revenue_per_employee", "currency", "", ""},
		{"revenue_share_toner", "share", "", ""},
		{"revenue_share", "share", "", ""},
		{"contacts_email_12m", "", "", ""},
		{"orders_value", "currency", "", ""},
		{"Sepal.Length", "", "", ""},
		{"yummy", "", "", ""},
		{"q1", "", "", ""},
		{"12", "", "", ""},
		{"", "", "", ""},
	} {
		got := ""
		if found := recognise(c.name, c.unit, c.kind, false); found != nil {
			got = found.id
		}
		if got != c.want {
			t.Errorf("%q (%s, %s) is %q, want %q", c.name, c.unit, c.kind, got, c.want)
		}
	}
	if c := recognise("industry_code", "", "", true); c == nil || c.id != "industry" {
		t.Errorf("industry_code is %v", c)
	}
}

func TestVocabularyIsWhole(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range concepts {
		if ids[c.id] || c.id == "" || c.family == "" || len(c.forms) == 0 {
			t.Errorf("concept %q is doubled or has no family or form", c.id)
		}
		ids[c.id] = true
		all := []Text{c.label}
		if !c.category {
			all = append(all, c.words.VeryHigh, c.words.High, c.words.Low, c.words.VeryLow)
		}
		if c.poles != nil {
			all = append(all, c.poles.high, c.poles.low, c.poles.almostHigh, c.poles.mostlyHigh, c.poles.mostlyLow, c.poles.almostLow)
		}
		for _, words := range all {
			if words.DE == "" || words.EN == "" {
				t.Errorf("concept %q lacks words: %v", c.id, words)
			}
		}
	}
}

func TestNumbersInBothLanguages(t *testing.T) {
	share, days, money := meta{share: true}, meta{unit: "days"}, meta{unit: "currency", currency: "€"}
	for _, c := range []struct{ got, want string }{
		{count(1234567, de), "1.234.567"}, {count(1234, en), "1,234"}, {count(-1234, en), "-1,234"}, {count(999, de), "999"},
		{rounded(1234567, de), "1.230.000"}, {rounded(0.12345, de), "0,123"}, {rounded(10.02, en), "10"}, {rounded(-0.00001, en), "-0.00001"},
		{percent(0.1234, de), "12 %"}, {percent(0.0123, de), "1,2 %"}, {percent(0.0004, en), "0.04 %"}, {percent(0, en), "0 %"}, {percent(1, de), "100 %"},
		{percent1(0.153, de), "15,3 %"}, {fixed(10.04, 1, de), "10"}, {fixed(3.14, 1, de), "3,1"}, {fixed(-0.01, 1, de), "0"},
		{share.threshold(0.35, de), "35 %"}, {share.threshold(0.345, de), "34,5 %"}, {share.threshold(0.005, en), "0.5 %"}, {share.threshold(-0.5, en), "-50 %"},
		{share.threshold(1, en), "100 %"}, {share.threshold(0.07, en), "7 %"}, {share.figure(0.29, en), "29 %"},
		{days.threshold(1, de), "1 Tag"}, {days.threshold(30, de), "30 Tage"}, {days.threshold(1.5, en), "1.5 days"},
		{money.threshold(12000, de), "12.000 €"}, {money.figure(12345.6, en), "12,300 €"},
		{meta{percent: true}.figure(12.5, de), "12,5 %"}, {meta{symbol: "kg"}.threshold(2.5, de), "2,5 kg"}, {meta{unit: "orders"}.threshold(3, en), "3"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestHumanNames(t *testing.T) {
	col := func(name, unit string) *table.Column {
		return &table.Column{Name: name, Unit: unit, Numbers: []float64{0.5}}
	}
	for _, c := range []struct {
		col         *table.Column
		label       Text
		title       string
		share, text bool
	}{
		{col: col("Sepal.Length", ""), label: tx("Sepal Length", "Sepal Length"), title: "Sepal Length"},
		{col: col("revenue_12m", ""), label: tx("Umsatz (12 Monate)", "revenue (12 months)"), title: "Revenue (12 months)"},
		{col: col("toner_anteil", ""), label: tx("toner anteil", "toner anteil"), title: "toner anteil", share: true},
		{col: &table.Column{Name: "orders_1y", LabelDE: "Käufe"}, label: tx("Käufe", "orders (1 year)"), title: "Orders (1 year)"},
	} {
		m := describeColumn(c.col, Config{})
		if m.label != c.label || m.title.EN != c.title || m.share != c.share {
			t.Errorf("%s: label %v, title %q, share %v", c.col.Name, m.label, m.title.EN, m.share)
		}
	}
	a, b := describeColumn(col("orders_12m", ""), Config{}), describeColumn(col("frequency_12m", ""), Config{})
	uniqueLabels([]*meta{&a, &b}, []string{"orders_12m", "frequency_12m"})
	if a.label == b.label || a.label.EN != "orders 12m" {
		t.Errorf("equal labels: %v, %v", a.label, b.label)
	}
}

// The planted figures must read out of the descriptions, in both languages.
func TestPlantedWords(t *testing.T) {
	r := mustDescribe(t, planted(4000, 2), Config{})
	says := [][2][]string{ // by segment number: character 4, 3, 5, 1, 2
		{{"überwiegend Fremdmarken", "wenig Verbrauchsmaterial", "ist mittel"}, {"third-party brands", "few consumables", "is medium"}},
		{{"10-mal im Jahr kontaktiert", "bestellen 3", "wenige Bestellungen", "ist niedrig"}, {"contacted 10 times a year", "order 3", "few orders", "is low"}},
		{{"Eigenmarke", "wenige Kontakte", "ist mittel"}, {"own brand", "few contacts", "is medium"}},
		{{"überwiegend Fremdmarken", "wenige Bestellungen", "ist hoch"}, {"mostly third-party brands", "few orders", "is high"}},
		{{"überwiegend Eigenmarke", "viele Kontakte", "viel Verbrauchsmaterial", "ist sehr hoch"},
			{"mostly own brand", "many contacts", "many consumables", "is very high"}},
	}
	for s, by := range says {
		for _, l := range []language{de, en} {
			text := r.Segments[s].Description.in(l)
			for _, want := range by[l] {
				if !strings.Contains(text, want) {
					t.Errorf("segment %d does not say %q: %s", s+1, want, text)
				}
			}
		}
	}
}

// Names must not change when next month's figures differ a little.
func TestNamesAreStable(t *testing.T) {
	want := mustDescribe(t, planted(4000, 1), Config{})
	for seed := range uint64(10) {
		in := planted(4000, 1)
		r := rand.New(rand.NewPCG(seed, 1))
		for _, c := range in.Table.Columns {
			for i := range c.Numbers {
				c.Numbers[i] = float64(c.Numbers[i] * (1 + 0.03*r.NormFloat64()))
			}
		}
		for i := range in.Labels {
			if r.Float64() < 0.01 {
				in.Labels[i] = r.IntN(5)
			}
		}
		prepare(&in)
		for s, seg := range mustDescribe(t, in, Config{}).Segments {
			if seg.Name != want.Segments[s].Name {
				t.Errorf("seed %d: segment %d is called %v instead of %v", seed, s+1, seg.Name, want.Segments[s].Name)
			}
		}
	}
}

func TestTrendBySign(t *testing.T) {
	for _, c := range []struct {
		shift     float64
		low, high string
	}{
		{0, "declining", "growing"}, {1.5, "unfavourable trend", "favourable trend"}, {-0.6, "declining", "favourable trend"},
	} {
		x := &table.Column{Name: "trend_orders", Unit: "ratio"}
		in := Input{Table: &table.Table{Columns: []*table.Column{x}}, K: 2}
		for i := range 100 {
			x.Numbers = append(x.Numbers, float64(i/50)-0.5+float64(i%10)/100+c.shift)
			in.Labels, in.Table.Keys = append(in.Labels, i/50), append(in.Table.Keys, fmt.Sprint(i))
		}
		prepare(&in)
		r := mustDescribe(t, in, Config{})
		if low, high := r.Segments[0].Name.EN, r.Segments[1].Name.EN; low != capitalise(c.low) || high != capitalise(c.high) {
			t.Errorf("shift %v: %q and %q", c.shift, low, high)
		}
	}
}

func TestEqualSegmentsGetDifferentNames(t *testing.T) {
	// Segments 1 and 2 are both high in x and y, 2 more so; 3 to 5 have the same values as each other.
	x := &table.Column{Name: "x"}
	in := Input{Table: &table.Table{Columns: []*table.Column{x}}, K: 5}
	for i := range 100 {
		s := i / 20
		x.Numbers = append(x.Numbers, []float64{100, 110, 1, 1, 1}[s]+float64(i%20)/10)
		in.Labels, in.Table.Keys = append(in.Labels, s), append(in.Table.Keys, fmt.Sprint(i))
	}
	prepare(&in)
	var got []string
	for _, s := range mustDescribe(t, in, Config{}).Segments {
		got = append(got, s.Name.EN)
	}
	want := []string{"X: high, x: lower", "X: high, x: higher", "X: low, size: rank 1 of 3", "X: low, size: rank 2 of 3", "X: low, size: rank 3 of 3"}
	if !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}

	// Words of the configuration that collide with everything.
	cfg := Config{Vocabulary: map[string]Words{"x": {Label: tx("", ""), High: tx("gleich", "same"), Low: tx("gleich", "same")}}}
	seen := map[string]bool{}
	for _, s := range mustDescribe(t, in, cfg).Segments {
		if seen[s.Name.DE] || seen[s.Name.EN] {
			t.Errorf("%v twice", s.Name)
		}
		seen[s.Name.DE], seen[s.Name.EN] = true, true
	}
}

func TestOneSegment(t *testing.T) {
	in := planted(100, 1)
	in.K, in.Labels = 1, make([]int, 100)
	r := mustDescribe(t, in, Config{})
	s := r.Segments[0]
	if s.Name != tx("Alle Kunden", "All customers") || s.Rule.Text.DE != "alle Kunden" || s.Rule.Coverage != 1 || s.Rule.Precision != 1 {
		t.Errorf("%v, %+v", s.Name, s.Rule)
	}
	if *s.RevenueClass != "medium" || math.Abs(*s.RevenueShare-1) > 1e-15 || len(s.Rule.Conditions) != 0 {
		t.Errorf("class %s, share %v", *s.RevenueClass, *s.RevenueShare)
	}
}
