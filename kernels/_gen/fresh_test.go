package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The committed assembly is what its generator writes.
func TestAssemblyIsFresh(t *testing.T) {
	for generator, file := range map[string]string{
		".":          "../simd/simd_amd64.s",
		"./pairwise": "../pairwise/sums_amd64.s",
		"./probe":    "../probe/probe_amd64.s",
	} {
		out := filepath.Join(t.TempDir(), filepath.Base(file))
		if text, err := exec.Command("go", "run", generator, "-out", out).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", generator, err, text)
		}
		want, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// The first line names the command that wrote the file.
		_, want, _ = bytes.Cut(want, []byte("\n"))
		_, got, _ = bytes.Cut(got, []byte("\n"))
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s writes: run `make assembly`", file, generator)
		}
	}
}
