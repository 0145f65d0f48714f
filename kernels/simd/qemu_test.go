//go:build amd64 && linux

package simd_test

import (
	"os"
	"os/exec"
	"testing"

	"segovia/kernels/kerneltest"
)

// The avx2 path runs on a processor of its first generation, as far as an emulator is one: on every other processor a
// feature that the path uses without asking for it could go unnoticed.
func TestAVX2UnderQEMU(t *testing.T) {
	qemu, err := exec.LookPath("qemu-x86_64")
	kerneltest.Require(t, "qemu", err == nil)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(qemu, "-cpu", "Haswell", self, "-test.run", "^TestConformanceAVX2$", "-test.v")
	cmd.Env = append(os.Environ(), "SEGOVIA_REQUIRE=avx2")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", cmd.Args, err, out)
	}
}
