package reportio

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
)

// inOne renders one language, so that a search finds what is said once.
func inOne(in Input, lang string) Input {
	in.Languages = []string{lang}
	return in
}

// partOf is section for a page in English, as it is written.
func partOf(page, id string) string {
	at := strings.Index(page, `<section id="en-`+id+`">`)
	if at < 0 {
		return ""
	}
	return page[at : at+strings.Index(page[at:], "</section>")]
}

// TestValueParts: every section is there with its part of the artifacts and gone without.
func TestValueParts(t *testing.T) {
	for _, c := range []struct {
		id   string
		said []string
		drop func(v *valueJSON, r *regionsJSON)
	}{
		{"goal", []string{"Most is to be gained from", "€42.6" + nbsp + "m", "saturated", "Large accounts"}, func(v *valueJSON, _ *regionsJSON) { v.Goal = nil }},
		{"tiers", []string{"Key Account", "from €48,000 a year", "from €6,000 to below €18,000 a year", "50 * min(orders_12m", "common cuts", "Country"}, func(v *valueJSON, _ *regionsJSON) { v.Tiers = nil }},
		{"groups", []string{"Churn risk", "Call within two weeks.", "recency_days &gt; 270"}, func(v *valueJSON, _ *regionsJSON) { v.Groups = nil }},
		{"behaviour", []string{"Bargain hunter", "0.81", "€14,200"}, func(v *valueJSON, _ *regionsJSON) { v.Profiles = nil }},
		{"plans", []string{"field sales", "Service level", "Why this is proposed"}, func(v *valueJSON, _ *regionsJSON) { v.Plans = nil }},
		{"regions", []string{"Niederösterreich", "11 more areas", "3 areas with 21 customers together", "Postcode areas"}, func(_ *valueJSON, r *regionsJSON) { r.Levels = nil }},
	} {
		with := partOf(render(t, inOne(withValue(t, newSample(5, 14), nil), "en")), c.id)
		if with == "" {
			t.Errorf("no section %s", c.id)
		}
		for _, said := range c.said {
			if !strings.Contains(with, said) {
				t.Errorf("section %s does not say %q", c.id, said)
			}
		}
		if partOf(render(t, inOne(withValue(t, newSample(5, 14), c.drop), "en")), c.id) != "" {
			t.Errorf("section %s without its part", c.id)
		}
	}
	page := render(t, inOne(withValue(t, newSample(5, 14), nil), "en"))
	for _, said := range []string{
		"quantile regression forest", "89.3% spend at most their estimate; aimed at 90.0%", "smaller by 49%", "BG/NBD", "MFP-450", "Types with fewer than 10 devices, not shown: 1.", "Potential open",
		"412 customers without devices", "3.3 contacts per order", "5.5 orders per contact", "21% share of wallet",
	} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	methods := partOf(page, "methods")
	bare := partOf(render(t, inOne(withValue(t, newSample(5, 14), func(v *valueJSON, _ *regionsJSON) {
		v.Wallet, v.Lifetime, v.Potential, v.Warnings = nil, nil, nil, nil
	}), "en")), "methods")
	for _, id := range []string{"Quantile", "BG/NBD", "Type of device", "could not be estimated"} {
		if !strings.Contains(methods, id) || strings.Contains(bare, id) {
			t.Errorf("%q is in the methods with its part: %v, without: %v", id, strings.Contains(methods, id), strings.Contains(bare, id))
		}
	}
}

// TestWithoutValue: without the artifacts nothing of them is on the page, neither sections nor terms.
func TestWithoutValue(t *testing.T) {
	page := render(t, newSample(5, 14).input(t))
	page = page[strings.Index(page, "</style>"):]
	for _, bad := range []string{
		"valuetable", "moneycell", "tierchip", "legend", "seven", "-goal", "-tiers", "-groups", "-plans", "-regions", "-behaviour",
		texts["g.wallet.t"].EN, texts["g.uplift.t"].DE, texts["est"].EN, texts["kpi.open"].EN,
	} {
		if strings.Contains(page, bad) && !strings.Contains(texts["unrealised"].EN+texts["unrealised"].DE, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, has := range []string{"All segments at a glance", `<table class="overview">`, `<dl class="kpis">`} {
		if !strings.Contains(page, has) {
			t.Errorf("the page has no %q any more", has)
		}
	}
	regions := withValue(t, newSample(5, 14), nil)
	regions.Value = nil
	if page := render(t, inOne(regions, "en")); partOf(page, "regions") == "" || partOf(page, "tiers") != "" {
		t.Error("regions do not stand without value")
	}
}

// TestChartsAreNamed: every drawing has a title and a description that are not empty.
func TestChartsAreNamed(t *testing.T) {
	nodes := parse(t, render(t, withValue(t, newSample(5, 14), nil)))
	byID := map[string]*node{}
	for _, n := range nodes {
		byID[n.attrs["id"]] = n
	}
	charts := 0
	for _, n := range nodes {
		if n.name != "svg" || n.attrs["role"] != "img" {
			continue
		}
		charts++
		title, desc := byID[n.attrs["aria-labelledby"]], byID[n.attrs["aria-describedby"]]
		if title == nil || desc == nil || title.name != "title" || desc.name != "desc" || len(strings.TrimSpace(title.text)) < 5 || len(strings.TrimSpace(desc.text)) < 30 {
			t.Errorf("drawing %v has title %v and description %v", n.attrs, title, desc)
		}
	}
	if charts < 2*4 { // three of the grid and the map, in both languages
		t.Errorf("%d drawings", charts)
	}
}

// TestGoalOrder: segments stand by what they can still bring, whatever the order of the artifact.
func TestGoalOrder(t *testing.T) {
	in := withValue(t, newSample(5, 14), func(v *valueJSON, _ *regionsJSON) {
		s := v.Goal.Segments
		s[0], s[4] = s[4], s[0]
		s[1], s[3] = s[3], s[1]
	})
	goal := partOf(render(t, inOne(in, "en")), "goal")
	last := 0
	for _, amount := range []string{"€42.6", "€39.7", "€24.6", "€14.4", "€3.35"} {
		at := strings.Index(goal, `<td class="num strong">`+amount)
		if at < last {
			t.Errorf("%s is not in its place", amount)
		}
		last = at
	}
}

// TestPlans: proposals are marked, with their why; what was configured is not. Cells that span rows fill the table.
func TestPlans(t *testing.T) {
	plans := partOf(render(t, inOne(withValue(t, newSample(5, 14), nil), "en")), "plans")
	if n := strings.Count(plans, `<span class="proposed" title="10.2 contacts a year against 3.1 orders, 79% of the wallet open">monthly`); n != 5 {
		t.Errorf("the proposal of visits is marked %d times, want 5", n)
	}
	for _, configured := range []string{"field sales", "Spring campaign on consumables", "Volume discount from €5,000"} {
		if !regexp.MustCompile(`<td( rowspan="\d")?>` + regexp.QuoteMeta(configured) + `</td>`).MatchString(plans) {
			t.Errorf("%q does not stand unmarked", configured)
		}
	}
	decided := withValue(t, newSample(5, 14), func(v *valueJSON, _ *regionsJSON) {
		for i := range 5 {
			v.Plans[i].Fields[1].Why, v.Plans[i].Fields[1].Proposed = text{}, i != 1 // one with the text of the proposals around it
		}
	})
	if !strings.Contains(partOf(render(t, inOne(decided, "en")), "plans"), "<td>Own-brand consumables</td>") {
		t.Error("what was decided hides among proposals of the same text")
	}
	for i, table := range regexp.MustCompile(`(?s)<tbody>.*?</tbody>`).FindAllString(plans, -1) {
		cells := strings.Count(table, "<td>")
		for _, m := range regexp.MustCompile(`<td rowspan="(\d+)">`).FindAllStringSubmatch(table, -1) {
			cells += int(m[1][0] - '0')
		}
		if cells != 5*7 {
			t.Errorf("plan %d fills %d cells, want 35", i, cells)
		}
	}
}

func TestRegions(t *testing.T) {
	in := withValue(t, newSample(5, 14), func(_ *valueJSON, r *regionsJSON) {
		cell := &r.Levels[1].Cells[0]
		*cell = regionCell{Country: "DE", Area: "ZZ", Customers: 77, Revenue: ptr(1e6), Unrealised: ptr(99e6), A: ptr(12)}
	})
	regions := partOf(render(t, inOne(in, "en")), "regions")
	if n := strings.Count(regions, `<rect class="tile q`); n != 27 {
		t.Errorf("%d tiles, want 27", n)
	}
	if !strings.Contains(regions, "<title>DE · ZZ · 77 customers · open: €99.0"+nbsp+"m · Key Accounts: under 10, A customers: 12</title>") {
		t.Error("the tile's title does not say what the region has")
	}
	for step := 1; step <= steps; step++ {
		if n := strings.Count(regions, fmt.Sprintf(`<rect class="tile q%d"`, step)); n < 4 || n > 7 {
			t.Errorf("%d regions of colour %d, want about a fifth of 27", n, step)
		}
	}
	first := regions[strings.Index(regions, "Postcode areas"):]
	shown, more, _ := strings.Cut(first, "<details>")
	if a, b := strings.Count(shown, `<th scope="row">`), strings.Count(more, `<th scope="row">`); a != topAreas || b != 41-topAreas {
		t.Errorf("%d areas shown and %d behind, want %d and %d", a, b, topAreas, 41-topAreas)
	}
	if !strings.Contains(shown, "under 10") && !strings.Contains(more, "under 10") {
		t.Error("no count is said to be small")
	}
}

// TestTallerCell: a least cell above that of regions.json holds for the areas, too.
func TestTallerCell(t *testing.T) {
	in := withValue(t, newSample(5, 14), func(_ *valueJSON, r *regionsJSON) {
		r.Levels[1].Cells[3].Customers, r.Levels[1].Cells[3].Area = 43, "SECRET"
	})
	in.MinCell = 50
	regions := partOf(render(t, inOne(in, "en")), "regions")
	if strings.Contains(regions, "SECRET") || !strings.Contains(regions, "fewer than 50 customers") {
		t.Error("an area below the least cell is shown")
	}
}

func TestMoney(t *testing.T) {
	de, en := locales["de"], locales["en"]
	for _, c := range []struct{ got, want string }{
		{en.money(48312, "EUR"), "€48,300"}, {de.money(48312, "EUR"), "48.300" + nbsp + "€"}, {en.money(1243000, "EUR"), "€1.24" + nbsp + "m"},
		{de.money(18e6, "EUR"), "18,0" + nbsp + "Mio." + nbsp + "€"}, {en.money(2.5e9, "USD"), "$2.50" + nbsp + "bn"}, {en.money(999_600, "GBP"), "£1.00" + nbsp + "m"},
		{en.money(48312, "CHF"), "CHF" + nbsp + "48,300"}, {de.money(48312, "CHF"), "48.300" + nbsp + "CHF"}, {en.money(-48312, "EUR"), minus + "€48,300"},
		{en.money(.0123, "EUR"), "€0.0123"}, {en.money(0, "EUR"), "€0"}, {en.money(12.3, ""), "12.3"}, {en.money(math.NaN(), "EUR"), none}, {en.money(5, "<b>"), "<b>" + nbsp + "5"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestEffort(t *testing.T) {
	p := &page{Lang: "en", L: locales["en"]}
	for _, c := range []struct {
		contacts, orders *float64
		key, flag        string
	}{
		{ptr(10.2), ptr(3.1), "over", "3.3 contacts per order"}, {ptr(6.0), ptr(3.0), "over", "2.0 contacts per order"}, {ptr(5.0), ptr(3.0), "", ""},
		{ptr(1.0), ptr(4.0), "under", "4.0 orders per contact"}, {ptr(0.0), ptr(4.0), "", ""}, {ptr(3.0), ptr(0.0), "over", "contacts without orders"},
		{ptr(0.0), ptr(0.0), "", ""}, {nil, ptr(3.0), "", ""}, {ptr(3.0), nil, "", ""},
	} {
		v := p.effort(c.contacts, c.orders, 12)
		if v.Key != c.key || v.Flag != c.flag {
			t.Errorf("contacts %v orders %v: %q %q, want %q %q", c.contacts, c.orders, v.Key, v.Flag, c.key, c.flag)
		}
	}
	if p.effort(nil, nil, 12) != nil {
		t.Error("nothing known is something")
	}
}

func TestShorten(t *testing.T) {
	long := strings.Repeat("Ein Satz mit Wörtern darin. ", 12)
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"Ohne Ende", "Ohne Ende"}, {"Ein kurzer Satz. Noch einer.", "Ein kurzer Satz. Noch einer."},
		{strings.TrimSpace(long), strings.TrimSpace(strings.Repeat("Ein Satz mit Wörtern darin. ", 5))},
		{"Sie geben z. B. Geld aus, etwa 1,2 Mio. Euro im Jahr. " + long, "Sie geben z. B. Geld aus, etwa 1,2 Mio. Euro im Jahr. " + strings.TrimSpace(strings.Repeat("Ein Satz mit Wörtern darin. ", 3))},
		{strings.Repeat("x", 400) + ". Und mehr.", strings.Repeat("x", 400) + "."},
	} {
		if got := shorten(c.in); got != c.want {
			t.Errorf("shorten(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestEssence(t *testing.T) {
	in := "5.704 Kunden (28,5 % aller Kunden) bringen 18,0 % des Umsatzes. Typisch: viele Bestellungen (12 (sonst 9)); wenig Umsatz (1 €). Und mehr."
	if got, want := (&page{}).essence(in), "Typisch: viele Bestellungen; wenig Umsatz. Und mehr."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (&page{One: true}).essence(in); got != in {
		t.Errorf("with one segment, got %q", got)
	}
	if got := (&page{}).essence("Nur ein Satz"); got != "Nur ein Satz" {
		t.Errorf("got %q", got)
	}
}

// TestStack: parts meet without gap or overlap and never leave the bar.
func TestStack(t *testing.T) {
	var s stack
	for _, share := range []float64{.2, .333333, -1, .0001, .3, .9} {
		s.push("x", share, "")
	}
	end := 0.0
	for _, part := range s.Parts {
		if got := unpx(part.X); math.Abs(got-end) > 1e-9 {
			t.Errorf("a part begins at %v, want %v", got, end)
		}
		end = unpx(part.X) + unpx(part.W)
	}
	if len(s.Parts) != 4 || math.Abs(end-100) > 1e-9 {
		t.Errorf("%d parts end at %v, want 4 at 100", len(s.Parts), end)
	}
}
