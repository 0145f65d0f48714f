package app

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/engine"
	"segovia/engine/features"
	"segovia/engine/table"
	"segovia/io/parquetio"
	"segovia/io/reportio"
	"segovia/io/runstore"
)

// recordOut is a file being written: closed it is there, aborted it never was.
type recordOut interface {
	io.Writer
	Close() error
	Abort() error
}

// fileOut collects a file in memory and writes it whole.
type fileOut struct {
	bytes.Buffer
	file string
}

func newFileOut(file string) (recordOut, error) { return &fileOut{file: file}, nil }

// Close writes the file.
func (f *fileOut) Close() error { return writeFile(f.file, f.Bytes()) }

// Abort forgets it.
func (f *fileOut) Abort() error { return nil }

// write writes the artifacts of all steps that were done.
func (n *night) write(o *engine.Outcome, create func(name string) (recordOut, error)) error {
	if o == nil {
		return nil
	}
	put := func(name string, v any) error {
		data, err := encodeArtifact(v)
		if err != nil {
			return err
		}
		out, err := create(name)
		if err != nil {
			return err
		}
		if _, err := out.Write(data); err != nil {
			_ = out.Abort()
			return err
		}
		return out.Close()
	}
	putTable := func(name string, columns []outColumn) error {
		out, err := create(name)
		if err != nil {
			return err
		}
		schema, rows := arrowSchema(columns)
		w, err := parquetio.NewWriter(out, schema)
		if err == nil {
			err = writeRecords(w, schema, columns, rows)
		}
		if err != nil {
			_ = out.Abort()
			return err
		}
		return out.Close()
	}
	var steps []func() error
	if o.Features != nil {
		steps = append(steps, func() error { return put("quality.json", o.Quality) },
			func() error { return putTable("features.parquet", featureColumns(rawFeatures(o), "customer_id")) })
	}
	if o.Prepared != nil && o.Sweep == nil {
		steps = append(steps, func() error { return putTable("prepared.parquet", preparedColumns(o)) })
	}
	if o.Sweep != nil {
		steps = append(steps, func() error { return put("sweep.json", o.Sweep) })
	}
	if o.Segments != nil {
		ids := accountIDs(o.Features.Table.Keys, engine.Tied(o.Features.Accounts))
		id := outColumn{field: arrow.Field{Name: "customer_id", Type: arrow.BinaryTypes.String}, texts: o.Features.Table.Keys}
		steps = append(steps, func() error {
			columns := segmentColumns(o.Model, id, o.Labels, ids)
			at := slices.IndexFunc(columns, func(c outColumn) bool { return c.field.Name == "distance" })
			return putTable("labels.parquet", slices.Insert(columns, at, tierColumns(o)...))
		},
			func() error { return put("segments.json", o.Segments) },
			func() error { return put("model.json", o.Model) })
		if a := o.Features.Accounts; a != nil && a.Mode == features.AccountsSum {
			steps = append(steps, func() error { return putTable("members.parquet", memberColumns(o)) })
		}
	}
	if o.Value != nil {
		steps = append(steps, func() error { return put("value.json", o.Value) }, func() error {
			return n.putCustomers(o, create)
		})
		if o.Regions != nil {
			steps = append(steps, func() error { return put("regions.json", o.Regions) })
		}
	}
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

// rawFeatures is the feature table as it was folded: what was estimated from it stands in customers.parquet.
func rawFeatures(o *engine.Outcome) *table.Table {
	if o.Estimates == nil {
		return o.Features.Table
	}
	t := &table.Table{Keys: o.Features.Table.Keys}
	for _, c := range o.Features.Table.Columns {
		if !o.Estimates.Made(c.Name) {
			t.Columns = append(t.Columns, c)
		}
	}
	return t
}

// customerRows is how many customers are put into texts at once.
const customerRows = 1 << 16

// putCustomers writes customers.parquet part by part.
func (n *night) putCustomers(o *engine.Outcome, create func(name string) (recordOut, error)) error {
	out, err := create("customers.parquet")
	if err != nil {
		return err
	}
	seg, rows := n.job.Segmentation(o), o.Features.Table.Rows()
	ids := accountIDs(o.Features.Table.Keys, engine.Tied(o.Features.Accounts))
	part := func(from, to int) []outColumn {
		columns := featureColumns(o.Estimates.Table(o.Customers, seg, from, to), "customer_id")
		if ids != nil {
			account := outColumn{field: arrow.Field{Name: "account_id", Type: arrow.BinaryTypes.String}, texts: ids[from:to]}
			columns = slices.Insert(columns, 1, account)
		}
		return columns
	}
	schema, _ := arrowSchema(part(0, min(1, rows)))
	w, err := parquetio.NewWriter(out, schema)
	for from := 0; err == nil && from < rows; from += customerRows {
		to := min(from+customerRows, rows)
		rec := record(schema, part(from, to), 0, to-from)
		err = w.Write(rec)
		rec.Release()
	}
	if w != nil {
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		_ = out.Abort()
		return err
	}
	return out.Close()
}

// tierColumns are the columns of labels.parquet that the step tiers adds.
func tierColumns(o *engine.Outcome) []outColumn {
	var out []outColumn
	if o.Customers == nil {
		return nil
	}
	texts := func(name string, of func(i int) string) {
		c := outColumn{field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String}, texts: make([]string, len(o.Labels))}
		for i := range c.texts {
			c.texts[i] = of(i)
		}
		out = append(out, c)
	}
	if c := o.Customers; c.Tier != nil {
		texts("tier", func(i int) string { return c.Tiers[c.Tier[i]] })
	}
	if p := o.Value.Profiles; p != nil {
		texts("profile", func(i int) string { return p.Archetypes[o.Customers.Profile[i]].ID })
	}
	return out
}

// preparedColumns are the columns of the matrix before the grid.
func preparedColumns(o *engine.Outcome) []outColumn {
	columns := []outColumn{{field: arrow.Field{Name: "customer_id", Type: arrow.BinaryTypes.String}, texts: o.Features.Table.Keys}}
	for j, name := range o.Prepared.Names {
		columns = append(columns, outColumn{field: arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: true}, floats: o.Prepared.X[j]})
	}
	return columns
}

// report renders report.html from the JSON artifacts.
func (n *night) report(o *engine.Outcome, m runstore.Manifest, runID string) ([]byte, error) {
	in := reportio.Input{Project: n.cfg.Project, RunID: runID, Languages: n.cfg.Report.Languages, MinCell: n.cfg.Report.MinCell,
		Generated: reportio.Facts{Time: n.start, AsOf: n.asOf, Window: n.cfg.Features.Window.String(), Version: m.Segovia.Version,
			AlgorithmVersion: m.AlgorithmVersion, Seed: m.Seed, ConfigSHA256: m.ConfigSHA256, LabelHash: m.LabelHash, HardwarePath: m.Environment.Path,
			Inputs: len(m.Inputs), RequireGlobal: n.job.Sweep.Choose.WithDefaults().Global, RequireSegment: n.job.Sweep.Choose.WithDefaults().EachSegment}}
	artifacts := []struct {
		to *[]byte
		v  any
	}{{&in.Segments, o.Segments}, {&in.Sweep, o.Sweep}, {&in.Quality, o.Quality}}
	if o.Value != nil {
		artifacts = append(artifacts, struct {
			to *[]byte
			v  any
		}{&in.Value, o.Value})
	}
	if o.Regions != nil {
		artifacts = append(artifacts, struct {
			to *[]byte
			v  any
		}{&in.Regions, o.Regions})
	}
	var err error
	for _, a := range artifacts {
		if *a.to, err = encodeArtifact(a.v); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err = reportio.Render(&b, in)
	return b.Bytes(), err
}
