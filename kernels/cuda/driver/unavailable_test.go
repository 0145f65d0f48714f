//go:build !linux || !(amd64 || arm64) || nocuda

package driver

import (
	"errors"
	"strings"
	"testing"

	"segovia/kernels"
)

func TestUnavailable(t *testing.T) {
	_, devices := Devices()
	_, open := Open(0)
	for _, err := range []error{devices, open} {
		if !errors.Is(err, kernels.ErrUnavailable) || !strings.Contains(err.Error(), "CUDA") {
			t.Error(err)
		}
	}
}
