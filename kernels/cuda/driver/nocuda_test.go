package driver

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A binary without CUDA holds nothing of purego, which would tie it to a C library.
func TestWithoutCUDAThereIsNoPurego(t *testing.T) {
	for _, c := range []struct {
		system, arch, tags string
		with               bool
	}{{"linux", "amd64", "", true}, {"linux", "arm64", "", true}, {"linux", "amd64", "nocuda", false}, {"linux", "arm64", "nocuda", false},
		{"linux", "riscv64", "", false}, {"darwin", "arm64", "", false}, {"windows", "amd64", "", false}} {
		cmd := exec.Command("go", "list", "-deps", "-tags", c.tags, ".")
		cmd.Env = append(os.Environ(), "GOOS="+c.system, "GOARCH="+c.arch, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(out), "purego"); got != c.with {
			t.Errorf("%s/%s, tags %q: purego is there: %v", c.system, c.arch, c.tags, got)
		}
	}
}
