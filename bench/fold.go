package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"segovia/engine/features"
	"segovia/engine/ports"
	"segovia/engine/table"
	"segovia/io/anyio"
	"segovia/kernels"
)

// FoldColumns are the nine aggregates of workload W10 over the lines of Orders.
var FoldColumns = []features.Column{
	{Name: "lines", From: "orders", Agg: "count"},
	{Name: "orders", From: "orders", Agg: "count_orders"},
	{Name: "revenue", From: "orders", Agg: "sum"},
	{Name: "mean_amount", From: "orders", Agg: "mean"},
	{Name: "sd_amount", From: "orders", Agg: "stddev"},
	{Name: "first_amount", From: "orders", Agg: "first", Column: "amount"},
	{Name: "last_amount", From: "orders", Agg: "last", Column: "amount"},
	{Name: "promotion_share", From: "orders", Agg: "share", Column: "amount", Where: "promotion"},
	{Name: "days_between", From: "orders", Agg: "active_span"},
}

// FoldResult is what a fold of order lines came to.
type FoldResult struct {
	Seconds float64      // from the file's path to the table of features, and to the quality report where it is made
	Digest  string       // SHA-256 of the table as WriteFold writes it
	Table   *table.Table // one row per customer
}

// Fold computes FoldColumns from a file that Orders wrote, with the code of the nightly job: the file is looked at, its
// bytes are hashed, its rows are folded and, with quality, judged, which a database does not do. Threads 0 means one per
// core.
func Fold(ctx context.Context, path string, threads int, quality bool) (*FoldResult, error) {
	start := time.Now()
	t, err := foldTable(ctx, path, threads, quality)
	if err != nil {
		return nil, err
	}
	out := &FoldResult{Seconds: time.Since(start).Seconds(), Table: t}
	h := sha256.New()
	if err := WriteFold(h, t); err != nil {
		return nil, err
	}
	out.Digest = hex.EncodeToString(h.Sum(nil))
	return out, nil
}

// foldTable is Fold without the digest.
func foldTable(ctx context.Context, path string, threads int, quality bool) (*table.Table, error) {
	source, err := anyio.Open(ctx, []anyio.Spec{{Path: path}}, anyio.Options{Name: "orders", Keys: []string{"customer_id"}, Threads: threads})
	if err != nil {
		return nil, err
	}
	cfg := features.Config{
		Sources: []features.SourceConfig{{Name: "orders", Key: "customer_id", Time: "ordered_at", Amount: "amount", Order: "order_id"}},
		Entity:  features.Entity{From: "orders"}, AsOf: ordersFrom.AddDate(0, 0, ordersDays+1), Columns: FoldColumns, Threads: threads,
		NoQuality: !quality}
	r, err := features.Fold(ctx, cfg, []features.Source{source}, ports.Silent{})
	if err != nil {
		return nil, err
	}
	return r.Table, nil
}

// lines are the order lines of the workload.
func (w Workload) lines() Orders {
	o := W10
	o.Lines, o.Customers = w.Points.Rows, max(1, w.Points.Rows/(W10.Lines/W10.Customers))
	return o
}

// fold makes the job of folding order lines from a file, which lies in the folder for temporary files until the job closes.
func (j *Job) fold(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "segovia-bench-")
	if err != nil {
		return err
	}
	j.close = func() error { return os.RemoveAll(dir) }
	file := filepath.Join(dir, "orders.parquet")
	if err := j.Work.lines().Create(ctx, file); err != nil {
		return errors.Join(err, j.close())
	}
	j.run = func(ctx context.Context, _ kernels.Path, threads int) (Sample, error) {
		r, err := Fold(ctx, file, threads, false)
		if err != nil {
			return Sample{}, err
		}
		return Sample{Seconds: r.Seconds, WholeSeconds: r.Seconds, Hash: r.Digest}, nil
	}
	return nil
}

// WriteFold writes a table of numbers as CSV: the shortest text that reads as the same float64, nothing where a value is
// missing.
func WriteFold(w io.Writer, t *table.Table) error {
	line := []byte("customer_id")
	for _, c := range t.Columns {
		line = append(append(line, ','), c.Name...)
	}
	for i, key := range t.Keys {
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		line = append(line[:0], key...)
		for _, c := range t.Columns {
			if c.Kind == table.Category {
				return fmt.Errorf("bench: column %q holds categories, want numbers", c.Name)
			}
			line = append(line, ',')
			if !c.IsMissing(i) {
				line = strconv.AppendFloat(line, c.Numbers[i], 'f', -1, 64)
			}
		}
	}
	_, err := w.Write(append(line, '\n'))
	return err
}
