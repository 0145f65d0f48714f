//go:build !amd64

package probe

// assembled returns nothing: there is no assembly for this architecture.
func assembled() []Unit { return nil }
