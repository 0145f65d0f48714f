package features

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/engine/ports"
	"segovia/engine/quality"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// Result is what the records said: the features of every customer, and how good the records were.
type Result struct {
	Table    *table.Table
	Quality  *quality.Report  // nil with Config.NoQuality
	RowsUsed map[string]int64 // by source
	AsOf     time.Time
	From     time.Time // begin of the window; with window "all" the earliest used record, zero if none has a time
	Accounts *Accounts // nil without Entity.Account
}

// Fold reads all sources once and returns one row of features per customer, in key order. The result depends on the
// configuration and on the set of the rows, not on the order of files and rows, the size of batches or cfg.Threads
// (0 = all processors); where the position of a row matters (on_duplicate), it is that by file name and row. Sources are
// matched to cfg.Sources by name. All errors are problems of the catalogue, save those of ctx and of the sources.
//
// What exceeds the memory budget is spilled to a folder in cfg.TempDir, which is gone when Fold returns; SEG-OUT-002 and
// SEG-OUT-003 where that cannot be written, SEG-MEM-001 where spilling cannot meet the budget.
func Fold(ctx context.Context, cfg Config, sources []Source, progress ports.Progress) (*Result, error) {
	schemas := map[string]*arrow.Schema{}
	readers := map[string]Source{}
	for _, s := range sources {
		schemas[s.Name()], readers[s.Name()] = s.Schema(), s
	}
	for _, sc := range cfg.Sources {
		if readers[sc.Name] == nil {
			return nil, &problem.Problem{ID: "SEG-BUG-001",
				What: fmt.Sprintf("source %q was configured and not opened", sc.Name)}
		}
	}
	pl, problems := newPlan(cfg, schemas)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return newFolder(pl, readers, progress).run(ctx)
}

// run reads the sources and finishes the fold.
func (f *folder) run(ctx context.Context) (_ *Result, err error) {
	defer func() {
		if gone := f.cleanUp(); err == nil {
			err = gone
		}
	}()
	// Who is a customer must be known before other sources can be told which of their rows count.
	if err := f.read(ctx, []int{f.entityIndex}); err != nil {
		return nil, err
	}
	if err := f.checkKeys(ctx); err != nil {
		return nil, err
	}
	if err := f.resolveParents(); err != nil {
		return nil, err
	}
	var others []int
	for i := range f.sources {
		// A fold that was given up looks only at what else cannot be spilled.
		if i != f.entityIndex && !(f.measuring.Load() && f.duplicates[i].mode == "none") {
			others = append(others, i)
		}
	}
	if err := f.read(ctx, others); err != nil {
		return nil, err
	}
	if f.measuring.Load() {
		if err := f.endSpilling(); err != nil {
			return nil, err
		}
		return nil, f.tooSmall(ctx)
	}
	if err := f.checkKeys(ctx); err != nil {
		return nil, err
	}
	return f.finish(ctx)
}

// folder is a fold under way.
type folder struct {
	*plan
	readers     []Source
	entityIndex int
	threads     int
	progress    ports.Progress
	shards      []*shard
	levels      []map[int]*levelTexts // by source and spec
	judges      [][]*quality.Judge    // by source; several, so that workers seldom wait for each other
	duplicates  []*duplicates
	orderSet    rowSet
	ranks       [][]int64 // by source and file: rank by name
	accounts    *accounts // nil until the customers are known, and without accounts

	held        atomic.Int64 // bytes that are held until all sources are read
	room        sync.Mutex   // held by the worker that spills
	temp        *spillFolder
	parts       *spillFile // states; nil before the first spill
	sets        *spillFile // hashes
	onceSources int64      // sources with one row per customer

	measuring atomic.Bool      // the budget cannot be met: only what names the least one is done
	customers rowSet           // while measuring
	fileSizes [][]atomic.Int64 // rows by source and file

	mu     sync.Mutex
	counts []counts // by source
	first  []int64  // by source: earliest used time
	active []bool   // by row, where regions are judged: has a used row of an event source
}

// counts are what one worker counted in one source.
type counts struct {
	quality.Source
	missingKeys firstRows
	amount      i128
	amountOver  bool
	first, last int64 // of used rows
	timed       bool
}

func newFolder(pl *plan, readers map[string]Source, progress ports.Progress) *folder {
	f := &folder{plan: pl, threads: cmp.Or(pl.cfg.Threads, runtime.GOMAXPROCS(0)), progress: progress,
		counts: make([]counts, len(pl.sources)), first: make([]int64, len(pl.sources)), temp: newSpillFolder(pl.cfg.TempDir)}
	f.orderSet.held, f.customers.held = &f.held, &f.held
	for i, s := range pl.sources {
		if s == pl.entity {
			f.entityIndex = i
		}
		r := readers[s.cfg.Name]
		f.readers = append(f.readers, r)
		f.ranks = append(f.ranks, rankByName(r.Files()))
		var judges []*quality.Judge
		for range min(f.threads, 8) {
			judges = append(judges, quality.NewJudge(s.schema))
		}
		f.judges = append(f.judges, judges)
		f.duplicates = append(f.duplicates, &duplicates{mode: cmp.Or(s.cfg.Distinct, "none"), rowSet: rowSet{held: &f.held}})
		f.fileSizes = append(f.fileSizes, make([]atomic.Int64, len(r.Files())))
		if s.oneRow {
			f.onceSources++
		}
		levels := map[int]*levelTexts{}
		for spec := range s.texts {
			levels[spec] = &levelTexts{byKey: map[uint64]string{}}
		}
		f.levels = append(f.levels, levels)
	}
	for i := range shardCount {
		f.shards = append(f.shards, newShard(f, i))
	}
	return f
}

// rankByName returns the rank of each file when sorted by name; equal names keep their order.
func rankByName(files []string) []int64 {
	order := make([]int, len(files))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(files[a], files[b]) })
	ranks := make([]int64, len(files))
	for rank, i := range order {
		ranks[i] = int64(rank)
	}
	return ranks
}

// Liner is what a Source of text files may offer besides: where rows stand, for messages.
type Liner interface {
	// Lines returns the line, from 1, on which each of the data rows of file i begins; rows count from 1 and ascend. It
	// returns nil for a file without lines.
	Lines(ctx context.Context, i int, rows []int64) ([]int, error)
}

// checkKeys refuses customers that are missing or doubled where that matters, and fixes what readers of states need to
// know about whole sources.
func (f *folder) checkKeys(ctx context.Context) error {
	if f.measuring.Load() {
		return nil
	}
	for i, s := range f.sources {
		c := &f.counts[i]
		f.first[i] = c.first
		wantsKeys := s.cfg.MissingKey == "error" || s.cfg.MissingKey == "" && s.entity
		if c.missingKeys.n > 0 && wantsKeys {
			line, places := f.places(ctx, i, c.missingKeys)
			return &problem.Problem{ID: "SEG-KEY-001",
				What: fmt.Sprintf("%d %s of source %q %s no customer key", c.missingKeys.n, plural(c.missingKeys.n, "row", "rows"),
					s.cfg.Name, plural(c.missingKeys.n, "has", "have")),
				File: f.fileOf(i, c.missingKeys), Line: line, Place: fmt.Sprintf("column %q", s.cfg.Key),
				Why: "it is empty in " + places,
				Fix: "repair the table, or set `missing_key: drop`"}
		}
		if !s.oneRow || s.cfg.OnDuplicate == "first" || s.cfg.OnDuplicate == "last" {
			continue
		}
		var repeats firstRows
		var keys int64
		for _, sh := range f.shards {
			repeats.merge(sh.once[i].repeats)
			keys += sh.once[i].keys
		}
		if keys > 0 {
			line, places := f.places(ctx, i, repeats)
			return &problem.Problem{ID: "SEG-KEY-001",
				What: fmt.Sprintf("%d %s more than once in source %q, in %d %s too many", keys,
					plural(keys, "customer stands", "customers stand"), s.cfg.Name, repeats.n, plural(repeats.n, "row", "rows")),
				File: f.fileOf(i, repeats), Line: line, Place: fmt.Sprintf("column %q", s.cfg.Key),
				Why: "repeated in " + places,
				Fix: "repair the table, or set `on_duplicate: first` or `last`"}
		}
	}
	return nil
}

func (f *folder) fileName(source int, rank int64) string {
	return f.readers[source].Files()[f.fileIndex(source, rank)]
}

func (f *folder) fileIndex(source int, rank int64) int { return slices.Index(f.ranks[source], rank) }

func (f *folder) fileOf(source int, rows firstRows) string {
	return f.fileName(source, rows.first[0].file)
}

// places names the first rows, by line in text files and by data row in others; a row of another file than the first one
// with its file. line is the first row's, 0 if it has none.
func (f *folder) places(ctx context.Context, source int, rows firstRows) (line int, text string) {
	unit := ""
	for lo := 0; lo < len(rows.first); {
		hi := lo + 1
		for hi < len(rows.first) && rows.first[hi].file == rows.first[lo].file {
			hi++
		}
		numbers, isLine := f.linesOf(ctx, source, rows.first[lo:hi])
		word := plural(rows.n, "data row ", "data rows ")
		if isLine {
			word = plural(rows.n, "line ", "lines ")
			if lo == 0 {
				line = int(numbers[0])
			}
		}
		for i, n := range numbers {
			if lo+i > 0 {
				text += ", "
			}
			if word != unit {
				text += word
			}
			unit = word
			text += fmt.Sprint(n)
			if lo > 0 {
				text += " of " + f.fileName(source, rows.first[lo].file)
			}
		}
		lo = hi
	}
	if rows.n > int64(len(rows.first)) {
		text += ", ..."
	}
	return line, text
}

// linesOf returns the lines of some rows of one text file, or their row numbers where lines are not to be had.
func (f *folder) linesOf(ctx context.Context, source int, at []rowAt) (numbers []int64, isLine bool) {
	for _, a := range at {
		numbers = append(numbers, a.row)
	}
	liner, ok := f.readers[source].(Liner)
	if !ok {
		return numbers, false
	}
	lines, err := liner.Lines(ctx, f.fileIndex(source, at[0].file), numbers)
	if err != nil || len(lines) != len(numbers) {
		return numbers, false
	}
	for i, l := range lines {
		numbers[i] = int64(l)
	}
	return numbers, true
}

func plural(n int64, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
