package app

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
	"segovia/io/anyio"
	"segovia/io/csvio"
	"segovia/kernels/problem"
)

func newInspectCommand(e *env) *cobra.Command {
	var spec anyio.Spec
	var csv config.CSV
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "What a file is, and the configuration snippet for it",
		Long: `Reads one file to its end and tells what was detected: format, compression, encoding, delimiter, number and date styles,
columns with types and missing values, and the lines of segovia.yaml that say so. What cannot be decided, such as 1.234
in a column where it may mean 1234, is an error that explains both readings.`,
		Example: "segovia inspect data/orders.csv\nsegovia inspect data/orders.csv --numbers de --json",
		Args:    takes(1, 1, "a file"),
		RunE: func(_ *cobra.Command, args []string) error {
			spec.CSV = e.csvOptions(csv)
			e.progress.Begin("inspect", 0, "bytes")
			r, err := anyio.Inspect(e.ctx, args[0], spec, anyio.Options{Name: "file", Threads: e.threads(),
				ShowValues: e.flags.showValues, Progress: e.progress})
			e.progress.End()
			if err != nil {
				return err
			}
			if e.flags.json {
				if err := e.writeJSON(inspection{r, snippet(args[0], r, csv), ids(r.Problems)}); err != nil {
					return err
				}
			} else {
				e.printInspection(args[0], r, csv)
			}
			return problem.List(r.Problems).Err()
		},
	}
	f := cmd.Flags()
	f.StringVar(&spec.Type, "type", "", "format, where name and first bytes do not tell: csv|parquet|arrow")
	f.StringVar(&csv.Delimiter, "delimiter", "", "delimiter: one character, tab or whitespace")
	f.StringVar(&csv.Encoding, "encoding", "", "encoding: utf-8, utf-16le, utf-16be, cp1252, iso-8859-15")
	f.StringVar(&csv.Numbers, "numbers", "", "number style: de|en")
	f.StringVar(&csv.Dates, "dates", "", "date style: "+strings.Join(csvio.DateStyles[:6], ", ")+", ...")
	f.StringSliceVar(&csv.Header, "header", nil, "column names of a file without header line")
	f.StringSliceVar(&csv.Nulls, "nulls", nil, "texts that mean missing")
	return cmd
}

// inspection is the report with the snippet, as JSON.
type inspection struct {
	*anyio.Report
	Snippet  string   `json:"snippet"`
	Problems []string `json:"problems"` // ids of what must be settled first
}

func ids(problems []*problem.Problem) []string {
	out := []string{}
	for _, p := range problems {
		out = append(out, p.ID)
	}
	return out
}

func (e *env) printInspection(path string, r *anyio.Report, csv config.CSV) {
	line := func(name, value string) {
		if value != "" {
			e.printf("%-12s %s\n", name, value)
		}
	}
	format := r.Format
	for _, part := range []string{r.Compression, r.Codec} {
		if part != "" {
			format += ", " + part
		}
	}
	line("file", path)
	line("format", format)
	line("size", formatBytes(r.Bytes))
	line("rows", fmt.Sprint(r.Rows))
	if r.Rejected > 0 {
		line("rejected", fmt.Sprintf("%d rows with another number of fields than the header", r.Rejected))
	}
	line("encoding", r.Encoding)
	line("delimiter", r.Delimiter)
	line("numbers", r.Numbers)
	line("dates", r.Dates)
	if r.Pages > 0 {
		line("checksums", fmt.Sprintf("%d of %d pages have one; all agree", r.PagesSummed, r.Pages))
	}
	line("sha256", r.SHA256)
	if r.NoHeader {
		line("header", "none: the first line holds numbers only and is read as data; name the columns with csv: {header: [...]}")
	}
	if r.NumericHeader {
		line("header", "numbers that count upwards, read as names; if they are data, name the columns with csv: {header: [...]}")
	}
	e.printf("\n%-28s %-16s %12s\n", "column", "type", "missing")
	for _, c := range r.Columns {
		typ := c.Type
		if c.Problem != "" {
			typ = c.Problem
		}
		e.printf("%-28s %-16s %12d\n", c.Name, typ, c.Nulls)
	}
	for _, n := range r.Notes {
		e.printf("\nnote: %s\n", n)
	}
	e.printf("\n%s", snippet(path, r, csv))
}

// snippet is the source's entry in segovia.yaml that says what was detected or given.
func snippet(path string, r *anyio.Report, given config.CSV) string {
	var b strings.Builder
	fmt.Fprintf(&b, "sources:\n  %s:\n    type: %s\n    path: %s\n", tableName(path), r.Format, config.FormatValue(filepath.ToSlash(path)))
	if r.Format == anyio.CSV {
		var parts []string
		add := func(key, value string) {
			if value != "" {
				parts = append(parts, key+": "+config.FormatValue(value))
			}
		}
		if r.Delimiter != "none" { // a file of one column
			add("delimiter", r.Delimiter)
		}
		add("encoding", r.Encoding)
		add("numbers", r.Numbers)
		if r.Dates == "declared" {
			r.Dates = given.Dates
		}
		add("dates", r.Dates)
		for _, l := range []struct {
			key    string
			values []string
		}{{"header", given.Header}, {"nulls", given.Nulls}} {
			if len(l.values) > 0 {
				quoted := slices.Clone(l.values)
				for i := range quoted {
					quoted[i] = config.FormatValue(quoted[i])
				}
				parts = append(parts, l.key+": ["+strings.Join(quoted, ", ")+"]")
			}
		}
		fmt.Fprintf(&b, "    csv: {%s}\n", strings.Join(parts, ", "))
	}
	return b.String()
}
