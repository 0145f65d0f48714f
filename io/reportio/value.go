package reportio

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// valueView is what the page says of the value of customers.
type valueView struct {
	Rows      []valueRow
	TierKeys  []tierKey // the tiers in words, best first
	HasMoney  bool      // any segment has revenue and potential
	HasEffort bool      // any segment has contacts or orders
	HasTiers  bool      // any segment has tiers
	Goal      *goalView
	Tiers     *tiersView
	Groups    []groupView
	Behaviour *behaviourView
	Plans     []planView
	Base      *baseView
	Estimates []estimate
	Warnings  []string
}

// valueRow is a segment in the table of segments.
type valueRow struct {
	row
	Short   string // of the description
	Money   *moneyView
	Effort  *effortView
	Tiers   stack
	TierTop []string // the best two tiers in words
	TierTip string   // all tiers in words
}

// tierKey is a tier with the class that colours it.
type tierKey struct{ Name, Class string }

// stack is a bar of parts in a row; the parts are px of 100.
type stack struct{ Parts []stackPart }

type stackPart struct{ X, W, Class, Tip string }

// push adds a part of so many per cent of the bar's full length.
func (s *stack) push(class string, share float64, tip string) {
	x := 0.0
	if n := len(s.Parts); n > 0 {
		last := s.Parts[n-1]
		x = unpx(last.X) + unpx(last.W)
	}
	w := min(float64(100*max(share, 0)), 100-x)
	if w >= 0.05 {
		s.Parts = append(s.Parts, stackPart{px(x), px(w), class, tip})
	}
}

// unpx reads what px wrote, so that parts meet without a gap.
func unpx(s string) float64 {
	var x float64
	if _, err := fmt.Sscan(s, &x); err != nil {
		return 0
	}
	return x
}

// moneyView is realised and unrealised potential.
type moneyView struct {
	Bar                  stack // against the largest of the table
	Realised, Unrealised string
	Wallet               string // share of wallet in words, "" if not known
	Verdict              string // "potential not realised", "" if it is
}

// effortView sets contacts against orders.
type effortView struct {
	Contacts, Orders string
	ContactsBar      bar
	OrdersBar        bar
	Flag             string // "3.3 contacts per order", "" where nothing strikes
	Key              string // "over", "under"
}

// Contacts per order from which a row is marked, and orders per contact. They mark what to look at, no more: the groups
// of over- and under-contacted customers have rules of their own in the configuration.
const (
	manyContacts = 2.0
	manyOrders   = 4.0
)

// effort sets contacts against orders; most is the largest figure of the table. It is nil where neither is known.
func (p *page) effort(contacts, orders *float64, most float64) *effortView {
	if contacts == nil && orders == nil {
		return nil
	}
	v := &effortView{Contacts: none, Orders: none, ContactsBar: lengthBar(0), OrdersBar: lengthBar(0)}
	if contacts != nil {
		v.Contacts, v.ContactsBar = p.L.dec(*contacts, 1), lengthBar(*contacts/most)
	}
	if orders != nil {
		v.Orders, v.OrdersBar = p.L.dec(*orders, 1), lengthBar(*orders/most)
	}
	if contacts == nil || orders == nil {
		return v
	}
	c, o := *contacts, *orders
	switch {
	case c >= 0.05 && o < 0.05: // as written, no orders at all
		v.Key, v.Flag = "over", p.t("effort.none")
	case c >= manyContacts*o && c >= 0.05:
		v.Key, v.Flag = "over", p.t("effort.over", p.L.dec(c/o, 1))
	case o >= manyOrders*c && c >= 0.05:
		v.Key, v.Flag = "under", p.t("effort.under", p.L.dec(o/c, 1))
	}
	return v
}

// mostEffort is the largest of contacts and orders, for the bars.
func mostEffort(most float64, figures ...*float64) float64 {
	for _, f := range figures {
		if f != nil {
			most = max(most, *f)
		}
	}
	return most
}

// moneyBar is realised and unrealised against the largest sum of the table. It is nil where realised is not known.
func (p *page) moneyBar(realised, unrealised *float64, most float64) *moneyView {
	if realised == nil {
		return nil
	}
	v := &moneyView{Realised: p.money(*realised), Unrealised: p.moneyOf(unrealised)}
	v.Bar.push("real", *realised/most, p.t("realised.of", v.Realised))
	if unrealised != nil {
		v.Bar.push("open", *unrealised/most, p.t("open.of", v.Unrealised))
	}
	return v
}

// mostMoney is the largest sum of realised and unrealised, for the bars.
func mostMoney(most float64, realised, unrealised *float64) float64 {
	sum := 0.0
	for _, f := range []*float64{realised, unrealised} {
		if f != nil {
			sum += max(*f, 0)
		}
	}
	return max(most, sum)
}

// segmentAt is the index of the segment with a number, -1 if there is none.
func (p *page) segmentAt(number int) int {
	return slices.IndexFunc(p.segments, func(s segment) bool { return s.Number == number })
}

// valueOf is what value.json says of segment i; nil if nothing.
func (p *page) valueOf(i int) *segmentValue {
	for j := range p.value.Segments {
		if p.value.Segments[j].Segment == p.segments[i].Number {
			return &p.value.Segments[j]
		}
	}
	return nil
}

// tierTable is the segments by tier.
func (p *page) tierTable() crossTable {
	var rows [][]int
	for i := range p.segments {
		var counts []int
		if v := p.valueOf(i); v != nil {
			counts = v.Tiers
		}
		rows = append(rows, counts)
	}
	n := 0
	if p.value.Tiers != nil {
		n = len(p.value.Tiers.Tiers)
	}
	return newCrossTable(rows, n, p.least(), p.cover.size)
}

// tierClass colours the tier at an index, the best darkest.
func tierClass(i int) string { return fmt.Sprintf("t%d", min(i, 4)+1) }

// tierStack is the customers by tier as a bar, with the tiers in words. What is not shown is one part.
func (p *page) tierStack(counts []int, hidden []bool) (stack, string) {
	var s stack
	var words []string
	all, rest := 0, 0
	for _, n := range counts {
		all += n
	}
	if all == 0 {
		return s, ""
	}
	for i, n := range counts {
		switch {
		case hidden[i]:
			rest += n
		case n > 0:
			tip := fmt.Sprintf("%s: %s", p.value.Tiers.Tiers[i].Tier, p.L.int(int64(n)))
			words = append(words, tip)
			s.push(tierClass(i), float64(n)/float64(all), tip)
		}
	}
	if rest == all {
		return stack{}, ""
	}
	if rest > 0 {
		s.push("unsaid", float64(rest)/float64(all), p.t("suppressed"))
	}
	return s, strings.Join(words, ", ")
}

// buildValue fills in everything that comes from value.json.
func (p *page) buildValue() {
	v := &valueView{}
	p.Value = v
	for _, w := range p.value.Warnings {
		v.Warnings = append(v.Warnings, p.prose(w.in(p.Lang)))
	}
	tiers := p.tierTable()
	if t := p.value.Tiers; t != nil {
		for i, of := range t.Tiers {
			v.TierKeys = append(v.TierKeys, tierKey{of.Tier, tierClass(i)})
		}
	}
	p.valueRows(tiers)
	p.cardFigures()
	v.Goal, v.Tiers, v.Groups, v.Behaviour = p.goalView(), p.tiersView(), p.groupViews(), p.behaviourView()
	v.Plans, v.Base, v.Estimates = p.planViews(tiers), p.baseView(), p.estimates()
}

// valueRows makes the table of segments.
func (p *page) valueRows(tiers crossTable) {
	money, effort := 1e-9, 1e-9
	for i := range p.segments {
		if v := p.valueOf(i); v != nil && !p.cover.all[i] {
			effort = mostEffort(effort, v.ContactsPerYear, v.OrdersPerYear)
			if !p.cover.size[i] {
				money = mostMoney(money, v.Realised, v.Unrealised)
			}
		}
	}
	for i, r := range p.Rows {
		out := valueRow{row: r, Short: shorten(p.essence(r.Description))}
		if v := p.valueOf(i); v != nil && !p.cover.all[i] {
			out.Effort = p.effort(v.ContactsPerYear, v.OrdersPerYear, effort)
			if !p.cover.size[i] {
				if out.Money = p.moneyBar(v.Realised, v.Unrealised, money); out.Money != nil {
					if v.ShareOfWallet != nil {
						out.Money.Wallet = p.t("wallet.share", p.L.pct0(*v.ShareOfWallet))
					}
					if v.PotentialFound != nil && *v.PotentialFound {
						out.Money.Verdict = p.t("potential.open")
					}
				}
				out.Tiers, out.TierTip = p.tierStack(tiers.counts[i], tiers.hidden[i])
				for j := range min(2, len(tiers.counts[i])) {
					if len(out.Tiers.Parts) > 0 {
						out.TierTop = append(out.TierTop, p.Value.TierKeys[j].Name+": "+p.count(tiers.counts[i][j], tiers.hidden[i][j]))
					}
				}
			}
		}
		view := p.Value
		view.HasMoney = view.HasMoney || out.Money != nil
		view.HasEffort = view.HasEffort || out.Effort != nil
		view.HasTiers = view.HasTiers || len(out.Tiers.Parts) > 0
		view.Rows = append(view.Rows, out)
	}
}

// cardFigures puts into the cards what value.json knows better than segments.json: the potential with its currency.
func (p *page) cardFigures() {
	for i := range p.Rows {
		v := p.valueOf(i)
		if v == nil || p.cover.size[i] {
			continue
		}
		var figures []pair
		add := func(key string, x *float64, write func(float64) string) {
			if x != nil {
				figures = append(figures, pair{Name: p.t(key), Value: write(*x)})
			}
		}
		add("realised", v.Realised, p.money)
		add("unrealised", v.Unrealised, p.money)
		add("wallet", v.ShareOfWallet, p.L.pct0)
		add("lifetime", v.LifetimeValue, p.money)
		r := &p.Rows[i]
		for _, f := range r.Figures {
			if f.Name != p.t("realised") && f.Name != p.t("unrealised") {
				figures = append(figures, f)
			}
		}
		r.Figures = figures
	}
}

// valueKPI adds to the key figures how much of the potential of all is realised.
func (p *page) valueKPI() {
	if p.value == nil || len(p.value.Segments) == 0 {
		return
	}
	realised, unrealised := 0.0, 0.0
	for _, s := range p.value.Segments {
		if s.Realised == nil || s.Unrealised == nil {
			return
		}
		realised += *s.Realised
		unrealised += *s.Unrealised
	}
	if all := realised + unrealised; all > 0 {
		p.KPIs = append(p.KPIs, kpi{p.t("kpi.open"), p.money(unrealised), p.t("kpi.open.note", p.L.pct0(realised/all), p.money(all))})
	}
}

// essence is a description without its first sentence, whose figures the table of segments has in columns of their own, and
// without the figures in brackets.
func (p *page) essence(s string) string {
	if p.One {
		return s
	}
	for at := range s {
		if at > 0 && sentenceEnds(s, at) {
			s = s[at+1:]
			break
		}
	}
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer(" ;", ";", " ,", ",", " .", ".", "  ", " ").Replace(b.String())
}

// shortest is how many letters of a description the table of segments has room for, beyond its first sentence.
const shortest = 150

// shorten returns the first sentences of a text: one at least, more while there is room.
func shorten(s string) string {
	end := 0
	for at := range s {
		if at > 0 && sentenceEnds(s, at) {
			if end > 0 && utf8.RuneCountInString(s[:at]) > shortest {
				return s[:end]
			}
			end = at
		}
	}
	if end > 0 && utf8.RuneCountInString(s) > shortest {
		return s[:end]
	}
	return s
}

// sentenceEnds says whether a sentence ends right before the space at a place: a full stop after a word of more than
// three letters (so not "z. B.", "Mio."), and a capital behind.
func sentenceEnds(s string, at int) bool {
	if s[at] != ' ' || !strings.ContainsRune(".!?", rune(s[at-1])) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(s[at+1:])
	word := s[strings.LastIndexByte(s[:at-1], ' ')+1 : at-1]
	return unicode.IsUpper(next) && utf8.RuneCountInString(word) > 3
}
