package features

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"segovia/kernels/problem"
)

// textSource is a source whose file k1 is text: row r stands on line 10 r.
type textSource struct{ *memSource }

func (s textSource) Lines(_ context.Context, i int, rows []int64) ([]int, error) {
	if s.names[i] != "k1" {
		return nil, nil
	}
	var lines []int
	for _, r := range rows {
		lines = append(lines, int(10*r))
	}
	return lines, nil
}

// TestKeyLines: keys that are missing or doubled are named by line in text files and by row in others.
func TestKeyLines(t *testing.T) {
	cfg := Config{Sources: []SourceConfig{{Name: "customers", Key: "id"}}, Entity: Entity{Table: "customers"},
		AsOf: date("2026-07-01"), Columns: []Column{{Name: "industry", From: "customers"}}}
	for _, c := range []struct {
		keys string // k1 holds the first half
		want string
	}{
		{"a b c a b b", "2 customers stand more than once in source \"customers\", in 3 rows too many, k2:0, repeated in data rows 1, 2, 3"},
		{"a a b c", "1 customer stands more than once in source \"customers\", in 1 row too many, k1:20, repeated in line 20"},
		{"- b - c d -", "3 rows of source \"customers\" have no customer key, k1:10, it is empty in lines 10, 30, data rows 3 of k2"},
		{"a - b c", "1 row of source \"customers\" has no customer key, k1:20, it is empty in line 20"},
	} {
		var rows [][]string
		for _, k := range c.keys {
			switch k {
			case ' ':
			case '-':
				rows = append(rows, []string{"", "IT", "1", ""})
			default:
				rows = append(rows, []string{string(k), "IT", "1", ""})
			}
		}
		_, err := fold(cfg, textSource{customersSource(rows...)})
		var p *problem.Problem
		if !errors.As(err, &p) || p.ID != "SEG-KEY-001" {
			t.Fatalf("%s: %v", c.keys, err)
		}
		if got := fmt.Sprintf("%s, %s:%d, %s", p.What, p.File, p.Line, p.Why); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.keys, got, c.want)
		}
	}
}
