package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"segovia/cmd/segovia/internal/schemas"
)

// The files are what the types say, every artifact has one, and each is a valid schema.
func TestFresh(t *testing.T) {
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range artifacts {
		if schemas.Names[i] != a.name {
			t.Errorf("schemas.Names[%d] is %q, want %q", i, schemas.Names[i], a.name)
		}
		want, err := schema(root, a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", a.name+".json"))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s.json does not say what %s.%s says: run `go generate ./cmd/segovia/internal/schemas` (%v)", a.name, a.dir, a.typ, err)
		}
		var doc any
		if err := json.Unmarshal(want, &doc); err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("segovia:"+a.name, doc); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Compile("segovia:" + a.name); err != nil {
			t.Errorf("%s.json: %v", a.name, err)
		}
	}
	if len(schemas.Names) != len(artifacts) {
		t.Errorf("%d names, %d artifacts", len(schemas.Names), len(artifacts))
	}
}
