// Package app is the command line: one file per command, and the wiring of io to engine. It alone renders errors,
// warnings and progress; everything below returns them.
//
// Standard output carries data, standard error everything else.
package app
