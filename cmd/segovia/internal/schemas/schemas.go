// Package schemas keeps the JSON Schemas of the artifacts that others read. They are generated from the Go types that
// write the artifacts, so that they cannot say anything else; gen's test holds them fresh.
package schemas

import "embed"

//go:generate go run ./gen

//go:embed *.json
var files embed.FS

// Names are the artifacts with a schema.
var Names = []string{"sweep", "segments", "quality", "value", "regions", "model", "manifest", "run_results", "bench"}

// Get returns the schema of an artifact; ok is false when there is none of that name.
func Get(name string) (doc []byte, ok bool) {
	doc, err := files.ReadFile(name + ".json")
	return doc, err == nil
}
