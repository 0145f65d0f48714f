package anyio

import (
	"testing"
)

// A column that has no value in any file says so; a value in one file is enough to give it a type.
func TestEmptyColumn(t *testing.T) {
	dir := put(t, map[string]string{"a.csv": "id,v,w\n1,,\n2,,\n", "b.csv": "id,v,w\n3,,7\n",
		"c.parquet": table(t, Parquet, []string{"id:int", "v:float", "w:int"}, `[{"id":4,"v":null,"w":null}]`)})
	s, err := open(dir, Options{Keys: []string{"id"}}, Spec{Path: "*"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"v": "true"}
	for _, f := range s.Schema().Fields() {
		if got, _ := f.Metadata.GetValue("empty"); got != want[f.Name] {
			t.Errorf("column %s: empty = %q, want %q", f.Name, got, want[f.Name])
		}
	}
	if got := TypeName(s.Schema().Field(2).Type); got != "int64" {
		t.Errorf("w is %s", got)
	}
}
