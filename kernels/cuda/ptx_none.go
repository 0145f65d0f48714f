//go:build !(linux && (amd64 || arm64)) || nocuda

package cuda

import (
	"fmt"

	"segovia/kernels"
)

// ptx has no text to return.
func ptx(string) (string, error) {
	return "", fmt.Errorf("cuda: %w: this binary was built without kernels for it", kernels.ErrUnavailable)
}
