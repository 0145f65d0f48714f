package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/rogpeppe/go-internal/testscript"

	"segovia/io/anyio"
	"segovia/io/runstore"
)

// badInputs are the commands of the scripts bad-*.txtar, which bring about the inputs of a bad night:
//
//	config [PATTERN]        writes segovia.yaml: orders from PATTERN (default data/*.csv), two features, a small sweep
//	orders FILE             writes good orders of 24 customers in two clear groups (CSV)
//	bytes FILE TEXT         writes TEXT, in which \n, \x00 and the like stand for bytes
//	filled FILE N HEAD TAIL writes HEAD, N times the letter x, and TAIL (escapes as above)
//	cut FILE N              cuts FILE off behind N bytes
//	flip FILE N             turns all bits of byte N (from 0) of FILE
//	convert IN OUT          writes the table IN in the format of OUT's name
//	hold OUT                holds the lock of the output directory OUT, as run 20260101T000000Z-abcd of host db7
//	unpublished OUT ID      nothing is published in OUT and nothing half written; its last run failed with ID first
//	peak OUT MIB            the last run in OUT never had more than so much memory
var badInputs = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"config": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) < 2, "config [PATTERN]")
		pattern := "data/*.csv"
		if len(args) == 1 {
			pattern = args[0]
		}
		write(ts, "segovia.yaml", fmt.Sprintf(nightConfig, pattern))
	},
	"orders": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 1, "orders FILE")
		var b strings.Builder
		b.WriteString("customer,day,order,amount\n")
		for c := range 24 {
			orders, amount := 2, 900+c
			if c%2 == 1 {
				orders, amount = 9, 20+c
			}
			for o := range orders {
				fmt.Fprintf(&b, "C%02d,2025-%02d-%02d,O%d-%d,%d.50\n", c, 1+(c+o)%12, 1+c, c, o, amount)
			}
		}
		write(ts, args[0], b.String())
	},
	"bytes": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 2, "bytes FILE TEXT")
		write(ts, args[0], unescape(ts, args[1]))
	},
	"filled": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 4, "filled FILE N HEAD TAIL")
		ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o777))
		f, err := os.Create(ts.MkAbs(args[0]))
		ts.Check(err)
		w := bufio.NewWriterSize(f, 1<<20)
		_, _ = w.WriteString(unescape(ts, args[2])) // a failure comes back from Flush
		block := strings.Repeat("x", 1<<16)
		for n := number(ts, args[1]); n > 0; n -= len(block) {
			_, _ = w.WriteString(block[:min(n, len(block))])
		}
		_, _ = w.WriteString(unescape(ts, args[3]))
		ts.Check(errors.Join(w.Flush(), f.Close()))
	},
	"cut": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 2, "cut FILE N")
		ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(number(ts, args[1]))))
	},
	"flip": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 2, "flip FILE N")
		data := []byte(ts.ReadFile(args[0]))
		data[number(ts, args[1])] ^= 0xFF
		write(ts, args[0], string(data))
	},
	"convert": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 2, "convert IN OUT")
		convert(ts, ts.MkAbs(args[0]), ts.MkAbs(args[1]))
	},
	"hold": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 1, "hold OUT")
		store, err := runstore.OpenOrCreate(ts.MkAbs(args[0]))
		ts.Check(err)
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		writer, err := store.Lock(runstore.Holder{Host: "db7", PID: 4711, RunID: "20260101T000000Z-abcd", Start: start})
		ts.Check(err)
		ts.Defer(func() { _ = errors.Join(writer.Unlock(), store.Close()) }) // the folder goes with the script
	},
	"unpublished": unpublished,
	"peak": func(ts *testscript.TestScript, neg bool, args []string) {
		expect(ts, !neg && len(args) == 2, "peak OUT MIB")
		for _, s := range lastRun(ts, args[0]).Steps {
			if s.PeakMemory == nil || *s.PeakMemory == 0 {
				ts.Fatalf("step %s has no peak_memory", s.Name)
			}
			if mib := *s.PeakMemory >> 20; mib > int64(number(ts, args[1])) {
				ts.Fatalf("step %s had %d MiB, at most %s are allowed", s.Name, mib, args[1])
			}
		}
	},
}

const nightConfig = `version: 1
project: bad
sources:
  orders:
    path: %q
    key: customer
    time: day
    order: order
    amount: amount
features:
  entity: {from: orders}
  as_of: 2026-01-01
  window: all
  columns:
    - {name: orders, from: orders, agg: count_orders}
    - {name: revenue, from: orders, agg: sum, column: amount}
sweep: {k: 2..3, restarts: 2}
stability: {bootstrap: 4}
`

func expect(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func write(ts *testscript.TestScript, file, text string) {
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(file)), 0o777))
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o666))
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

// unescape reads the escapes of Go strings.
func unescape(ts *testscript.TestScript, text string) string {
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	ts.Check(err)
	return out
}

func convert(ts *testscript.TestScript, in, out string) {
	ctx := context.Background()
	src, err := anyio.Open(ctx, []anyio.Spec{{Path: in}}, anyio.Options{Name: "convert"})
	ts.Check(err)
	w, err := anyio.Create(out, "", src.Schema())
	ts.Check(err)
	for i := range src.Files() {
		ts.Check(src.ReadFile(ctx, i, func(rec arrow.Record, _ int64) error { return w.Write(rec) }))
	}
	ts.Check(w.Close())
}

// lastRun returns the results of the run in an output directory that began last.
func lastRun(ts *testscript.TestScript, out string) runstore.Results {
	runs, err := filepath.Glob(filepath.Join(ts.MkAbs(out), "runs", "*", runstore.ResultsFile))
	ts.Check(err)
	if len(runs) == 0 {
		ts.Fatalf("%s has no run", out)
	}
	var last runstore.Results
	for _, file := range runs {
		var r runstore.Results
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &r))
		if r.Start.After(last.Start) {
			last = r
		}
	}
	return last
}

func unpublished(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, !neg && len(args) == 2, "unpublished OUT ID")
	r := lastRun(ts, args[0])
	if r.Status != "failed" || r.ExitCode == nil || *r.ExitCode == 0 || len(r.Errors) == 0 || r.Errors[0].ID != args[1] {
		ts.Fatalf("the run is %s with %+v, want failed with %s", r.Status, r.Errors, args[1])
	}
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case name == "CURRENT" || name == runstore.SuccessFile || name == "labels.parquet" || strings.HasSuffix(name, ".tmp"):
			return fmt.Errorf("%s is there", path)
		}
		return nil
	}))
}
