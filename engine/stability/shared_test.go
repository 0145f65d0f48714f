package stability

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"segovia/kernels/kerneltest"
)

// reference reads the numbers of each line of a fixture that lies beside the repository, without what is none: names of
// columns and of species.
func reference(t testing.TB, name string) [][]float64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "reference", name))
	kerneltest.Require(t, "shared", err == nil)
	var lines [][]float64
	for line := range strings.Lines(string(text)) {
		var values []float64
		for _, field := range strings.Split(strings.TrimSpace(line), ",") {
			if v, err := strconv.ParseFloat(field, 64); err == nil {
				values = append(values, v)
			}
		}
		if values != nil {
			lines = append(lines, values)
		}
	}
	return lines
}

// columns turns lines into columns.
func columns(lines [][]float64) [][]float64 {
	x := make([][]float64, len(lines[0]))
	for _, line := range lines {
		for j, v := range line {
			x[j] = append(x[j], v)
		}
	}
	return x
}
