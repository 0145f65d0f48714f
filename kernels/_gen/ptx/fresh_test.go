package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The committed PTX is what its sources compile to, where the compiler that wrote it is present; another one must at least
// compile them. NVCC names it, else it is looked for in PATH.
func TestPTXIsFresh(t *testing.T) {
	nvcc := os.Getenv("NVCC")
	if nvcc == "" {
		nvcc = "nvcc"
	}
	if _, err := exec.LookPath(nvcc); err != nil {
		if slices.Contains(strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ","), "nvcc") {
			t.Fatalf("SEGOVIA_REQUIRE names nvcc, and there is none: %v", err)
		}
		t.Skipf("nvcc is not available here")
	}
	sources, err := filepath.Glob("../../cuda/device/*.cu")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		committed, err := os.ReadFile(strings.TrimSuffix(source, ".cu") + ".ptx")
		if err != nil {
			t.Error(err)
			continue
		}
		text, err := compile(nvcc, source)
		if err != nil {
			t.Error(err)
			continue
		}
		if compiler(text) != compiler(string(committed)) {
			t.Logf("%s was compiled by %s, here is %s: not compared", source, compiler(string(committed)), compiler(text))
			continue
		}
		if text != string(committed) {
			t.Errorf("%s is not what it compiles to: run `make ptx`", source)
		}
	}
}
