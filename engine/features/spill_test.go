package features

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"segovia/engine/ports"
	"segovia/kernels/problem"
)

// prepared returns a fold that has not begun, so that a test can look into it.
func prepared(t interface{ Fatal(...any) }, cfg Config, sources ...Source) *folder {
	schemas, readers := map[string]*arrow.Schema{}, map[string]Source{}
	for _, s := range sources {
		schemas[s.Name()], readers[s.Name()] = s.Schema(), s
	}
	pl, problems := newPlan(cfg, schemas)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return newFolder(pl, readers, ports.Silent{})
}

// leastOf reads the least budget from a SEG-MEM-001.
func leastOf(t interface{ Fatal(...any) }, err error) int64 {
	var p *problem.Problem
	if !errors.As(err, &p) || p.ID != "SEG-MEM-001" || problem.ExitCode(err) != 15 {
		t.Fatal("no SEG-MEM-001: ", err)
	}
	m := regexp.MustCompile(`the least is (\d+)KiB`).FindStringSubmatch(p.What)
	if m == nil || !strings.Contains(p.Fix, m[1]+"KiB") {
		t.Fatal("no least budget: ", err)
	}
	least, _ := strconv.ParseInt(m[1], 10, 64)
	return least << 10
}

// manyCustomers returns n customers and some events of each.
func manyCustomers(n int) (customers, events [][]string) {
	for i := range n {
		key := fmt.Sprintf("customer %d", i)
		customers = append(customers, []string{key, []string{"Bau", "Handel", ""}[i%3], fmt.Sprint(i), []string{"DE", "AT"}[i%2]})
		for j := range i % 7 {
			events = append(events, []string{key, fmt.Sprint(j / 2), fmt.Sprint("c", (i*j)%17), fmt.Sprintf("2026-%02d-%02d", 3+j, 1+i%28),
				fmt.Sprint(i*j - 5), "1.5", fmt.Sprint(j%2 == 0)})
		}
	}
	return customers, events
}

// The result has the same bits without a budget, with budgets down to the least that the error names, for any number of
// threads; nothing is left in the temporary folder.
func TestSpillSameBits(t *testing.T) {
	customers, events := manyCustomers(120)
	half := len(events) / 2
	ctx := context.Background()
	spilled := 0
	for i, distinct := range []string{"none", "exact", "across_files"} {
		cfg := everything(distinct)
		sources := func(batch int) []Source {
			return []Source{
				&memSource{name: "orders", schema: eventSchema, names: []string{"a", "b"}, batch: batch,
					files: [][][]string{events[:half+100], events[half:]}},
				&memSource{name: "customers", schema: customerSchema, names: []string{"k"}, files: [][][]string{customers}, batch: batch}}
		}
		cfg.TempDir, cfg.Threads = filepath.Join(t.TempDir(), "absent"), 1 // without a budget nothing is written
		r, err := prepared(t, cfg, sources(50)...).run(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want := bytesOf(t, r)
		cfg.TempDir = t.TempDir()
		for _, threads := range []int{1, 2, 7} {
			cfg.Threads, cfg.MemoryMax = threads, 1<<10
			_, err = prepared(t, cfg, sources(60)...).run(ctx)
			least := leastOf(t, err)
			for _, more := range []int64{0, 15 << 10, 400 << 10} {
				cfg.MemoryMax = least + more
				f := prepared(t, cfg, sources(40+30*i)...)
				if r, err = f.run(ctx); err != nil {
					t.Fatalf("%s, %d threads, %d bytes: %v", distinct, threads, cfg.MemoryMax, err)
				}
				if !bytes.Equal(bytesOf(t, r), want) {
					t.Fatalf("%s, %d threads, %d bytes: the result differs", distinct, threads, cfg.MemoryMax)
				}
				if f.parts != nil {
					spilled++
				}
			}
			// Tables of hashes double, and not every run has all files open at once: there a little less may do.
			if cfg.MemoryMax = least - 2<<10; distinct == "none" {
				if _, err = prepared(t, cfg, sources(60)...).run(ctx); err == nil {
					t.Fatalf("%d bytes do, although the least is %d", cfg.MemoryMax, least)
				}
			}
			if left, err := os.ReadDir(cfg.TempDir); err != nil || len(left) > 0 {
				t.Fatalf("left behind: %v %v", left, err)
			}
		}
	}
	if spilled < 12 {
		t.Errorf("only %d of 27 folds were spilled", spilled)
	}
}

// What states keep survives being saved and loaded in any parts.
func TestSaveLoad(t *testing.T) {
	kinds := []stateKind{keepCount, keepSum, keepSquares, keepMin, keepMax, keepDistinct, keepKeyedSum, keepKeyedMin, keepEarliest, keepLatest,
		keepFirstRow, keepLastRow}
	rapid.Check(t, func(t *rapid.T) {
		spec := stateSpec{kind: rapid.SampledFrom(kinds).Draw(t, "kind"), arg: 0, by: -1, time: 0, where: -1, from: noLimit}
		typ := typeNumber
		if spec.kind >= keepEarliest {
			typ = rapid.SampledFrom([]valueType{typeBool, typeNumber, typeText, typeTime}).Draw(t, "type")
		}
		n := rapid.IntRange(1, 30).Draw(t, "rows")
		v := &vec{typ: typ, mask: -1, scale: 2, dec: make([]i128, n), str: make([]string, n), bit: make([]bool, n), tim: make([]int64, n)}
		b := &batch{spec: &spec, arg: v, time: &vec{typ: typeTime, mask: -1, tim: make([]int64, n)}, keys: make([]uint64, n)}
		slots, rows := make([]int32, n), make([]int32, n)
		for i := range n {
			rows[i], slots[i] = int32(i), int32(rapid.IntRange(0, 3).Draw(t, "customer"))
			b.keys[i] = rapid.SampledFrom([]uint64{0, 1, 1 << 63}).Draw(t, "key")
			b.time.tim[i] = int64(rapid.IntRange(-3, 3).Draw(t, "time"))
			v.dec[i], _ = genI128().Draw(t, "number").quo10(3, 'f'), true
			v.str[i], v.bit[i] = rapid.SampledFrom([]string{"", "ä", "zz"}).Draw(t, "text"), i%3 == 0
			v.tim[i] = v.dec[i].hi
			if i%4 == 3 {
				v.setNull(i, n)
			}
		}
		const customers = 4
		save := func(st state) (out []string) {
			st.grow(customers)
			st.freeze()
			for i := range customers {
				var e encoder
				st.save(&e, i)
				out = append(out, string(e.b))
			}
			return out
		}
		add := func(st state, from, to int) {
			st.grow(customers)
			if err := st.add(b, slots[from:to], rows[from:to]); err != nil {
				t.Skip() // leaves the range
			}
		}
		whole := newState(&spec)
		add(whole, 0, n)
		want := save(whole)
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		part, joined := newState(&spec), newState(&spec)
		joined.grow(customers)
		for _, at := range [][2]int{{cut, n}, {0, cut}} {
			add(part, at[0], at[1])
			for i, text := range save(part) {
				d := decoder{b: []byte(text)}
				if text == "" {
					continue
				}
				if err := joined.load(&d, int32(i)); err != nil || d.bad || len(d.b) > 0 {
					t.Fatalf("load: %v, bad %v, %d bytes left", err, d.bad, len(d.b))
				}
				for cut := range text { // an end that comes too soon is seen, or leaves whole keys
					d := decoder{b: []byte(text[:cut])}
					_ = newStateOf(&spec, customers).load(&d, int32(i))
				}
			}
			part.reset()
		}
		if got := save(joined); !slices.Equal(got, want) {
			t.Fatalf("kind %d: got %x, want %x", spec.kind, got, want)
		}
	})
}

func newStateOf(spec *stateSpec, customers int) state {
	st := newState(spec)
	st.grow(customers)
	return st
}

// A shard that does not fit as a whole is read back a part at a time, down to single customers.
func TestSpillSlices(t *testing.T) {
	customers, events := manyCustomers(200)
	cfg := everything("none")
	sources := []Source{customersSource(customers...), eventsSource(events...)}
	r, err := prepared(t, cfg, sources...).run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := bytesOf(t, r)
	cfg.TempDir, cfg.MemoryMax = t.TempDir(), 1<<30
	f := prepared(t, cfg, sources...)
	ctx := context.Background()
	for i := range f.sources {
		if err := f.read(ctx, []int{(f.entityIndex + i) % len(f.sources)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.checkKeys(ctx); err != nil {
		t.Fatal(err)
	}
	if err := f.shrink(0); err != nil {
		t.Fatal(err)
	}
	if f.unspillable() != f.held.Load() || len(f.duplicates[0].parts[0].spilled) == 0 || len(f.shards[0].spilled) == 0 {
		t.Fatal("not everything was spilled")
	}
	f.cfg.MemoryMax = 2 // no room at all
	if r, err = f.finish(ctx); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytesOf(t, r), want) {
		t.Error("the result differs")
	}
	parts := 0
	sh := f.shards[0]
	sh.states = newShard(f, 0).states
	if err := sh.slices(nil, 0, func() error { parts++; return nil }); err != nil || parts != len(sh.keys) {
		t.Errorf("%d slices of %d customers: %v", parts, len(sh.keys), err)
	}
	if err := f.cleanUp(); err != nil {
		t.Error(err)
	}
}

// fullDisk is a file on a disk that has room for so many bytes more.
type fullDisk struct {
	*os.File
	left int
}

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC}
	}
	return d.File.Write(b)
}

func TestSpillFaults(t *testing.T) {
	customers, events := manyCustomers(300)
	cfg := everything("none")
	cfg.TempDir, cfg.Threads, cfg.MemoryMax = t.TempDir(), 2, 200<<10
	new := func() *folder {
		return prepared(t, cfg, customersSource(customers...), eventsSource(events...))
	}
	empty := func() {
		t.Helper()
		if left, err := os.ReadDir(cfg.TempDir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
	for _, room := range []int{0, 100, 20 << 10, 50 << 10} {
		f := new()
		f.temp.create = func(path string) (tempFile, error) {
			file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
			return &fullDisk{file, room}, err
		}
		var p *problem.Problem
		if _, err := f.run(context.Background()); !errors.As(err, &p) || p.ID != "SEG-OUT-002" ||
			filepath.Dir(filepath.Dir(p.File)) != cfg.TempDir || problem.ExitCode(err) != 14 {
			t.Errorf("full disk after %d bytes: %v", room, err)
		}
		empty()
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := new()
	f.temp.create = func(path string) (tempFile, error) {
		cancel()
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	if _, err := f.run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	empty()
	f = new()
	f.temp.create = func(path string) (tempFile, error) {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		return &damaged{file}, err
	}
	if _, err := f.run(context.Background()); !errors.Is(err, &problem.Problem{ID: "SEG-OUT-003"}) {
		t.Errorf("damaged: %v", err)
	}
	empty()
	cfg.TempDir = filepath.Join(cfg.TempDir, "absent")
	if _, err := new().run(context.Background()); !errors.Is(err, &problem.Problem{ID: "SEG-OUT-003"}) {
		t.Errorf("no folder: %v", err)
	}
}

// damaged is a file that reads as zeros.
type damaged struct{ *os.File }

func (d *damaged) ReadAt(b []byte, at int64) (int, error) {
	clear(b)
	return len(b), nil
}

// One large file keeps all workers busy; records are released, and of several errors the first one in the file counts.
func TestOneFileManyWorkers(t *testing.T) {
	customers, events := manyCustomers(300)
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	for _, distinct := range []string{"none", "exact", "across_files"} {
		cfg := everything(distinct)
		var want []byte
		for _, threads := range []int{1, 4} {
			cfg.Threads = threads
			src := eventsSource(append(events, events...)...)
			src.batch, src.alloc = 10, alloc
			r, err := fold(cfg, customersSource(customers...), src)
			if err != nil {
				t.Fatal(err)
			}
			if got := bytesOf(t, r); want == nil {
				want = got
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s: the number of threads shows", distinct)
			}
		}
	}
	cfg := Config{Sources: []SourceConfig{{Name: "orders", Key: "customer", Time: "at", Amount: "gross * 1e19"}},
		Entity: Entity{From: "orders"}, AsOf: date("2027-01-01"), Threads: 4, Columns: []Column{{Name: "s", From: "orders", Agg: "sum"}}}
	for range 20 {
		src := &failing{eventsSource(append(events[:200:200], []string{"a", "", "", "2026-01-01", "", "1e28", ""})...)}
		src.batch, src.alloc = 10, alloc
		if _, err := fold(cfg, src); !errors.Is(err, &problem.Problem{ID: "SEG-NUM-002"}) {
			t.Fatalf("got %v", err)
		}
	}
}

// failing is a source that fails at its end.
type failing struct{ *memSource }

func (f *failing) ReadFile(ctx context.Context, i int, yield func(arrow.Record, int64) error) error {
	if err := f.memSource.ReadFile(ctx, i, yield); err != nil {
		return err
	}
	return errors.New("the end is missing")
}
