package app

import (
	"fmt"
	"math"

	"segovia/engine/sweep"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// readReplay reads the resamples that --replay names, and the centroids that --init or --replay-fitted give for them.
func (f *sweepFlags) readReplay(e *env, t *readyTable, ks []int, columns int) (*sweep.Replay, error) {
	rp := &sweep.Replay{}
	draws, err := e.readSides(f.replay)
	if err != nil {
		return nil, err
	}
	at := make([]int32, t.Rows()) // row in key order of each row of the file
	for to, from := range t.order {
		at[from] = int32(to)
	}
	for _, sides := range draws {
		var pair [2][]int32
		for side, rows := range sides {
			if len(rows) != 1 {
				return nil, wrongReplay(f.replay, fmt.Sprintf("a replicate has %d rows for side %d", len(rows), side+1), "give one row for each replicate and side")
			}
			for _, v := range rows[0] {
				if math.IsNaN(v) { // a shorter resample than others
					continue
				}
				if v != math.Trunc(v) || v < 1 || v > float64(len(at)) {
					return nil, wrongReplay(f.replay, fmt.Sprintf("there is no row %v among %d", v, len(at)), "rows are counted from 1, in the order of the file")
				}
				pair[side] = append(pair[side], at[int(v)-1])
			}
		}
		rp.Pairs = append(rp.Pairs, pair)
	}
	for _, given := range []struct {
		file string
		to   *[][2][][]float64
	}{{f.replayFitted, &rp.Fitted}, {f.init, &rp.Starts}} {
		if given.file == "" || given.file == "kmeans++" || given.file == "random" {
			continue
		}
		if len(ks) != 1 {
			return nil, usagef("centroids for each resample need a single --k")
		}
		if *given.to, err = e.readSides(given.file); err != nil {
			return nil, err
		}
		for _, sides := range *given.to {
			for side, rows := range sides {
				for i := range rows {
					if len(rows[i]) == columns+1 { // a column that counts the centroids
						rows[i] = rows[i][1:]
					}
					if len(rows[i]) != columns || len(rows) != ks[0] {
						return nil, wrongReplay(given.file, fmt.Sprintf("side %d of a replicate has %d centroids of %d values", side+1, len(rows), len(rows[i])),
							fmt.Sprintf("give %d rows of %d values for each", ks[0], columns))
					}
				}
			}
		}
	}
	return rp, nil
}

func wrongReplay(file, what, fix string) error {
	return &problem.Problem{ID: "SEG-SEG-001", What: "replay: " + what, File: file, Fix: fix}
}

// readSides reads a table of numbers whose first columns are the replicate (or pair) and the side, 1 or 2, and returns the
// other columns: by replicate, in order of appearance, and side the rows in order. Without a column of replicates, the first
// row of a side belongs to the first replicate, the second to the second.
func (e *env) readSides(file string) ([][2][][]float64, error) {
	t, err := e.readTable(e.ctx, file, "")
	if err != nil {
		return nil, err
	}
	for _, c := range t.Columns {
		if c.Kind == table.Category && !isEmpty(c) {
			return nil, &problem.Problem{ID: "SEG-NUM-001", What: fmt.Sprintf("column %q is text", c.Name), File: file, Why: t.hint[c.Name], Fix: "give numbers"}
		}
		asNumber(c)
	}
	if len(t.Columns) < 2 {
		return nil, wrongReplay(file, "too few columns", "give a replicate, a side, and the values")
	}
	replicate := t.Columns[0].Numbers
	values := t.Columns[1:]
	side := t.Columns[0].Numbers
	if t.Columns[0].Name == "side" {
		replicate = nil
	} else {
		side, values = t.Columns[1].Numbers, t.Columns[2:]
	}
	var out [][2][][]float64
	number := map[float64]int{}
	var seen [2]int
	for i, s := range side {
		if s != 1 && s != 2 {
			return nil, wrongReplay(file, fmt.Sprintf("a side is %v", s), "sides are 1 and 2")
		}
		at := seen[int(s)-1]
		seen[int(s)-1]++
		if replicate != nil {
			var ok bool
			if at, ok = number[replicate[i]]; !ok {
				at = len(number)
				number[replicate[i]] = at
			}
		}
		for at >= len(out) {
			out = append(out, [2][][]float64{})
		}
		row := make([]float64, len(values))
		for j, c := range values {
			row[j] = c.Numbers[i]
		}
		out[at][int(s)-1] = append(out[at][int(s)-1], row)
	}
	return out, nil
}
