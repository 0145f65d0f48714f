package e2e

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// qualityFile is what the tests read of quality.json.
type qualityFile struct {
	Sources []struct {
		Name                 string `json:"name"`
		Files                int    `json:"files"`
		RowsRead             int64  `json:"rows_read"`
		RowsWithoutKey       int64  `json:"rows_without_key"`
		RowsDuplicate        int64  `json:"rows_duplicate"`
		RowsDuplicateRemoved int64  `json:"rows_duplicate_removed"`
		RowsUsed             int64  `json:"rows_used"`
	} `json:"sources"`
	Entity struct {
		Customers int64   `json:"customers"`
		Orders    *int64  `json:"orders"`
		Amount    *string `json:"amount"`
	} `json:"entity"`
}

// onlineRetail holds quality.json and features.parquet of the example against the figures of shared/data/README.md.
func onlineRetail(t *testing.T, dir string) {
	t.Helper()
	var q qualityFile
	decode(t, filepath.Join(dir, "quality.json"), &q)
	if len(q.Sources) != 1 || q.Entity.Orders == nil || q.Entity.Amount == nil {
		t.Fatalf("quality.json: %+v", q)
	}
	s := q.Sources[0]
	got := fmt.Sprintf("%d files: %d rows, %d without customer, %d duplicate, %d removed; %d used, %d invoices, %d customers, %s", s.Files, s.RowsRead,
		s.RowsWithoutKey, s.RowsDuplicate, s.RowsDuplicateRemoved, s.RowsUsed, *q.Entity.Orders, q.Entity.Customers, *q.Entity.Amount)
	want := "305 files: 541909 rows, 135080 without customer, 5268 duplicate, 0 removed; 397884 used, 18532 invoices, 4338 customers, 8911407.904"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f := readParquet(t, filepath.Join(dir, "features.parquet"))
	counts := map[string]int{}
	for _, name := range f.column(t, "rfm_segment") {
		counts[name]++
	}
	if map10 := map[string]int{"hibernating": 1071, "at_risk": 593, "cant_loose": 63, "about_to_sleep": 352, "need_attention": 187,
		"loyal_customers": 819, "promising": 94, "new_customers": 42, "potential_loyalists": 484, "champions": 633}; !maps.Equal(counts, map10) {
		t.Errorf("the RFM map is %v, want %v", counts, map10)
	}
	for name, mean := range map[string]string{"recency_days": "93.059", "orders": "4.272", "revenue": "2054.266"} {
		sum := 0.0
		for _, v := range f.numbers(t, name) {
			sum += v
		}
		if got := fmt.Sprintf("%.3f", sum/float64(f.n)); got != mean {
			t.Errorf("the mean of %s is %s, want %s", name, got, mean)
		}
	}
}

func TestOnlineRetail(t *testing.T) {
	shared(t, "data", "online-retail", "by-day")
	bin, dir := segovia(t), t.TempDir()
	config := example(t, "online-retail.yaml")
	_, run := publish(t, bin, dir, config, "--out", "out", "--threads", "2",
		"--set", "sweep.k=2..4", "--set", "sweep.restarts=3", "--set", "stability.bootstrap=4", "--set", "stability.boot_restarts=2", "--set", "sweep.gap=10")
	onlineRetail(t, run)
	rows := int64(0)
	m := manifest(t, run)
	for _, in := range m.Inputs {
		rows += in.Rows
	}
	if len(m.Inputs) != 305 || rows != 541909 {
		t.Errorf("manifest.json has %d inputs with %d rows, want 305 with 541909", len(m.Inputs), rows)
	}

	// All days in two files, their rows the other way round: the same features, byte for byte.
	names, err := filepath.Glob(filepath.Join(shared(t, "data", "online-retail", "by-day"), "*.csv"))
	if err != nil || len(names) != 305 {
		t.Fatalf("%d day files, %v", len(names), err)
	}
	var files [2]strings.Builder
	for i := range names {
		data := string(read(t, names[len(names)-1-i]))
		header, body, _ := strings.Cut(data, "\n")
		part := &files[i%2]
		if part.Len() == 0 {
			part.WriteString(header + "\n")
		}
		part.WriteString(strings.TrimSuffix(body, "\n") + "\n")
	}
	put(t, filepath.Join(dir, "data", "b.csv"), []byte(files[0].String()))
	put(t, filepath.Join(dir, "data", "a.csv"), []byte(files[1].String()))
	call(t, bin, dir, "features", config, "--out", "again", "--threads", "7", "--set", "sources.orders.path="+filepath.Join(dir, "data", "*.csv"))
	if string(read(t, filepath.Join(dir, "again", "features.parquet"))) != string(read(t, filepath.Join(run, "features.parquet"))) {
		t.Error("the same lines in two files give other features")
	}
}

// Both years overlap by nine days, which count once.
func TestOnlineRetailBothYears(t *testing.T) {
	shared(t, "data", "online-retail-ii")
	bin, dir := segovia(t), t.TempDir()
	call(t, bin, dir, "features", example(t, "online-retail-both-years.yaml"), "--out", "out")
	var q qualityFile
	decode(t, filepath.Join(dir, "out", "quality.json"), &q)
	s := q.Sources[0]
	if s.Files != 306 || s.RowsRead != 525461+541909 || s.RowsRead-s.RowsDuplicateRemoved != 1044847 || q.Entity.Customers != 5942 {
		t.Errorf("%+v: want 306 files, 1067370 rows, of which 1044847 stay, and 5942 customers", q)
	}
	if f := readParquet(t, filepath.Join(dir, "out", "features.parquet")); f.n != 5942 {
		t.Errorf("features.parquet has %d customers, want 5942", f.n)
	}
}

// Frequency, active span and T of every customer of the sample, against the reference, which is rounded to 2 decimals.
func TestCDNOW(t *testing.T) {
	file, err := os.Open(shared(t, "data", "cdnow", "cdnow_customers_summary.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	bin, dir := segovia(t), t.TempDir()
	call(t, bin, dir, "features", example(t, "cdnow.yaml"), "--out", "out")
	f := readParquet(t, filepath.Join(dir, "out", "features.parquet"))
	if f.n != 2357 || len(want) != 1+2357 {
		t.Fatalf("%d customers, the reference has %d; want 2357", f.n, len(want)-1)
	}
	at := map[string]int{}
	for i, id := range f.column(t, "customer_id") {
		at[strings.TrimLeft(id, "0")] = i // ids keep their zeros, 0001; the reference wrote them as numbers
	}
	frequency, span, T := f.numbers(t, "frequency"), f.numbers(t, "active_span_weeks"), f.numbers(t, "T_weeks")
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, w := range want[1:] {
		i, ok := at[w[0]]
		if !ok {
			t.Fatalf("customer %s is missing", w[0])
		}
		// 0.005 is half a unit of the reference's last place, the rest is for the last bit of a division.
		if frequency[i] != number(w[1]) || math.Abs(span[i]-number(w[2])) > 0.005+1e-12 || math.Abs(T[i]-number(w[3])) > 0.005+1e-12 {
			t.Errorf("customer %s: %g, %g, %g; want %v", w[0], frequency[i], span[i], T[i], w[1:])
		}
	}
}
