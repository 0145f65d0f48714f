package stability

import (
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestAcrossEqualsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "n")
		ka, kb := rapid.IntRange(2, 6).Draw(t, "ka"), rapid.IntRange(1, 6).Draw(t, "kb")
		a := rapid.SliceOfN(rapid.IntRange(0, ka-1), n, n).Draw(t, "a")
		b := rapid.SliceOfN(rapid.IntRange(0, kb-1), n, n).Draw(t, "b")
		for j, got := range Cross(a, b, ka, kb).Across() {
			var from []int
			for i := range b {
				if b[i] == j {
					from = append(from, a[i])
				}
			}
			want := 0.0
			if len(from) > 0 {
				want = 1
				for i := range ka {
					share := 0.0
					for _, l := range from {
						if l == i {
							share += 1 / float64(len(from))
						}
					}
					if share > 0 {
						want += share * math.Log(share) / math.Log(float64(ka))
					}
				}
			}
			if math.Abs(got-want) > 1e-12 || got < 0 || got > 1 {
				t.Fatalf("cluster %d: %v, want %v", j, got, want)
			}
		}
	})
	if got := (Table{1, 2, []int64{3, 4}}).Across(); got != nil {
		t.Errorf("after one cluster: %v", got)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name   string
		tables []Table
		want   [][]int
	}{
		{"one solution", nil, [][]int{{1, 2, 3}}},
		{"a segment is split", []Table{{2, 3, []int64{0, 0, 50, 60, 38, 0}}}, [][]int{{1, 2}, {2, 3, 1}}},
		{"the most rows in all, not the nearest of each", []Table{{2, 2, []int64{10, 9, 8, 0}}}, [][]int{{1, 2}, {2, 1}}},
		{"two more at once", []Table{{1, 3, []int64{5, 9, 1}}, {3, 4, []int64{0, 5, 0, 0, 5, 0, 0, 4, 0, 0, 1, 0}}},
			[][]int{{1}, {2, 1, 3}, {1, 2, 3, 4}}},
		{"fewer segments", []Table{{3, 2, []int64{9, 1, 8, 2, 0, 3}}, {2, 3, []int64{9, 0, 0, 0, 0, 9}}},
			[][]int{{1, 2, 3}, {1, 3}, {1, 4, 3}}},
	} {
		k := 3
		if len(c.tables) > 0 {
			k = c.tables[0].A
		}
		if got := Lines(k, c.tables); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
