// Package enginetest holds what tests of several packages share about the engine: data sets whose results are known to the
// bit.
package enginetest
