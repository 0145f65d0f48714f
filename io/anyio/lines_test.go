package anyio

import (
	"context"
	"slices"
	"testing"
)

func TestLines(t *testing.T) {
	text := "id,v\n1,\"a\nb\"\n2,c\n"
	dir := put(t, map[string]string{"a.csv": text, "b.csv.gz": gz(t, text),
		"c.parquet": table(t, Parquet, []string{"id:int", "v:text"}, `[{"id":1,"v":"x"}]`)})
	s, err := open(dir, Options{}, Spec{Path: "*"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]int{{2, 4}, {2, 4}, nil} {
		got, err := s.Lines(context.Background(), i, []int64{1, 2})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", s.Files()[i], got, err, want)
		}
	}
}
