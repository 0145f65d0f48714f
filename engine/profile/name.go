package profile

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxNameTraits is how many traits a name may have before equal names are told apart by rank.
const maxNameTraits = 4

var revenueNames = [4]Text{
	tx("niedriger Umsatz", "low revenue"), tx("mittlerer Umsatz", "medium revenue"),
	tx("hoher Umsatz", "high revenue"), tx("sehr hoher Umsatz", "very high revenue"),
}

// names gives every segment a name, unique in each language: its nickname, if one fits; else the revenue class where the segments differ in it, and the
// strongest trait; two traits without revenue. Segments of equal names get further traits, first those that the others
// do not have, and at last a rank. A name depends on classes, bands and ranks, never on figures.
func (d *describer) names(classOf []int) []Text {
	k := d.in.K
	if k == 1 {
		return []Text{tx("Alle Kunden", "All customers")}
	}
	byClass := classOf != nil && slices.Min(classOf) < slices.Max(classOf)
	parts := make([][]Text, k)
	left := make([][]trait, k)
	for s := range k {
		take := 2
		nickname, has := d.nickname(s, classOf)
		if has {
			parts[s] = append(parts[s], nickname)
			take = 0
		} else if byClass {
			parts[s] = append(parts[s], revenueNames[classOf[s]])
			take = 1
		}
		left[s] = slices.Clone(d.typical[s])
		for ; take > 0 && len(left[s]) > 0; take-- {
			parts[s], left[s] = append(parts[s], left[s][0].inName), left[s][1:]
		}
		switch {
		case len(d.typical[s]) > 0 || has:
		case byClass:
			parts[s] = append(parts[s], tx("sonst durchschnittlich", "otherwise average"))
		default:
			parts[s] = append(parts[s], tx("nahe am Durchschnitt", "close to the average"))
		}
	}
	for range maxNameTraits {
		for _, group := range clashes(joined(parts)) {
			extend(group, parts, left)
		}
	}
	names := joined(parts)
	for _, group := range clashes(names) {
		d.rankApart(group, names)
	}
	// Words from the configuration may still make two names equal; ranks by size do not.
	for range k {
		groups := clashes(names)
		if len(groups) == 0 {
			break
		}
		for _, group := range groups {
			for _, s := range group {
				names[s] = both(func(l language) string {
					return names[s].in(l) + ", " + ranked(tx("Größe", "size").in(l), s+1, k, l)
				})
			}
		}
	}
	return names
}

// joined writes each segment's parts as a name.
func joined(parts [][]Text) []Text {
	names := make([]Text, len(parts))
	for s := range parts {
		names[s] = both(func(l language) string {
			words := make([]string, len(parts[s]))
			for i, p := range parts[s] {
				words[i] = p.in(l)
			}
			return capitalise(strings.Join(words, ", "))
		})
	}
	return names
}

// clashes returns the groups of segments that share a name in German or in English, in order of their first segment.
func clashes(names []Text) [][]int {
	group := make([]int, len(names))
	for s := range names {
		group[s] = s
		for t := range s {
			if strings.EqualFold(names[s].DE, names[t].DE) || strings.EqualFold(names[s].EN, names[t].EN) {
				group[s] = group[t]
				break
			}
		}
	}
	members := make(map[int][]int)
	for s, g := range group {
		members[g] = append(members[g], s)
	}
	var out [][]int
	for s := range names {
		if len(members[s]) > 1 {
			out = append(out, members[s])
		}
	}
	return out
}

// extend gives each segment of the group one more trait: the first that no other of the group can still have, else the
// next.
func extend(group []int, parts [][]Text, left [][]trait) {
	chosen := make(map[int]int)
	for _, s := range group {
		if len(left[s]) == 0 || len(parts[s]) >= maxNameTraits {
			continue
		}
		chosen[s] = 0
		for i, t := range left[s] {
			shared := slices.ContainsFunc(group, func(o int) bool {
				return o != s && slices.ContainsFunc(left[o], func(u trait) bool { return u.inName == t.inName })
			})
			if !shared {
				chosen[s] = i
				break
			}
		}
	}
	for s, i := range chosen {
		parts[s] = append(parts[s], left[s][i].inName)
		left[s] = slices.Delete(left[s], i, i+1)
	}
}

// rankApart tells segments of equal names apart by the feature that differs most between them, in standard deviations of
// all customers; by size where there is none.
func (d *describer) rankApart(group []int, names []Text) {
	var by *numeric
	widest := 0.0
	for _, f := range d.numbers {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, s := range group {
			if f.seg[s].n == 0 {
				lo = math.Inf(-1) // a mean that does not exist cannot be ranked
				break
			}
			lo, hi = min(lo, f.seg[s].mean), max(hi, f.seg[s].mean)
		}
		if spread := (hi - lo) / f.sd; f.sd > 0 && finite(spread) && spread > widest {
			by, widest = f, spread
		}
	}
	order := slices.Clone(group)
	label := tx("Größe", "size")
	if by != nil {
		label = by.meta.label
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(by.seg[b].mean, by.seg[a].mean) })
	}
	for rank, s := range order {
		name := names[s]
		names[s] = both(func(l language) string {
			how := ranked(label.in(l), rank+1, len(order), l)
			if len(order) == 2 {
				how = label.in(l) + ": " + [2]Text{tx("höher", "higher"), tx("niedriger", "lower")}[rank].in(l)
			}
			return name.in(l) + ", " + how
		})
	}
}

func ranked(label string, rank, of int, l language) string {
	return label + ": " + tx("Rang ", "rank ").in(l) + strconv.Itoa(rank) + tx(" von ", " of ").in(l) + strconv.Itoa(of)
}
