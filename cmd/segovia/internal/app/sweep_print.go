package app

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"segovia/engine/sweep"
)

// sweepColumn is one column of the table of a sweep.
type sweepColumn struct {
	name  string
	value func(k *sweep.KResult) string
}

// printSweep shows the result to people: a row for each k with the figures that were computed, what the indicators say,
// the choice, niches, and the features that the segments hang on.
func (e *env) printSweep(r *sweep.Result) {
	e.printf("%d rows, %d columns, %d fits on path %s\n\n", r.N, r.D, r.Fits, r.Environment.Path)
	ks := make([]*sweep.KResult, 0, len(r.K)+1)
	if r.OneSegment != nil && r.OneSegment.Gap != nil {
		ks = append(ks, r.OneSegment)
	}
	for i := range r.K {
		ks = append(ks, &r.K[i])
	}
	columns := slices.DeleteFunc(sweepColumns(r), func(c sweepColumn) bool {
		return !slices.ContainsFunc(ks, func(k *sweep.KResult) bool { return c.value(k) != "-" })
	})
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "k\t")
	for _, c := range columns {
		fmt.Fprintf(w, "%s\t", c.name)
	}
	fmt.Fprintln(w)
	for _, k := range ks {
		mark := ""
		if r.Chosen.K != nil && *r.Chosen.K == k.K {
			mark = "*"
		}
		fmt.Fprintf(w, "%s%d\t", mark, k.K)
		for _, c := range columns {
			fmt.Fprintf(w, "%s\t", c.value(k))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	e.printIndicators(r)
	e.printf("\n%s\n", r.Chosen.Because)
	e.printNiches(r)
	e.printInfluence(r)
}

// sweepColumns are all that may be shown; "-" stands for a figure that was not computed.
func sweepColumns(r *sweep.Result) []sweepColumn {
	plusMinus := func(v, se *float64) string {
		if v == nil {
			return "-"
		}
		if se == nil {
			return fmt.Sprintf("%.3f", *v)
		}
		return fmt.Sprintf("%.3f ± %.3f", *v, *se)
	}
	weakest := func(k *sweep.KResult, of func(s sweep.SegmentStability) (v, se *float64)) string {
		if k.Stability == nil {
			return "-"
		}
		var least, its *float64
		for _, s := range k.Stability.Segments {
			if v, se := of(s); v != nil && (least == nil || *v < *least) {
				least, its = v, se
			}
		}
		return plusMinus(least, its)
	}
	return []sweepColumn{
		{"inertia", func(k *sweep.KResult) string { return fmt.Sprintf("%.6g", k.Inertia) }},
		{"silhouette", func(k *sweep.KResult) string {
			if k.Silhouette == nil {
				return figure(k.SilhouetteSimplified)
			}
			return plusMinus(k.Silhouette, k.SilhouetteSE)
		}},
		{"CH", func(k *sweep.KResult) string { return figure(k.CalinskiHarabasz) }},
		{"DB", func(k *sweep.KResult) string { return figure(k.DaviesBouldin) }},
		{"Dunn", func(k *sweep.KResult) string { return figure(k.Dunn) }},
		{"gap", func(k *sweep.KResult) string { return plusMinus(k.Gap, k.GapSE) }},
		{"strength", func(k *sweep.KResult) string { return plusMinus(k.PredictionStrength, k.PredictionStrengthSE) }},
		{"mean ARI", func(k *sweep.KResult) string {
			if k.Stability == nil {
				return "-"
			}
			return plusMinus(k.Stability.ARIMean, k.Stability.ARIMCSE)
		}},
		{"worst SLSw", func(k *sweep.KResult) string {
			return weakest(k, func(s sweep.SegmentStability) (v, se *float64) { return s.SLSwMean, s.SLSwMCSE })
		}},
		{"worst Jaccard", func(k *sweep.KResult) string {
			return weakest(k, func(s sweep.SegmentStability) (v, se *float64) { return s.JaccardMean, s.JaccardMCSE })
		}},
		{"smallest", func(k *sweep.KResult) string { return fmt.Sprint(slices.Min(k.Sizes)) }},
		{"checks", func(k *sweep.KResult) string {
			for _, g := range r.Chosen.Gates {
				if g.K == k.K && !g.Passed {
					return strings.Join(g.Failed, ",")
				} else if g.K == k.K {
					return "pass"
				}
			}
			return "-"
		}},
	}
}

// printIndicators tells what each rule would choose by itself.
func (e *env) printIndicators(r *sweep.Result) {
	if c := r.GapChoice; c != nil {
		sample := ""
		if r.Convention.GapRows < r.N {
			sample = fmt.Sprintf(", of a sample of %d rows", r.Convention.GapRows)
		}
		e.printf("\nby the gap statistic%s, k = 1 included: globalSEmax %d, firstSEmax %d, Tibs2001SEmax %d, globalmax %d, firstmax %d\n",
			sample, c.GlobalSEmax, c.FirstSEmax, c.Tibs2001SEmax, c.GlobalMax, c.FirstMax)
	}
	if r.PredictionStrengthChoice != nil {
		e.printf("by prediction strength: %d\n", *r.PredictionStrengthChoice)
	}
	if r.Elbow.K != nil {
		e.printf("elbow of the inertia: %d\n", *r.Elbow.K)
	}
	if d := r.DudaHart; d != nil {
		verdict := "two segments"
		if d.One {
			verdict = "one segment"
		}
		e.printf("Duda-Hart test of one against two: %s (ratio %.3f, limit %.3f)\n", verdict, d.Ratio, d.Limit)
	}
}

func (e *env) printNiches(r *sweep.Result) {
	for _, n := range r.Niches {
		var features []string
		for _, f := range n.Features[:min(3, len(n.Features))] {
			features = append(features, fmt.Sprintf("%s %+.1f sd", f.Name, f.Effect))
		}
		e.printf("\nniche: %d rows (%.1f %%), segment %d of k = %d, stability %.3f, silhouette %.3f", n.Customers, 100*n.Share, n.Segment, n.K, n.Stability, n.Silhouette)
		if n.Within != nil {
			e.printf("; %.0f %% of it lies in segment %d", 100*n.WithinOf, *n.Within)
		}
		e.printf("; %s\n", strings.Join(features, ", "))
	}
}

// printInfluence names the features without which a segment is lost.
func (e *env) printInfluence(r *sweep.Result) {
	if r.Influence == nil {
		return
	}
	for _, f := range r.Influence.Features {
		var lost []string
		for s, j := range f.Jaccard {
			if j < lostBelow {
				lost = append(lost, fmt.Sprintf("%d (Jaccard %.2f)", s+1, j))
			}
		}
		if len(lost) > lostListed {
			e.printf("\nwithout %s, %d of %d segments are not found again\n", f.Feature, len(lost), r.Influence.K)
		} else if len(lost) > 0 {
			e.printf("\nwithout %s, these segments are not found again: %s\n", f.Feature, strings.Join(lost, ", "))
		}
	}
}

// lostListed is the number of lost segments up to which they are named.
const lostListed = 4

// lostBelow is the Jaccard up to which two segments cannot be called the same.
const lostBelow = 0.5
