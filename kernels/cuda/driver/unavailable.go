//go:build !linux || !(amd64 || arm64) || nocuda

package driver

import (
	"fmt"
	"runtime"

	"segovia/kernels"
)

// why says which of the two reasons to be without CUDA holds for this binary.
func why() error {
	if runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") {
		return fmt.Errorf("%w: this binary was built without CUDA (nocuda)", kernels.ErrUnavailable)
	}
	return fmt.Errorf("%w: CUDA is supported on Linux on amd64 and arm64 only", kernels.ErrUnavailable)
}

// Devices fails: this binary holds no CUDA. The error wraps kernels.ErrUnavailable.
func Devices() ([]Device, error) { return nil, why() }

// Open fails as Devices does.
func Open(int) (API, error) { return nil, why() }
