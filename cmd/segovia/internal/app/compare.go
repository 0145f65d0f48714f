package app

import (
	"cmp"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"segovia/engine/stability"
	"segovia/kernels/problem"
)

// comparison is the output of `segovia compare --json`.
type comparison struct {
	ARI            float64           `json:"ari"`
	Rand           float64           `json:"rand"`
	Jaccard        float64           `json:"jaccard"`
	FowlkesMallows float64           `json:"fowlkes_mallows"`
	VI             float64           `json:"variation_of_information"`
	Rows           int               `json:"rows"`   // ids in both
	OnlyA          int               `json:"only_a"` // ids in A alone
	OnlyB          int               `json:"only_b"`
	Segments       []comparedSegment `json:"segments"`
	LabelsA        []string          `json:"labels_a"` // of the table's rows
	LabelsB        []string          `json:"labels_b"` // of its columns
	Table          [][]int64         `json:"table"`
}

// comparedSegment is a segment of A and the one of B that it overlaps most.
type comparedSegment struct {
	A       string  `json:"a"`
	B       *string `json:"b"`
	Jaccard float64 `json:"jaccard"`
}

func newCompareCommand(e *env) *cobra.Command {
	var id, label, labelA, labelB string
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "How far two labelings of the same customers agree",
		Long: `Compares two labelings by id: adjusted Rand, Rand, Jaccard, Fowlkes-Mallows, variation of information, the
best match of each segment, and the contingency table. A and B are labels.parquet of a run or a fit, or any table
with an id and a label column. Without --id, a column named customer_id, id or key is taken, else the row number;
without --label, a column named number, segment, label or cluster.`,
		Example: `segovia compare out/runs/20261121T010000Z-7f3a/labels.parquet truth.csv
segovia compare old.csv new.parquet --id customer --label-a abc --label-b segment --json`,
		Args: takes(2, 2, "two tables with labels"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := e.readLabels(args[0], id, cmp.Or(labelA, label))
			if err != nil {
				return err
			}
			b, err := e.readLabels(args[1], id, cmp.Or(labelB, label))
			if err != nil {
				return err
			}
			return e.compare(a, b)
		},
	}
	cmd.Flags().StringVar(&id, "id", "", "column of the id in both")
	cmd.Flags().StringVar(&label, "label", "", "column of the label in both")
	cmd.Flags().StringVar(&labelA, "label-a", "", "column of the label in A")
	cmd.Flags().StringVar(&labelB, "label-b", "", "column of the label in B")
	return cmd
}

// labeling is a label per id.
type labeling struct {
	file  string
	names []string // in the order of size
	of    map[string]int
	order []string // ids in key order
}

var (
	idNames    = []string{"customer_id", "id", "key"}
	labelNames = []string{"number", "segment", "label", "cluster", "segment_id"}
)

// readLabels reads ids and labels; empty column names are recognised.
func (e *env) readLabels(file, id, label string) (*labeling, error) {
	t, err := e.readTable(e.ctx, file, "")
	if err != nil {
		return nil, err
	}
	recognise := func(name *string, known []string) {
		for _, n := range known {
			if *name == "" && slices.Contains(t.Names(), n) {
				*name = n
			}
		}
	}
	recognise(&label, labelNames)
	if label == "" {
		return nil, &problem.Problem{ID: "SEG-FEA-002", What: "no label column is named and none is recognised", File: file,
			Fix: "name it with --label, --label-a or --label-b"}
	}
	recognise(&id, idNames)
	if id != "" {
		if !slices.Contains(t.Names(), id) {
			return nil, unknownColumn(file, id, t.Names())
		}
		if t, err = e.readTable(e.ctx, file, id); err != nil {
			return nil, err
		}
	}
	names, _, err := t.partition(label)
	if err != nil {
		return nil, err
	}
	texts, err := t.labelTexts(label)
	if err != nil {
		return nil, err
	}
	number := map[string]int{}
	for i, n := range names {
		number[n] = i
	}
	l := &labeling{file: file, names: names, of: make(map[string]int, len(texts))}
	for i, text := range texts {
		l.of[t.id(i)] = number[text]
		l.order = append(l.order, t.id(i))
	}
	return l, nil
}

func (e *env) compare(a, b *labeling) error {
	var la, lb []int
	for _, id := range a.order {
		if other, ok := b.of[id]; ok {
			la, lb = append(la, a.of[id]), append(lb, other)
		}
	}
	if len(la) == 0 {
		return &problem.Problem{ID: "SEG-KEY-001", What: "the two tables have no id in common", File: a.file, Place: "and " + b.file,
			Fix: "name the id column with --id"}
	}
	t := stability.Cross(la, lb, len(a.names), len(b.names))
	out := comparison{ARI: t.ARI(), Rand: t.Rand(), Jaccard: t.Jaccard(), FowlkesMallows: t.FowlkesMallows(), VI: t.VariationOfInformation(),
		Rows: len(la), OnlyA: len(a.order) - len(la), OnlyB: len(b.order) - len(la), LabelsA: a.names, LabelsB: b.names}
	jaccard, match := t.SegmentJaccard()
	for i, name := range a.names {
		s := comparedSegment{A: name, Jaccard: jaccard[i]}
		if match[i] >= 0 {
			s.B = &b.names[match[i]]
		}
		out.Segments = append(out.Segments, s)
		out.Table = append(out.Table, t.Count[i*t.B:(i+1)*t.B])
	}
	if e.flags.json {
		return e.writeJSON(out)
	}
	e.printf("%d ids in both (%d only in A, %d only in B)\n\n", out.Rows, out.OnlyA, out.OnlyB)
	e.printf("adjusted Rand %.6f, Rand %.6f, Jaccard %.6f, Fowlkes-Mallows %.6f, variation of information %.6f\n\n", out.ARI, out.Rand, out.Jaccard,
		out.FowlkesMallows, out.VI)
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "A \\ B\t")
	for _, n := range b.names {
		fmt.Fprintf(w, "%s\t", n)
	}
	fmt.Fprintln(w, "best match\tJaccard\t")
	for i, n := range a.names {
		fmt.Fprintf(w, "%s\t", n)
		for _, c := range out.Table[i] {
			fmt.Fprintf(w, "%d\t", c)
		}
		best := "-"
		if out.Segments[i].B != nil {
			best = *out.Segments[i].B
		}
		fmt.Fprintf(w, "%s\t%.4f\t\n", best, out.Segments[i].Jaccard)
	}
	return w.Flush()
}
