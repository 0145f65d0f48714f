package engine

import (
	"context"
	"fmt"
	"slices"

	"segovia/engine/features"
	"segovia/engine/ports"
	"segovia/engine/prep"
	"segovia/engine/profile"
	"segovia/engine/quality"
	"segovia/engine/sweep"
	"segovia/engine/table"
	"segovia/engine/tiers"
	"segovia/kernels/problem"
)

// Run does the steps up to and including until (one of Steps). watch is told of each step as it begins and returns what to
// call at its end; it may be nil. The outcome holds what was done, also beside an error.
func (j *Job) Run(ctx context.Context, sources []features.Source, until string, progress ports.Progress,
	watch func(step string) (end func(rowsIn, rowsOut int64, err error))) (*Outcome, error) {
	o := &Outcome{}
	if watch == nil {
		watch = func(string) func(int64, int64, error) { return func(int64, int64, error) {} }
	}
	steps := map[string]func() (in, out int64, err error){
		"features": func() (int64, int64, error) { return j.features(ctx, o, sources, progress) },
		"value":    func() (int64, int64, error) { return j.value(ctx, o, progress) },
		"prep":     func() (int64, int64, error) { return j.prep(o) },
		"sweep":    func() (int64, int64, error) { return j.sweep(ctx, o, progress) },
		"segment":  func() (int64, int64, error) { return j.segment(o) },
		"tiers":    func() (int64, int64, error) { return j.tiers(ctx, o) },
	}
	for _, name := range Steps[:slices.Index(Steps, until)+1] {
		if err := ctx.Err(); err != nil {
			return o, err
		}
		if j.Tiers == nil && (name == "value" || name == "tiers") {
			continue
		}
		end := watch(name)
		in, out, err := steps[name]()
		end(in, out, err)
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func (j *Job) features(ctx context.Context, o *Outcome, sources []features.Source, progress ports.Progress) (in, out int64, err error) {
	r, err := features.Fold(ctx, j.FoldConfig(), sources, progress)
	if err != nil {
		return 0, 0, err
	}
	o.Features, o.Quality = r, r.Quality
	o.hide()
	o.hash = TableHash(r.Table)
	for _, s := range r.Quality.Sources {
		in += s.RowsRead
	}
	customers := r.Table.Rows()
	if customers < j.MinRows {
		return in, int64(customers), &problem.Problem{ID: "SEG-GAT-001",
			What: fmt.Sprintf("%d customers are fewer than quality.min_rows, %d", customers, j.MinRows),
			Why:  "segments of so few customers would not be trustworthy, or most of the data is missing tonight",
			Fix:  "check the sources and filters, or lower quality.min_rows"}
	}
	if customers == 0 {
		return in, 0, &problem.Problem{ID: "SEG-SEG-002", What: "no customer is left after filters and window",
			Fix: "check where, window and as_of"}
	}
	if customers == 1 {
		return in, 1, &problem.Problem{ID: "SEG-SEG-002", What: "only one customer is left after filters and window",
			Why: "at least two different customers are needed", Fix: "check where, window and as_of"}
	}
	return in, int64(customers), nil
}

// FoldConfig is the configuration of the feature table with the features that are only needed for the tiers.
func (j *Job) FoldConfig() features.Config {
	cfg := j.Features
	if j.Tiers != nil {
		cfg.Columns = append(slices.Clone(cfg.Columns), j.Tiers.Features()...)
	}
	return cfg
}

// hide takes the features that are only needed for the tiers out of the table and the quality report.
func (o *Outcome) hide() {
	t := o.Features.Table
	for _, c := range t.Columns {
		if tiers.IsInternal(c.Name) {
			o.hidden = append(o.hidden, c)
		}
	}
	t.Columns = slices.DeleteFunc(t.Columns, func(c *table.Column) bool { return tiers.IsInternal(c.Name) })
	if o.Quality != nil {
		o.Quality.Features = slices.DeleteFunc(o.Quality.Features, func(f quality.Feature) bool { return tiers.IsInternal(f.Name) })
	}
}

// value estimates what each customer could be worth.
func (j *Job) value(ctx context.Context, o *Outcome, progress ports.Progress) (in, out int64, err error) {
	t := o.Features.Table
	input := tiers.Input{Table: t, Hidden: o.hidden, WindowDays: j.windowDays(o.Features), FeatureWindows: j.featureWindows(), Progress: progress}
	o.Estimates, err = tiers.Estimate(ctx, input, *j.Tiers)
	return int64(t.Rows()), int64(t.Rows()), err
}

// tiers assigns what follows from the estimates and the segments.
func (j *Job) tiers(ctx context.Context, o *Outcome) (in, out int64, err error) {
	n := int64(o.Features.Table.Rows())
	o.Value, o.Customers, o.Regions, err = o.Estimates.Assign(ctx, j.Segmentation(o))
	return n, n, err
}

// Segmentation is what the tiers see of the segments.
func (j *Job) Segmentation(o *Outcome) tiers.Segmentation {
	labels := make([]int, len(o.Labels))
	for i, a := range o.Labels {
		labels[i] = a.Number - 1
	}
	return tiers.Segmentation{Labels: labels, Segments: o.Segments}
}

// featureWindows are the windows, in days, of features that have one of their own.
func (j *Job) featureWindows() map[string]float64 {
	out := map[string]float64{}
	for _, c := range j.Features.Columns {
		if c.Window > 0 {
			out[c.Name] = c.Window.Hours() / 24
		}
	}
	return out
}

func (j *Job) prep(o *Outcome) (in, out int64, err error) {
	t := o.Features.Table
	o.PrepModel, o.Prepared, o.Left, err = prep.FitApply(t, j.Prep)
	if o.Left != nil {
		for _, left := range o.Left.LeftOut {
			leaveOut(o.Quality, left)
		}
	}
	if err == nil {
		err = o.tie(j.Prep.Threads)
	}
	return int64(t.Rows()), int64(t.Rows()), err
}

// leaveOut notes in the quality report that a feature is not clustered on, and why.
func leaveOut(r *quality.Report, left prep.LeftOut) {
	for i := range r.Features {
		if f := &r.Features[i]; f.Name == left.Feature {
			f.Used, f.WhyNot = false, &left.EN
			if left.Code == "no_values" || left.Code == "constant" {
				return // the quality report has found that already
			}
			r.Findings = append(r.Findings, quality.Finding{Code: "SEG-FEA-001", Severity: "warn", Text: quality.Text{
				DE: fmt.Sprintf("Das Merkmal %s wird nicht verwendet: %s", f.Name, left.DE),
				EN: fmt.Sprintf("The feature %s is not used: %s", f.Name, left.EN)}})
		}
	}
}

func (j *Job) sweep(ctx context.Context, o *Outcome, progress ports.Progress) (in, out int64, err error) {
	p := o.clustered()
	input := sweep.Input{Matrix: p.Matrix(), X: p.X, Names: p.Names, Sources: p.Sources, Scale: j.Prep.Scale, Accounts: o.accountNumbers()}
	n := int64(input.Matrix.N)
	o.Sweep, o.Solutions, err = sweep.Run(ctx, input, j.Sweep, j.Path, progress)
	return n, n, err
}

// segment takes the chosen solution, labels every customer and describes the segments.
func (j *Job) segment(o *Outcome) (in, out int64, err error) {
	n := int64(o.Features.Table.Rows())
	chosen := o.Sweep.Chosen
	if chosen.K == nil {
		return n, 0, &problem.Problem{ID: "SEG-GAT-001", What: "no solution can be trusted: " + chosen.Because,
			Why: "publishing segments that fail their checks would mislead",
			Fix: "look at sweep.json and the report of the last run; change features or k, or set segment.best_failing: true (or --force-publish) to publish the best failing one, marked as such"}
	}
	at := slices.IndexFunc(o.Solutions, func(s sweep.Solution) bool { return s.K == *chosen.K })
	k, solution := o.Sweep.At(*chosen.K), &o.Solutions[at]
	o.Chosen = solution
	o.Model = NewModel(j.Project, j.Sweep.Seed, o.hash, o.PrepModel, o.Prepared, *solution, *k)
	o.Model.Features = Define(j.Features, o.Quality)
	for _, g := range chosen.Gates {
		if g.K == solution.K {
			o.Model.ChecksFailed = g.Failed
		}
	}
	if j.Language != "" {
		o.Model.Language = j.Language
	}
	o.Labels = o.Model.AssignTied(o.Prepared, Tied(o.Features.Accounts), j.Sweep.Threads)
	for i, a := range o.Labels {
		if a.Number != int(solution.Labels[i])+1 {
			return n, 0, &problem.Problem{ID: "SEG-BUG-001", What: "the kept model labels a customer differently from the fit",
				Place: fmt.Sprintf("row %d in key order", i+1), Fix: "please report it"}
		}
	}
	in, out = n, n
	input := profile.Input{Table: o.Features.Table, Columns: o.Prepared.Names, X: o.Prepared.X, Sources: o.Prepared.Sources,
		Labels: make([]int, n), K: solution.K, Pairs: 0,
		ChosenBecause: profile.Text{DE: chosen.BecauseDE, EN: chosen.Because}, Passed: chosen.Passed,
		WindowDays: j.windowDays(o.Features), FeatureWindows: j.featureWindows()}
	for i, l := range solution.Labels {
		input.Labels[i] = int(l)
	}
	for _, s := range o.Model.Segments {
		input.IDs = append(input.IDs, s.ID)
	}
	if len(k.SegmentSilhouette) > 0 {
		input.Silhouette = k.SegmentSilhouette
	}
	if st := k.Stability; st != nil && st.ARIMean != nil {
		input.ARIMean, input.ARIMCSE, input.Pairs = st.ARIMean, st.ARIMCSE, st.Pairs
		for _, s := range st.Segments {
			input.SLSw = append(input.SLSw, *s.SLSwMean)
		}
	}
	if o.Segments, err = profile.Describe(input, j.Profile); err != nil {
		return in, 0, err
	}
	for i, s := range o.Segments.Segments {
		o.Model.Segments[i].NameDE, o.Model.Segments[i].NameEN = s.Name.DE, s.Name.EN
	}
	return in, out, nil
}

// windowDays is the length of the window in days; with window "all", from the earliest record to the day of the analysis.
func (j *Job) windowDays(r *features.Result) float64 {
	if j.Features.Window > 0 {
		return j.Features.Window.Hours() / 24
	}
	if r.From.IsZero() {
		return 0
	}
	return r.AsOf.Sub(r.From).Hours() / 24
}
