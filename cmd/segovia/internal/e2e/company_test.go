package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const customers = 1500

// written holds what `segovia generate` wrote, by file name, in CSV and Parquet; it is made once.
var written struct {
	sync.Mutex
	files map[string][]byte
}

func generated(t *testing.T) map[string][]byte {
	t.Helper()
	bin := segovia(t)
	written.Lock()
	defer written.Unlock()
	if written.files != nil {
		return written.files
	}
	files := map[string][]byte{}
	for _, format := range []string{"csv", "parquet"} {
		dir := t.TempDir()
		call(t, bin, dir, "generate", "data", "--customers", fmt.Sprint(customers), "--seed", "3", "--format", format)
		names, err := filepath.Glob(filepath.Join(dir, "data", "*"))
		if err != nil || len(names) < 5 {
			t.Fatalf("generate wrote %v: %v", names, err)
		}
		for _, n := range names {
			files[filepath.Base(n)] = read(t, n)
		}
	}
	written.files = files
	return files
}

// company lays the generated files out for testdata/company.yaml in a new folder and returns it.
func company(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "company.yaml"), read(t, "testdata/company.yaml"))
	for name, data := range generated(t) {
		table, _, _ := strings.Cut(strings.TrimSuffix(name, ".csv"), "_")
		if filepath.Ext(name) == ".csv" && slices.Contains([]string{"customers", "orders", "contacts", "devices"}, table) {
			put(t, filepath.Join(dir, table, name), data)
		}
	}
	return dir
}

// bare takes the sections on the value of customers out of the configuration in a company's folder, and returns the folder: its
// labels are then those that predict gives.
func bare(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(dir, "company.yaml")
	config, _, found := strings.Cut(string(read(t, file)), "\ntiers:")
	if !found {
		t.Fatal("company.yaml has no tiers")
	}
	put(t, file, []byte(config+"\n"))
	return dir
}

// lines returns the header of a CSV file and its rows, each with its line end. The generator writes no line end into a cell.
func lines(data []byte) (header []byte, rows [][]byte) {
	all := bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	all[len(all)-1] = append(slices.Clip(all[len(all)-1]), '\n')
	return all[0], all[1:]
}

// deal gives the rows out to n files at random, each in another order than before.
func deal(header []byte, rows [][]byte, n int, random *rand.Rand) [][]byte {
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	files := make([][]byte, n)
	for i := range files {
		files[i] = slices.Clone(header)
	}
	for _, row := range rows {
		i := random.IntN(n)
		files[i] = append(files[i], row...)
	}
	return files
}

// renamed has the same files, byte for byte, under names that sort the other way round.
func renamed(t *testing.T) string {
	t.Helper()
	from, dir := company(t), t.TempDir()
	put(t, filepath.Join(dir, "deep", "er", "company.yaml"), read(t, "testdata/company.yaml"))
	for _, table := range []string{"customers", "orders", "contacts", "devices"} {
		names, err := filepath.Glob(filepath.Join(from, table, "*"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no files: %v", err)
		}
		for i, n := range names {
			put(t, filepath.Join(dir, "deep", "er", table, fmt.Sprintf("%03d.csv", len(names)-i)), read(t, n))
		}
	}
	return filepath.Join(dir, "deep", "er")
}

// divided has the same rows, dealt to other files in another order, some compressed, under other names.
func divided(t *testing.T, seed uint64) string {
	t.Helper()
	from, dir := company(t), t.TempDir()
	put(t, filepath.Join(dir, "company.yaml"), read(t, "testdata/company.yaml"))
	random := rand.New(rand.NewPCG(seed, 0))
	for table, n := range map[string]int{"customers": 3, "orders": 7, "contacts": 2, "devices": 1} {
		names, err := filepath.Glob(filepath.Join(from, table, "*"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no files: %v", err)
		}
		var header []byte
		var rows [][]byte
		for _, name := range names {
			h, r := lines(read(t, name))
			header, rows = h, append(rows, r...)
		}
		for i, data := range deal(header, rows, n, random) {
			name := filepath.Join(dir, table, fmt.Sprintf("%c%d.csv", 'z'-i, random.IntN(1000)))
			if i%2 == 1 {
				var b bytes.Buffer
				z := gzip.NewWriter(&b)
				if _, err := z.Write(data); err != nil {
					t.Fatal(err)
				}
				if err := z.Close(); err != nil {
					t.Fatal(err)
				}
				name, data = name+".gz", b.Bytes()
			}
			put(t, name, data)
		}
	}
	return dir
}

// mixed has the same rows, some months and tables as Parquet.
func mixed(t *testing.T) string {
	t.Helper()
	files, dir := generated(t), company(t)
	swapped := 0
	for name, data := range files {
		base, ok := strings.CutSuffix(name, ".parquet")
		table, month, _ := strings.Cut(base, "_")
		if !ok || table != "contacts" && (table != "orders" || month < "2026-01") {
			continue
		}
		put(t, filepath.Join(dir, table, name), data)
		if err := os.Remove(filepath.Join(dir, table, base+".csv")); err != nil {
			t.Fatal(err)
		}
		swapped++
	}
	if swapped != 11 {
		t.Fatalf("%d files became Parquet, want 10 months of orders and the contacts", swapped)
	}
	return dir
}
