package profile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// levelled is three segments, far apart in orders and contacts and alike in returns; revenue per customer is 1, 3 and 11 times
// 100, of 500 on average: low, medium (cuts 0.4, 1.2, 2) and very high.
func levelled() Input {
	in := Input{Table: &table.Table{}, K: 3, WindowDays: 365}
	r := rand.New(rand.NewPCG(2, 5))
	columns := []*table.Column{{Name: "revenue_12m", Unit: "currency"}, {Name: "orders_12m", Unit: "orders"}, {Name: "contacts_12m", Unit: "contacts"},
		{Name: "returns_share", Unit: "share"}, {Name: "empty"}, {Name: "grade"}}
	industry := &table.Column{Name: "industry", Kind: table.Category}
	for i := range 300 {
		s := i % 3
		in.Table.Keys = append(in.Table.Keys, fmt.Sprintf("%03d", i))
		in.Labels = append(in.Labels, s)
		for j, v := range []float64{[]float64{100, 300, 1100}[s], 50 - 20*float64(s) + r.NormFloat64(), []float64{10, 9.4, 10.5}[s] + r.NormFloat64(), r.Float64(), math.NaN(), []float64{0, 9.97, 10}[s] + 0.01*r.Float64()} {
			columns[j].Numbers = append(columns[j].Numbers, v)
		}
		industry.Strings = append(industry.Strings, "x")
	}
	in.Table.Columns = append(columns, industry)
	in.Table.Columns[0].ProfileOnly = true
	prepare(&in)
	return in
}

func nick(name, feature string, levels ...string) Nickname {
	return Nickname{Name: tx(name+" de", name+" en"), When: map[string][]string{feature: levels}}
}

// Which segments a nickname of one level fits.
func TestLevelsOfNicknames(t *testing.T) {
	for _, c := range []struct {
		feature, level string
		want           string // segments
	}{
		{"revenue_12m", "low", "1"}, {"revenue_12m", "very_low", ""}, {"revenue_12m", "medium", "2"}, {"revenue_12m", "high", "3"}, {"revenue_12m", "very_high", "3"},
		{"orders_12m", "high", "1"}, {"orders_12m", "very_high", "1"}, {"orders_12m", "low", "3"}, {"orders_12m", "very_low", "3"}, {"orders_12m", "medium", "2"},
		{"contacts_12m", "very_high", ""}, {"contacts_12m", "high", "3"}, {"contacts_12m", "low", "2"}, {"contacts_12m", "very_low", ""}, {"contacts_12m", "medium", "1"},
		{"returns_share", "medium", "123"}, {"returns_share", "high", ""}, {"empty", "medium", ""},
		{"grade", "high", "23"}, {"grade", "very_high", "3"}, {"grade", "very_low", "1"}, // two are far above the others, one is highest

	} {
		r := mustDescribe(t, levelled(), Config{Nicknames: []Nickname{nick("hero", c.feature, c.level)}})
		got := ""
		for _, s := range r.Segments {
			if strings.HasPrefix(s.Name.EN, "Hero en") != strings.HasPrefix(s.Name.DE, "Hero de") {
				t.Errorf("%+v", s.Name)
			}
			if strings.HasPrefix(s.Name.EN, "Hero en") {
				got += fmt.Sprint(s.Number)
			}
		}
		if got != c.want {
			t.Errorf("%s %s fits segments %q, want %q", c.feature, c.level, got, c.want)
		}
	}
}

func TestFirstNicknameThatFits(t *testing.T) {
	both := Nickname{Name: tx("beides", "both"), When: map[string][]string{"orders_12m": {"very_low", "low"}, "revenue_12m": {"high"}}}
	neither := Nickname{Name: tx("keins", "neither"), When: map[string][]string{"orders_12m": {"low"}, "revenue_12m": {"low"}}}
	r := mustDescribe(t, levelled(), Config{Nicknames: []Nickname{{Name: tx("leer", "empty")}, neither, both, nick("few", "orders_12m", "low"), nick("many", "orders_12m", "high", "medium")}})
	var got []string
	for _, s := range r.Segments {
		got = append(got, s.Name.EN)
	}
	// The two of one nickname are told apart; the one of its own has nothing but it.
	if !strings.HasPrefix(got[0], "Many en, ") || !strings.HasPrefix(got[1], "Many en, ") || got[0] == got[1] || got[2] != "Both" {
		t.Errorf("%q", got)
	}
}

func TestNicknamesRefused(t *testing.T) {
	_, err := Describe(levelled(), Config{Nicknames: []Nickname{nick("a", "orders_12m", "high"), nick("b", "orders", "high", "hi"), nick("c", "orders_12m", "", "low"), nick("d", "industry", "high")}})
	var got []string
	for _, p := range problem.All(err) {
		got = append(got, p.ID+" "+p.Place)
	}
	want := []string{"SEG-FEA-002 segment.nicknames[1].when.orders", "SEG-CFG-003 segment.nicknames[1].when.orders", "SEG-CFG-003 segment.nicknames[2].when.orders_12m",
		"SEG-FEA-002 segment.nicknames[3].when.industry"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Nicknames stay when every figure moves by up to one per cent: levels are bands.
func TestNicknamesAreStable(t *testing.T) {
	cfg := Config{Nicknames: []Nickname{
		{Name: tx("Vielbesteller", "heavy buyers"), When: map[string][]string{"orders_12m": {"very_high"}, "revenue_12m": {"high", "very_high"}}},
		{Name: tx("Zaudernde", "ditherers"), When: map[string][]string{"revenue_12m": {"low"}, "contacts_12m": {"high"}}},
		{Name: tx("Stille", "quiet ones"), When: map[string][]string{"contacts_12m": {"low"}}},
	}}
	want := mustDescribe(t, planted(4000, 1), cfg)
	for _, n := range cfg.Nicknames {
		if !slices.ContainsFunc(want.Segments, func(s Segment) bool { return strings.HasPrefix(s.Name.DE, n.Name.DE) }) {
			t.Errorf("nobody is called %s: the test sees too little", n.Name.DE)
		}
	}
	for seed := range uint64(10) {
		in := planted(4000, 1)
		r := rand.New(rand.NewPCG(seed, 77))
		for _, c := range in.Table.Columns {
			for i, x := range c.Numbers {
				c.Numbers[i] = float64(x * (1 + 0.02*(r.Float64()-0.5)))
			}
		}
		prepare(&in)
		for s, seg := range mustDescribe(t, in, cfg).Segments {
			if seg.Name != want.Segments[s].Name {
				t.Errorf("seed %d: segment %d is called %v instead of %v", seed, s+1, seg.Name, want.Segments[s].Name)
			}
		}
	}
}
