package generate

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/engine/company"
	"segovia/engine/ports"
	"segovia/io/arrowio"
	"segovia/io/csvio"
	"segovia/io/parquetio"
	"segovia/kernels/problem"
)

func write(t *testing.T, cfg company.Config, format string) (dir string, files []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "company")
	files, err := Write(context.Background(), dir, cfg, format, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	return dir, files
}

// hashes returns one line for each file of a folder.
func hashes(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		fmt.Fprintln(&b, e.Name(), hex.EncodeToString(sum[:]))
	}
	return b.String()
}

func TestSameSeedSameFiles(t *testing.T) {
	for _, format := range Formats {
		cfg := company.Config{Customers: 1500, Seed: 9, Months: 3}
		a, files := write(t, cfg, format)
		b, _ := write(t, cfg, format)
		if hashes(t, a) != hashes(t, b) {
			t.Errorf("%s: the same company has other files", format)
		}
		if want := 3 + 6; len(files) != want {
			t.Errorf("%s: %d files, want %d", format, len(files), want)
		}
		if first := filepath.Base(files[0]); first != "orders_2026-08."+format {
			t.Errorf("%s: the first file is %s", format, first)
		}
		entries, _ := os.ReadDir(a)
		if len(entries) != len(files) {
			t.Errorf("%s: %d entries in the folder, %d files", format, len(entries), len(files))
		}
		// Again into the same folder: replaced, not refused.
		if _, err := Write(context.Background(), a, cfg, format, ports.Silent{}); err != nil {
			t.Errorf("%s: again: %v", format, err)
		}
	}
}

// Every format holds the same rows: Parquet and Arrow, written as CSV, are the CSV files, but for dates, which have a time
// of day in columnar files.
func TestFormatsAgree(t *testing.T) {
	cfg := company.Config{Customers: 400, Seed: 2, Months: 2}
	dir, files := write(t, cfg, "csv")
	for _, format := range []string{"parquet", "arrow"} {
		other, _ := write(t, cfg, format)
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".csv")
			want, err := os.ReadFile(filepath.Join(dir, name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			got := asCSV(t, filepath.Join(other, name+"."+format))
			if !slices.EqualFunc(rowsOf(t, got), rowsOf(t, want), slices.Equal) {
				t.Errorf("%s.%s holds other rows than %s.csv", name, format, name)
			}
		}
	}
}

func asCSV(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var r interface {
		Schema() *arrow.Schema
		Read(context.Context, func(arrow.Record) error) error
	}
	if filepath.Ext(path) == ".parquet" {
		r, err = parquetio.Open(f, info.Size(), path, arrowio.Options{})
	} else {
		r, err = arrowio.Open(f, info.Size(), path, arrowio.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := csvio.NewWriter(&b, r.Schema(), csvio.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Read(context.Background(), w.Write), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rowsOf(t *testing.T, data []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = strings.TrimSuffix(cell, " 00:00:00")
		}
	}
	return rows
}

// The CSV files are read back with the types that they were written with.
func TestReadBack(t *testing.T) {
	dir, _ := write(t, company.Config{Customers: 500, Seed: 1, Months: 13}, "csv")
	for file, want := range map[string]string{
		"customers.csv": "customer_id int64, parent_id int64, name utf8, country utf8, region utf8, postcode utf8, industry utf8, " +
			"employees int64, customer_since timestamp, email_consent bool, phone_consent bool",
		"orders_2026-10.csv": "order_id utf8, line int64, customer_id int64, order_date timestamp, product_group utf8, " +
			"consumable bool, brand utf8, quantity int64, unit_price decimal, net_amount decimal, unit_cost decimal",
		"devices.csv": "device_id utf8, customer_id int64, device_type utf8, rented bool, installed_on timestamp, monthly_usage int64",
		"contacts.csv": "contact_id utf8, customer_id int64, contacted_at timestamp, channel utf8, campaign utf8, " +
			"response utf8",
		"regions.csv": "region utf8, region_name utf8, country utf8, purchasing_power_index decimal",
		"truth.csv": "customer_id int64, segment int64, wallet decimal, realised_share decimal, potential decimal, " +
			"orders_per_year decimal, own_brand_share decimal, consumables_share decimal, contacts_per_year decimal, " +
			"wallet_consumables_share decimal, potential_consumables decimal, potential_service decimal, behaviour decimal, tier utf8",
		"price_list.csv": "device_type utf8, consumables_per_1000 decimal, service_per_year decimal, service_growth decimal",
	} {
		schema, err := readCSV(filepath.Join(dir, file), csvio.Options{})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var got []string
		for _, f := range schema.Fields() {
			typ := f.Type.Name()
			if f.Type.ID() == arrow.DECIMAL128 {
				typ = "decimal"
			}
			got = append(got, f.Name+" "+typ)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s:\n%s\nwant\n%s", file, s, want)
		}
	}
}

// readCSV reads a whole file and returns its schema.
func readCSV(path string, opt csvio.Options) (*arrow.Schema, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	profile, err := csvio.Scan(bytes.NewReader(data), path, opt)
	if err != nil {
		return nil, err
	}
	layout, err := profile.Layout()
	if err != nil {
		return nil, err
	}
	err = csvio.Read(context.Background(), bytes.NewReader(data), path, opt, layout, func(arrow.Record, int64) error { return nil })
	return layout.Schema(), err
}

func TestRefusals(t *testing.T) {
	usage := &problem.Problem{ID: "SEG-CLI-001"}
	dir := t.TempDir()
	small := company.Config{Customers: 20, Months: 2}
	for name, err := range map[string]error{
		"format":     second(Write(context.Background(), dir, small, "xlsx", ports.Silent{})),
		"customers":  second(Write(context.Background(), dir, company.Config{Customers: -5}, "csv", ports.Silent{})),
		"fault":      second(Write(context.Background(), dir, company.Config{Customers: 20, Faults: []string{"cp1252"}}, "arrow", ports.Silent{})),
		"two of gz":  second(Write(context.Background(), dir, company.Config{Customers: 20, Faults: []string{"cut-gz", "gz-bomb"}}, "csv", ports.Silent{})),
		"two faults": second(Write(context.Background(), dir, company.Config{Customers: 20, Faults: []string{"nul-byte", "no-such"}}, "csv", ports.Silent{})),
	} {
		if !errors.Is(err, usage) {
			t.Errorf("%s: %v, want SEG-CLI-001", name, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("refused, and left %d files", len(entries))
	}
	dir, _ = write(t, small, "csv")
	before := hashes(t, dir)
	longer := company.Config{Customers: 20, Months: 1}
	if _, err := Write(context.Background(), dir, longer, "csv", ports.Silent{}); !errors.Is(err, usage) {
		t.Errorf("a month of another company: %v, want SEG-CLI-001", err)
	}
	if hashes(t, dir) != before {
		t.Error("refused, and changed files")
	}
}

func second(_ []string, err error) error { return err }

// Cancelled half-way, or stopped by the file system, Write leaves what was there.
func TestNothingHalf(t *testing.T) {
	dir, _ := write(t, company.Config{Customers: 20, Months: 2}, "csv")
	before := hashes(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Write(ctx, dir, company.Config{Customers: 5000, Months: 2, Seed: 1}, "csv", cancelling{cancel: cancel})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if hashes(t, dir) != before {
		t.Error("cancelled, and changed files")
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(context.Background(), blocked, company.Config{Customers: 5}, "csv", ports.Silent{}); !errors.Is(err, &problem.Problem{ID: "SEG-OUT-003"}) {
		t.Errorf("a file in the directory's place: %v, want SEG-OUT-003", err)
	}
}

// cancelling cancels at the first progress.
type cancelling struct {
	ports.Silent
	cancel func()
}

func (c cancelling) Add(int64) { c.cancel() }

// counting adds up what it is told.
type counting struct {
	ports.Silent
	n *int64
}

func (c counting) Add(n int64) { *c.n += n }

func TestProgressCountsCustomers(t *testing.T) {
	var n int64
	if _, err := Write(context.Background(), t.TempDir(), company.Config{Customers: 2345, Months: 1}, "csv", counting{n: &n}); err != nil {
		t.Fatal(err)
	}
	if n != 2345 {
		t.Errorf("progress of %d customers", n)
	}
}

// Every fault in files gets the id that company.Faults promises, from the reader that finds it. What is found only when
// several files are put together or rows are folded (SEG-KEY, SEG-SCH, SEG-ZIP limits) is looked for in the bytes.
func TestFileFaults(t *testing.T) {
	for _, f := range company.Faults {
		if f.Where == company.InRows {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			form := map[company.Where]string{company.InCSV: "csv", company.InParquet: "parquet", company.InArrow: "arrow"}[f.Where]
			_, files := write(t, company.Config{Customers: 300, Seed: 6, Months: 2, Faults: []string{f.Name}}, form)
			path := files[1] // the last orders
			if f.Table != "orders" {
				path = files[slices.IndexFunc(files, func(p string) bool { return strings.HasPrefix(filepath.Base(p), f.Table) })]
			}
			_, clean := write(t, company.Config{Customers: 300, Seed: 6, Months: 2}, form)
			for i, p := range files {
				a, _ := os.ReadFile(p)
				b, _ := os.ReadFile(clean[i])
				if same := bytes.Equal(a, b); same == (p == path) {
					t.Errorf("%s changed: %v", filepath.Base(p), !same)
				}
			}
			err := readFault(t, path, f.Name)
			if f.Problem == "" && err != nil || f.Problem != "" && !errors.Is(err, &problem.Problem{ID: f.Problem}) {
				t.Errorf("got %v, want %q", err, f.Problem)
			}
		})
	}
}

// readFault reads a file as the product does, with the options under which the fault shows.
func readFault(t *testing.T, path, fault string) error {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := func(id string) error { return &problem.Problem{ID: id} }
	switch filepath.Ext(path) {
	case ".parquet":
		r, err := parquetio.Open(bytes.NewReader(data), int64(len(data)), path, arrowio.Options{})
		if err != nil {
			return err
		}
		return r.Read(context.Background(), func(arrow.Record) error { return nil })
	case ".arrow":
		r, err := arrowio.Open(bytes.NewReader(data), int64(len(data)), path, arrowio.Options{})
		if err != nil {
			return err
		}
		return r.Read(context.Background(), func(arrow.Record) error { return nil })
	case ".gz":
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		n, err := io.Copy(io.Discard, z)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return found("SEG-ZIP-002")
		case err == nil && n > 1000*int64(len(data)):
			return found("SEG-ZIP-001")
		case err == nil && bytes.HasSuffix(data, []byte("trailing bytes\n")):
			return found("SEG-ZIP-003")
		}
		return err
	}
	switch fault {
	case "empty-file":
		if len(data) == 0 {
			return found("SEG-SRC-002")
		}
	case "header-only":
		if bytes.Count(data, []byte("\n")) == 1 {
			return found("SEG-SRC-003")
		}
	case "scientific-ids":
		if bytes.Count(data, []byte("1.00E+09")) == 150 {
			return found("SEG-KEY-002")
		}
	case "schema-clash":
		if bytes.Contains(data, []byte(",amount,")) {
			return found("SEG-SCH-001")
		}
	case "wrong-delimiter":
		_, err := readCSV(path, csvio.Options{Delimiter: ","})
		return err
	}
	_, err = readCSV(path, csvio.Options{})
	return err
}
