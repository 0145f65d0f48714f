package app

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"segovia/engine/table"
	"segovia/engine/validity"
	"segovia/kernels"
	"segovia/kernels/problem"
)

// evaluation is the output of `segovia evaluate --json`. Segments are numbered by size.
type evaluation struct {
	N                    int                `json:"n"`
	D                    int                `json:"d"`
	K                    int                `json:"k"`
	Features             []string           `json:"features"`
	Scale                string             `json:"scale"`
	Label                string             `json:"label"`
	Sizes                []int              `json:"sizes"`
	Inertia              float64            `json:"inertia"`
	TotalSS              float64            `json:"total_ss"`
	LogW                 *float64           `json:"log_w"` // natural log of half the inertia
	Silhouette           *float64           `json:"silhouette"`
	SilhouetteSE         *float64           `json:"silhouette_se"`
	SilhouetteSimplified *float64           `json:"silhouette_simplified"`
	SilhouetteSquared    *float64           `json:"silhouette_squared"`
	CalinskiHarabasz     *float64           `json:"calinski_harabasz"`
	DaviesBouldin        *float64           `json:"davies_bouldin"`
	DaviesBouldinRMS     *float64           `json:"davies_bouldin_rms"`
	Dunn                 *float64           `json:"dunn"` // where the silhouette is exact
	Segments             []evaluatedSegment `json:"segments"`
}

type evaluatedSegment struct {
	Segment    int      `json:"segment"`
	Label      string   `json:"label"` // as in the file
	Size       int      `json:"size"`
	Inertia    float64  `json:"inertia"`
	Silhouette *float64 `json:"silhouette"`
}

func newEvaluateCommand(e *env) *cobra.Command {
	f := &tableFlags{}
	var label, silhouette string
	cmd := &cobra.Command{
		Use:   "evaluate FILE --label COL",
		Short: "Every statistic of a given partition, without a fit",
		Long: `Computes the statistics of a partition that stands in a column of the file: inertia and log W (the natural
logarithm of half of it); the silhouette of distances, of distances to the means (simplified) and of squared
distances (as in Spark); Calinski-Harabasz; Davies-Bouldin by mean distances to the means (as in scikit-learn)
and by their root mean square (as in NbClust); and, where the silhouette is exact, the Dunn index. Features are
taken as they are unless --scale says otherwise.`,
		Example: `segovia evaluate customers.csv --id customer_id --label abc_class
segovia evaluate customers.csv --id customer_id --label segment --scale zscore --json`,
		Args: takes(1, 1, "a table with a label column"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if label == "" {
				return usagef("evaluate needs --label COL")
			}
			return f.evaluate(e, args[0], label, silhouette)
		},
	}
	f.register(cmd.Flags())
	_ = cmd.Flags().Set("scale", "none")
	cmd.Flags().Lookup("scale").DefValue = "none"
	cmd.Flags().Lookup("scale").Changed = false
	cmd.Flags().StringVar(&label, "label", "", "column of the labels")
	cmd.Flags().StringVar(&silhouette, "silhouette", "auto", silhouetteUsage)
	return cmd
}

func (f *tableFlags) evaluate(e *env, file, label, silhouette string) error {
	full, err := e.readTable(e.ctx, file, f.id)
	if err != nil {
		return err
	}
	names, labels, err := full.partition(label)
	if err != nil {
		return err
	}
	if len(names) > kernels.MaxK {
		return &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("column %q has %d different labels", label, len(names)), File: file,
			Why: fmt.Sprintf("at most %d segments are possible", kernels.MaxK), Fix: "name another column with --label"}
	}
	if len(f.features) == 0 {
		for _, c := range full.Columns {
			if c.Kind != table.Category && !c.ProfileOnly && c.Name != label {
				f.features = append(f.features, c.Name)
			}
		}
	}
	_, _, p, err := f.prepare(e, file, false)
	if err != nil {
		return err
	}
	points := validity.FromColumns(p.X)
	m := validity.MomentsOf(points, labels, len(names))
	out := evaluation{N: points.N, D: points.D, K: m.K, Features: p.Names, Scale: f.scale, Label: label, Sizes: m.Size,
		Inertia: m.Inertia(), TotalSS: m.Total, LogW: defined(m.LogW()), CalinskiHarabasz: defined(m.CalinskiHarabasz()),
		DaviesBouldin: defined(m.DaviesBouldin()), DaviesBouldinRMS: defined(m.DaviesBouldinRMS())}
	partitions := []validity.Partition{{K: m.K, Labels: labels}}
	named, err := validity.SilhouettesNamed(e.ctx, points, []*validity.Moments{m}, partitions, silhouette, e.flags.seed, e.threads(), nil)
	if err != nil {
		return err
	}
	out.Silhouette, out.SilhouetteSE, out.SilhouetteSimplified = named[0].Mean, named[0].SE, named[0].Simplified
	if m.K >= 2 && m.K < m.N {
		squared, _ := validity.SilhouetteSquared(points, m, labels)
		out.SilhouetteSquared = &squared
	}
	if out.Silhouette != nil && out.SilhouetteSE == nil {
		dunn, err := validity.Dunn(e.ctx, points, partitions, e.threads(), nil)
		if err != nil {
			return err
		}
		out.Dunn = defined(dunn[0], !math.IsNaN(dunn[0]))
	}
	for i := range m.Size {
		s := evaluatedSegment{Segment: i + 1, Label: names[i], Size: m.Size[i], Inertia: m.Within[i]}
		if named[0].Segment != nil {
			s.Silhouette = &named[0].Segment[i]
		}
		out.Segments = append(out.Segments, s)
	}
	if e.flags.json {
		return e.writeJSON(out)
	}
	e.printf("%d rows, %d columns, %d segments by %s\n\ninertia %.10g of %.10g, log W %s\n", out.N, out.D, out.K, label, out.Inertia, out.TotalSS,
		figure(out.LogW))
	e.printf("silhouette %s (simplified %s, squared %s)\n", figure(out.Silhouette), figure(out.SilhouetteSimplified), figure(out.SilhouetteSquared))
	e.printf("Calinski-Harabasz %s, Davies-Bouldin %s (root mean square %s), Dunn %s\n\n", figure(out.CalinskiHarabasz), figure(out.DaviesBouldin),
		figure(out.DaviesBouldinRMS), figure(out.Dunn))
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "segment\tlabel\tsize\tinertia\tsilhouette\t")
	for _, s := range out.Segments {
		fmt.Fprintf(w, "%d\t%s\t%d\t%.6g\t%s\t\n", s.Segment, s.Label, s.Size, s.Inertia, figure(s.Silhouette))
	}
	return w.Flush()
}

// defined returns a statistic, or nil where it is not defined.
func defined(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

// labelTexts returns the labels of a column as canonical text, one per row; missing labels are SEG-KEY-001.
func (t *readyTable) labelTexts(name string) ([]string, error) {
	c := t.Column(name)
	if c == nil {
		return nil, unknownColumn(t.file, name, t.Names())
	}
	texts := make([]string, t.Rows())
	for i := range texts {
		switch {
		case c.IsMissing(i):
			return nil, &problem.Problem{ID: "SEG-KEY-001", What: fmt.Sprintf("a row has no %s", name), File: t.file,
				Fix: "every row needs a label; leave the others out of the file"}
		case c.Kind == table.Category:
			texts[i] = c.Strings[i]
		default:
			texts[i] = strconv.FormatFloat(c.Numbers[i], 'f', -1, 64)
		}
	}
	return texts, nil
}

// partition returns the names of the labels of a column, numbered by size (ties by the lowest key), and the label of each
// row. More than 256 labels leave the numbers empty.
func (t *readyTable) partition(name string) (names []string, labels []uint8, err error) {
	texts, err := t.labelTexts(name)
	if err != nil {
		return nil, nil, err
	}
	size, first := map[string]int{}, map[string]int{}
	for i, l := range texts {
		if size[l]++; size[l] == 1 {
			first[l] = i
			names = append(names, l)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		if size[a] != size[b] {
			return size[b] - size[a]
		}
		return first[a] - first[b]
	})
	if len(names) > kernels.MaxK {
		return names, nil, nil
	}
	number := map[string]uint8{}
	for i, l := range names {
		number[l] = uint8(i)
	}
	labels = make([]uint8, len(texts))
	for i, l := range texts {
		labels[i] = number[l]
	}
	return names, labels, nil
}
