package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/cobra"

	"segovia/engine"
	"segovia/engine/table"
	"segovia/io/csvio"
	"segovia/io/runstore"
	"segovia/kernels/problem"
)

func newPredictCommand(e *env) *cobra.Command {
	var model, id, account, out string
	cmd := &cobra.Command{
		Use:   "predict --model RUN FILE",
		Short: "Label customers with a kept model",
		Long: `Labels the customers of FILE with the model of an earlier run or fit; nothing is fitted again. FILE is a table
of features (features.parquet of a run, or any table with the model's features), or a configuration (.yaml), whose
sources are then folded into features first. --model takes a folder with model.json, the file itself,
or an output folder, of which the published run is meant.

Where the model keeps accounts together (features.entity.accounts: tie), a customer gets the segment of its account's mean:
its distance is its own, and its margin is negative where another segment is nearer to it. A configuration tells the
accounts; of a table, --account names the column with the id of the parent or of the account, and without one each
customer is labelled alone, with a warning. Where accounts are summed up, the labels are those of accounts.

Without --out, the labels go to standard output as CSV.`,
		Example: `segovia predict --model out/runs/20261121T010000Z-7f3a features.parquet --id customer_id --out labels.parquet
segovia predict --model fit customers.csv`,
		Args: takes(1, 1, "a table or a configuration"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := readModel(model)
			if err != nil {
				return err
			}
			return e.predict(m, args[0], id, account, out)
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "folder of a run or fit, or a model.json")
	cmd.Flags().StringVar(&id, "id", "", "column of the id (default: customer_id, id or key if there is one, else the row number)")
	cmd.Flags().StringVar(&account, "account", "",
		"column of a table with the id of the customer's parent or account, where accounts are tied (default: the model's own column, or account_id, if there is one)")
	cmd.Flags().StringVar(&out, "out", "", "file to write: .parquet, .arrow or .csv (default: CSV to standard output)")
	_ = cmd.MarkFlagRequired("model")
	return cmd
}

// readModel reads model.json from a folder or file.
func readModel(place string) (*engine.Model, error) {
	if info, err := os.Stat(place); err == nil && info.IsDir() {
		folder := place
		place = filepath.Join(folder, "model.json")
		if _, err := os.Stat(place); err != nil {
			if run := published(folder); run != "" {
				place = run
			}
		}
	}
	data, err := os.ReadFile(place)
	if err != nil {
		return nil, &problem.Problem{ID: "SEG-STA-002", What: "there is no model", File: place, Why: err.Error(),
			Fix: "name the folder of a run or fit, or its model.json, with --model", Err: err}
	}
	m := &engine.Model{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, &problem.Problem{ID: "SEG-STA-003", What: "the model cannot be read", File: place, Why: err.Error(), Fix: "take another run's", Err: err}
	}
	return m, m.Check()
}

// published returns the model of the run that is published in an output folder; "" where there is none.
func published(out string) string {
	store, err := runstore.Open(out)
	if err != nil {
		return ""
	}
	defer func() { _ = store.Close() }() // nothing was written
	run, err := store.Current()
	if err != nil {
		return ""
	}
	return run.Path("model.json")
}

func (e *env) predict(m *engine.Model, file, id, account, out string) error {
	var t *table.Table
	var head []int32 // where accounts are tied
	idColumn := outColumn{}
	if strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml") {
		o, err := e.foldFeatures(file, m)
		if err != nil {
			return err
		}
		if account != "" {
			return usagef("--account is for a table; a configuration says it itself")
		}
		t, head = o.Table, engine.Tied(o.Accounts)
		if head == nil {
			e.warnOfTies(m, "with `features: {entity: {table: ..., account: COLUMN}}`")
		}
		idColumn = outColumn{field: arrow.Field{Name: "customer_id", Type: arrow.BinaryTypes.String}, texts: t.Keys}
	} else {
		ready, err := e.readTable(e.ctx, file, "")
		if err != nil {
			return err
		}
		for _, n := range idNames {
			if id == "" && slices.Contains(ready.Names(), n) {
				id = n
			}
		}
		if account, err = accountColumn(m, ready, id, account); err != nil {
			return err
		}
		if id != "" {
			var ids []string
			if account != "" {
				ids = []string{account}
			}
			if ready, err = e.readTable(e.ctx, file, id, ids...); err != nil {
				return err
			}
		}
		if account != "" {
			head = ready.heads(account)
		} else {
			e.warnOfTies(m, "with --account")
		}
		t = ready.Table
		idColumn = ready.idColumn("customer_id")
	}
	labels, err := m.Predict(t, head, e.threads())
	if err != nil {
		return err
	}
	columns := segmentColumns(m, idColumn, labels, accountIDs(t.Keys, head))
	if out != "" {
		if err := writeTable(out, columns); err != nil {
			return err
		}
	}
	if e.flags.json {
		sizes := make([]int, m.K)
		for _, a := range labels {
			sizes[a.Number-1]++
		}
		return e.writeJSON(map[string]any{"n": len(labels), "k": m.K, "sizes": sizes, "label_hash": engine.LabelHash(t.Keys, labels), "labels": out})
	}
	if out != "" {
		e.printf("%d customers labelled: %s\n", len(labels), out)
		return nil
	}
	schema, rows := arrowSchema(columns)
	w, err := csvio.NewWriter(e.out, schema, csvio.WriterOptions{})
	if err != nil {
		return err
	}
	return writeRecords(w, schema, columns, rows)
}

// segmentColumns are the columns of labels.parquet: id, segment_id, segment, number, distance, margin; where accounts are
// tied also account_id, the id of the account's head. Those of a solution that was taken although it failed checks have one
// more, checks_failed, so that nobody takes them for others.
func segmentColumns(m *engine.Model, id outColumn, labels []engine.Assignment, accounts []string) []outColumn {
	n := len(labels)
	ids, names, numbers := make([]string, n), make([]string, n), make([]int64, n)
	distance, margin := make([]float64, n), make([]float64, n)
	for i, a := range labels {
		s := m.Segments[a.Number-1]
		ids[i], names[i], numbers[i] = s.ID, m.Name(a.Number), int64(a.Number)
		distance[i], margin[i] = a.Distance, a.Margin
	}
	columns := []outColumn{id,
		{field: arrow.Field{Name: "segment_id", Type: arrow.BinaryTypes.String}, texts: ids},
		{field: arrow.Field{Name: "segment", Type: arrow.BinaryTypes.String}, texts: names},
		{field: arrow.Field{Name: "number", Type: arrow.PrimitiveTypes.Int64}, ints: numbers},
		{field: arrow.Field{Name: "distance", Type: arrow.PrimitiveTypes.Float64}, floats: distance},
		{field: arrow.Field{Name: "margin", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, floats: margin}}
	if accounts != nil {
		columns = append(columns, outColumn{field: arrow.Field{Name: "account_id", Type: arrow.BinaryTypes.String}, texts: accounts})
	}
	if len(m.ChecksFailed) > 0 {
		failed := slices.Repeat([]string{strings.Join(m.ChecksFailed, ",")}, n)
		columns = append(columns, outColumn{field: arrow.Field{Name: "checks_failed", Type: arrow.BinaryTypes.String}, texts: failed})
	}
	return columns
}
