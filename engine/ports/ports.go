// Package ports declares what the engine needs from outside. It is a leaf: it imports nothing of ours.
package ports

// Progress is told how far long work has come. Its methods are safe for concurrent use; a nil *T implementation must
// not be passed: use Silent.
type Progress interface {
	// Begin opens a step with so many units of work to do; total 0 means unknown.
	Begin(step string, total int64, unit string)
	// Add reports n more units done.
	Add(n int64)
	// End closes the step.
	End()
}

// Silent is a Progress that tells nobody.
type Silent struct{}

// Begin does nothing.
func (Silent) Begin(string, int64, string) {}

// Add does nothing.
func (Silent) Add(int64) {}

// End does nothing.
func (Silent) End() {}
