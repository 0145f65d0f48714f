package reportio

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestHideCells: in tables with published sums of rows and columns no small cell is shown, every sum hides nobody or
// enough, and where there is nothing small nothing is hidden.
func TestHideCells(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	const least = 10
	someHidden, noneHidden := 0, 0
	for range 4000 {
		rows, columns := 1+r.IntN(6), 1+r.IntN(6)
		var table [][]int
		hideRow := make([]bool, rows)
		small := false
		for i := range rows {
			row := make([]int, columns)
			hideRow[i] = r.IntN(9) == 0
			small = small || hideRow[i]
			for j := range row {
				if row[j] = []int{0, r.IntN(least), least + r.IntN(500), least + r.IntN(500), least + r.IntN(500)}[r.IntN(5)]; row[j] > 0 && row[j] < least {
					small = true
				}
			}
			table = append(table, row)
		}
		c := newCrossTable(table, columns, least, hideRow)
		check := func(counts []int, hidden []bool) {
			n, sum, shown := 0, 0, 0
			for i, h := range hidden {
				switch {
				case h:
					n++
					sum += counts[i]
				case counts[i] > 0 && counts[i] < least:
					t.Fatalf("%v: %d is shown", table, counts[i])
				case counts[i] > 0:
					shown++
				}
			}
			if n > 0 && (n == 1 || sum < least) && shown > 0 {
				t.Fatalf("%v with hidden rows %v: in %v hiding %v the sum tells", table, hideRow, counts, hidden)
			}
			if n > 0 {
				someHidden++
			}
			if n > 0 && !small {
				t.Fatalf("%v: %v is hidden for nothing", table, counts)
			}
			if !small {
				noneHidden++
			}
		}
		for i := range rows {
			check(c.counts[i], c.hidden[i])
			for j := range columns {
				if hideRow[i] && !c.hidden[i][j] {
					t.Fatalf("%v: of hidden row %d something is shown", table, i)
				}
			}
		}
		for j := range columns {
			var counts []int
			var hidden []bool
			for i := range rows {
				counts, hidden = append(counts, c.counts[i][j]), append(hidden, c.hidden[i][j])
			}
			check(counts, hidden)
		}
	}
	if someHidden == 0 || noneHidden == 0 {
		t.Errorf("%d sums with and %d tables without something hidden", someHidden, noneHidden)
	}
}

// TestValueSuppression: nothing is told of a segment of four customers, nor of what would give it away, nor of a tier, a
// tile, a group or an archetype of fewer than ten.
func TestValueSuppression(t *testing.T) {
	s := newSample(5, 14)
	s.seg.Segments[4].Customers, s.seg.Segments[4].Share = 4, .0002
	in := withValue(t, s, func(v *valueJSON, _ *regionsJSON) {
		of := &v.Segments[4]
		of.Realised, of.Unrealised, of.ShareOfWallet = ptr(711e9), ptr(734e9), ptr(.0321)
		of.LifetimeValue, of.ContactsPerYear, of.OrdersPerYear, of.Tiers = ptr(745e9), ptr(432.1), ptr(543.2), []int{4, 0, 0, 0, 0}
		next := &v.Segments[3] // the next smallest: its amounts would give the other's away
		next.Realised, next.Unrealised, next.LifetimeValue = ptr(756e9), ptr(767e9), ptr(778e9)
		for i := range v.Goal.Segments {
			if g := &v.Goal.Segments[i]; g.Segment >= 4 {
				g.Uplift, g.PerHead, g.Actual = 789e9+float64(g.Segment)*10000, 7654, 7321
			}
		}
		v.Goal.Conclusion = text{"GEHEIM: " + s.seg.Segments[4].Name.DE, "SECRET: " + s.seg.Segments[4].Name.EN}
		for i := range v.Plans {
			if p := &v.Plans[i]; p.Segment == 5 {
				p.Fields[0].Text, p.Fields[1].Why = text{"GEHEIM", "SECRET"}, text{"GEHEIM", "SECRET"}
			}
		}
		tier := &v.Tiers.Tiers[0]
		tier.Customers, tier.Revenue, tier.Potential, tier.Contacts = 6, 811e9, ptr(822e9), ptr(8765.4)
		v.Tiers.Tiers[1].Customers, v.Tiers.Tiers[1].Revenue = 1747, 833e9 // the smallest of the others
		for i := range v.Tiers.Grid {
			if c := &v.Tiers.Grid[i]; c.Tier == "A" && c.Customers > 10 {
				c.Customers = 1357 // tiles of a hidden tier would sum to it
			}
		}
		group := &v.Groups[0]
		group.Customers, group.Revenue, group.Unrealised, group.Segments = 9, ptr(844e9), ptr(855e9), []int{9, 0, 0, 0, 0}
		group = &v.Groups[1] // all but three customers are in it
		group.Customers, group.Revenue = v.Customers-3, ptr(866e9)
		v.Groups[2].Segments = []int{1931, 9, 0, 0, 0}
		v.Groups[3].Segments = []int{100, 100, 100, 317, 3} // in both segments whose size is hidden
		p := &v.Plans[0]
		p.Customers, p.Fields[1].Why = 3, text{"GEHEIM", "SECRET"}
		a := &v.Profiles.Archetypes[3]
		a.Customers, a.Share, a.MeanSimilarity, a.Prototype = 5, .00025, .9876, []float64{877e9, 6543, 1, .5, 1}
		v.Profiles.Archetypes[2].Customers, v.Profiles.Archetypes[2].Share = 3203, .4567 // the next smallest
	})
	page := render(t, in)
	body := page[strings.Index(page, "</style>"):]
	for _, secret := range []string{
		"711", "734", "745", "756", "767", "778", "765", "732", "793", "794", "811", "822", "833", "844", "855", "866", "877", // billions
	} {
		for _, unit := range []string{"bn", "Mrd."} {
			if i := strings.Index(body, secret+nbsp+unit); i >= 0 {
				t.Errorf("the page tells %s billion: ...%s", secret, body[max(0, i-120):i+40])
			}
		}
	}
	for _, secret := range []string{
		"432.1", "432,1", "543.2", "543,2", "8,765.4", "8.765,4", "SECRET", "GEHEIM", ">3%", `class="mid">0.99<`, `class="mid">0,99<`, "1,931", "1.931", "1,747", "1.747", "1,357", "1.357", "3,203", "3.203", "45.7%", "45,7" + nbsp,
		"6,543", "6.543", `class="how">317<`,
	} {
		if i := strings.Index(body, secret); i >= 0 {
			t.Errorf("the page tells %q: ...%s", secret, body[max(0, i-120):i+40])
		}
	}
	for _, said := range []string{"under 10", "unter 10", "fewer than 10 customers: not shown", "Segments not shown: 2."} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	if !strings.Contains(page, s.seg.Segments[4].Name.EN) {
		t.Error("the suppressed segment lost its name")
	}
}
