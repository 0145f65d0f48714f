// Package config reads segovia.yaml: strict keys, typed values, every error at once with its place. The same
// declarations give the decoder, the JSON Schema for editors and `segovia config show`.
//
// A value comes from, in this order: a flag, a SEGOVIA_* variable, the chosen profile, the file, the default. Each keeps
// its origin.
package config
