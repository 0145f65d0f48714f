package csvio

import (
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name, text string
		opt        Options
		rows       []int64
		want       []int
	}{
		{name: "plain", text: "a,b\n1,2\n3,4\n5,6\n", rows: []int64{1, 3}, want: []int{2, 4}},
		{name: "line ends in quotes and blank lines", text: "a,b\n\n1,\"x\ny\"\n\n3,4\n", rows: []int64{1, 2}, want: []int{3, 6}},
		{name: "no header", opt: Options{Header: []string{"a", "b"}}, text: "1,2\n3,4\n", rows: []int64{2}, want: []int{2}},
		{name: "one column with blanks", text: "a\nx\n\n\ny\n", rows: []int64{1, 2, 3, 4}, want: []int{2, 3, 4, 5}},
		{name: "rejected rows do not count", opt: Options{Reject: func(int64, string) bool { return true }},
			text: "a,b\n1\n3,4\n", rows: []int64{1}, want: []int{3}},
		{name: "behind the end", text: "a,b\n1,2\n", rows: []int64{1, 2}, want: []int{2}},
	} {
		got, err := Lines(strings.NewReader(c.text), "f.csv", c.opt, c.rows)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	if _, err := Lines(strings.NewReader("a,b\n1,\"2\n"), "f.csv", Options{}, []int64{1}); err == nil {
		t.Error("an unclosed quote has no error")
	}
}
