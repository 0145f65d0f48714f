package features

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// A part of a shard that is spilled has a row for each of its customers: the key, then one column per state with what the
// state keeps of the customer, null for nothing.

// Record batches of spilled states have at most so many customers and, but for the last one, so many bytes.
const (
	partRows  = 4096
	partBytes = 4 << 20
)

func (f *folder) partSchema() *arrow.Schema {
	fields := []arrow.Field{{Name: "customer", Type: arrow.BinaryTypes.String}}
	for _, s := range f.sources {
		for i := range s.specs {
			fields = append(fields, arrow.Field{Name: fmt.Sprintf("%s.%d", s.cfg.Name, i), Type: arrow.BinaryTypes.Binary, Nullable: true})
		}
	}
	return arrow.NewSchema(fields, nil)
}

// spill writes the shard's states out and empties them. The caller holds the shard's lock.
func (sh *shard) spill() error {
	f := sh.fold
	file, err := f.partFile()
	if err != nil {
		return err
	}
	sh.freeze()
	b := array.NewRecordBuilder(memory.DefaultAllocator, file.schema)
	defer b.Release()
	rows, size := 0, 0
	flush := func() error {
		if rows == 0 {
			return nil
		}
		rec := b.NewRecord()
		defer rec.Release()
		rows, size = 0, 0
		i, err := file.write(rec)
		sh.spilled = append(sh.spilled, i)
		return err
	}
	var e encoder
	for i := range sh.count() {
		key := sh.keys[sh.customer(i)]
		b.Field(0).(*array.StringBuilder).Append(key)
		size += len(key)
		column := 1
		for _, states := range sh.states {
			for _, st := range states {
				e.b = e.b[:0]
				st.save(&e, i)
				if to := b.Field(column).(*array.BinaryBuilder); len(e.b) == 0 {
					to.AppendNull()
				} else {
					to.Append(e.b)
				}
				size += len(e.b)
				column++
			}
		}
		if rows++; rows == partRows || size >= partBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	sh.empty(nil)
	sh.account()
	return nil
}

// errNoRoom says that a slice of a shard needs more memory than there is for it.
var errNoRoom = errors.New("no room")

// load fills the states with the spilled parts of the given customers; keep says which states are wanted, nil all. It
// returns errNoRoom when they grow beyond room bytes.
func (sh *shard) load(members []int32, keep func(source, spec int) bool, room int64) error {
	sh.empty(members)
	err := sh.fold.parts.read(sh.spilled, func(rec arrow.Record) error {
		column := 1
		keys := rec.Column(0).(*array.String)
		slots := make([]int32, rec.NumRows())
		for row := range slots {
			slots[row] = -1
			key := keys.Value(row)
			if slot := sh.index.find(sh.keys, key, keyHead(key), hashKey(key)); slot >= 0 {
				slots[row] = sh.local[slot]
			}
		}
		for source, states := range sh.states {
			for spec, st := range states {
				a := rec.Column(column).(*array.Binary)
				column++
				if keep != nil && !keep(source, spec) {
					continue
				}
				for row, slot := range slots {
					if slot < 0 || a.IsNull(row) {
						continue
					}
					d := decoder{b: a.Value(row)}
					if err := st.load(&d, slot); err != nil {
						return err
					}
					if d.bad {
						return spillDamaged(sh.fold.parts.path, fmt.Errorf("record batch of shard %d ends too soon", sh.number))
					}
				}
			}
		}
		if sh.account(); sh.spillable > room {
			return errNoRoom
		}
		return nil
	})
	if err != nil {
		return err
	}
	sh.freeze()
	return nil
}

// slices calls yield with the states of all customers of the shard, as many at a time as fit room bytes. A shard that was
// never spilled is there as a whole.
func (sh *shard) slices(keep func(source, spec int) bool, room int64, yield func() error) error {
	if len(sh.spilled) == 0 {
		sh.freeze()
		return yield()
	}
	defer func() {
		sh.empty(nil)
		sh.account()
	}()
	step := len(sh.keys)
	for at := 0; at < len(sh.keys); {
		members := make([]int32, min(step, len(sh.keys)-at))
		for i := range members {
			members[i] = int32(at + i)
		}
		limit := room
		if len(members) == 1 {
			limit = 1 << 62 // a single customer cannot be divided
		}
		err := sh.load(members, keep, limit)
		if errors.Is(err, errNoRoom) {
			step = (step + 1) / 2
			continue
		}
		if err == nil {
			err = yield()
		}
		if err != nil {
			return err
		}
		at += len(members)
	}
	return nil
}
