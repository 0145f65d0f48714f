// Package lint holds the rules of the house that a test can hold: who may import whom, where Go files may lie, that every
// package says what it is, and that every error id stands in the catalogue.
package lint
