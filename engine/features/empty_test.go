package features

import (
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/kernels/problem"
)

// A column without any value has no type: it is a missing number, time or text, as what it is used for needs.
func TestEmptyColumn(t *testing.T) {
	fields := []arrow.Field{{Name: "customer", Type: arrow.BinaryTypes.String}}
	for _, name := range []string{"net", "day", "tag"} {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true,
			Metadata: arrow.NewMetadata([]string{"empty"}, []string{"true"})})
	}
	source := &memSource{name: "orders", schema: arrow.NewSchema(fields, nil), names: []string{"o"},
		files: [][][]string{{{"a", "", "", ""}, {"b", "", "", ""}, {"b", "", "", ""}}}}
	cfg := Config{Sources: []SourceConfig{{Name: "orders", Key: "customer", Amount: "net"}},
		Entity: Entity{From: "orders", Key: "customer"}, AsOf: date("2026-07-01"), Columns: []Column{
			{Name: "n", From: "orders", Agg: "count"}, {Name: "sum", From: "orders", Agg: "sum", Column: "net"},
			{Name: "mean", From: "orders", Agg: "mean", Column: "net * 2 + 1"},
			{Name: "big", From: "orders", Agg: "count", Where: "net > 5 or tag = 'x'"}, {Name: "tag", From: "orders", Agg: "mode", Column: "tag"}}}
	r, err := fold(cfg, source)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"[1 2] []", "[0 0] []", "[NaN NaN] []", "[0 0] []", "[] [ ]"} {
		c := r.Table.Columns[i]
		if got := fmt.Sprint(c.Numbers, c.Strings); got != want {
			t.Errorf("%s: %s, want %s", c.Name, got, want)
		}
	}
	cfg.Sources[0].Time = "day"
	if _, err := fold(cfg, source); !errors.Is(err, &problem.Problem{ID: "SEG-SEG-002"}) {
		t.Errorf("an empty time: %v, want SEG-SEG-002", err)
	}
}
