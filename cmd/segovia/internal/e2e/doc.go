// Package e2e drives the built program as users do: whole runs on generated and on real data, with other threads, other
// files and another instruction set, killed at any moment, and labels from kept models. It holds only tests.
package e2e
