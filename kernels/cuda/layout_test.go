//go:build linux && (amd64 || arm64) && !nocuda

package cuda

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"segovia/kernels/cuda/internal/emulator"
)

// The structs of Go have the sizes that the kernels read.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		module, kernel string
		size           uintptr
	}{
		{"pass16", "pass16", unsafe.Sizeof(work{})}, {"lloyd", "step", unsafe.Sizeof(work{})}, {"tensor8", "tensor8", unsafe.Sizeof(work{})},
		{"seed", "draw", unsafe.Sizeof(seeding{})}, {"score", "score16", unsafe.Sizeof(scoring{})},
		{"resample", "multinomial", unsafe.Sizeof(resample{})},
	} {
		text, err := ptx(c.module)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%s_param_0[%d]", c.kernel, c.size); !strings.Contains(text, want) {
			found := regexp.MustCompile(c.kernel + `_param_0\[\d+\]`).FindString(text)
			t.Errorf("%s reads %s, Go gives %d bytes", c.kernel, found, c.size)
		}
	}
}

// A multiplication and an addition are fused only where the source says so: the driver's compiler finds none that it may fuse.
func TestNothingIsFused(t *testing.T) {
	err := fs.WalkDir(texts, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := texts.ReadFile(path)
		if err != nil {
			return err
		}
		fusible, err := emulator.Fusible(string(text))
		for _, line := range fusible {
			t.Errorf("%s: %s", path, line)
		}
		if !strings.Contains(string(text), "\n.version 7.0\n.target sm_80\n") {
			t.Errorf("%s: not for PTX 7.0 and compute capability 8.0", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A kernel has no more shared memory of its own than its filter says.
func TestSharedMemory(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^\s*\.shared .*\[(\d+)\];`)
	for d := 1; d <= 40; d++ {
		for _, scores := range []string{Float32Scores, TensorScores} {
			for _, f := range filters(d, scores) {
				text, err := ptx(f.name)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0
				for _, m := range declared.FindAllStringSubmatch(text, -1) {
					n, _ := strconv.Atoi(m[1])
					sum += n
				}
				if sum == 0 || sum > f.fixed {
					t.Errorf("%s declares %d bytes, its filter says %d", f.name, sum, f.fixed)
				}
			}
		}
	}
}
