package config

import (
	"path/filepath"
	"testing"
)

// Every example is a configuration that this version can carry out, without a warning.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("examples: %v %v", files, err)
	}
	for _, f := range files {
		c, err := Load(Options{File: f})
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if err := c.Available(); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if len(c.Warnings()) > 0 {
			t.Errorf("%s: %v", f, c.Warnings())
		}
	}
}
