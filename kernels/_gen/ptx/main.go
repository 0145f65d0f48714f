// Command ptx compiles kernels/cuda/device/*.cu to PTX text with nvcc. Run it through `make ptx`.
//
// The text is for compute capability 8.0 and PTX 7.0, which drivers know from version 450 on: newer compilers write the
// newest version at the top, and a hint for the optimiser that older drivers do not know. Both are mended here; nothing in
// these kernels needs more.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// flags of nvcc. Products and sums are fused only where the source says so.
var flags = []string{"-ptx", "-arch=compute_80", "-fmad=false", "--std=c++17"}

var (
	version = regexp.MustCompile(`(?m)^\.version .*$`)
	hint    = regexp.MustCompile(`(?m)^\s*\.pragma "used_bytes_mask[^\n]*\n`)
	// Names of variables of one kernel alone carry a hash of where the source lay.
	inside = regexp.MustCompile(`_ZZN\d+_INTERNAL_[0-9a-f]{8}_`)
	tools  = regexp.MustCompile(`(?m)^// Cuda compilation tools, (.*)$`)
)

// compile returns the PTX text of a source.
func compile(nvcc, source string) (string, error) {
	out, err := os.CreateTemp("", "*.ptx")
	if err != nil {
		return "", err
	}
	out.Close()
	defer os.Remove(out.Name())
	if text, err := exec.Command(nvcc, append(flags, "-o", out.Name(), source)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", source, err, text)
	}
	text, err := os.ReadFile(out.Name())
	text = version.ReplaceAll(text, []byte(".version 7.0"))
	return string(inside.ReplaceAll(hint.ReplaceAll(text, nil), []byte("_ZZN_INTERNAL_"))), err
}

// compiler returns which compiler wrote a text.
func compiler(text string) string {
	if m := tools.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func main() {
	nvcc := flag.String("nvcc", "nvcc", "the compiler")
	folder := flag.String("folder", "../cuda/device", "where the sources lie and the texts go")
	flag.Parse()
	sources, err := filepath.Glob(filepath.Join(*folder, "*.cu"))
	if err != nil || len(sources) == 0 {
		log.Fatalf("no sources in %s: %v", *folder, err)
	}
	for _, source := range sources {
		text, err := compile(*nvcc, source)
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(strings.TrimSuffix(source, ".cu")+".ptx", []byte(text), 0o666); err != nil {
			log.Fatal(err)
		}
	}
}
