//go:build !amd64

package pairwise

const hasAVX2 = false

var pathAVX2 path
