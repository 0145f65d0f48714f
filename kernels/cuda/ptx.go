//go:build linux && (amd64 || arm64) && !nocuda

package cuda

import (
	"embed"
	"fmt"
)

//go:embed device/*.ptx
var texts embed.FS

// ptx returns the text of a module.
func ptx(module string) (string, error) {
	text, err := texts.ReadFile("device/" + module + ".ptx")
	if err != nil {
		return "", fmt.Errorf("BUG: cuda: %w", err)
	}
	return string(text), nil
}
