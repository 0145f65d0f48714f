// Package engine is the nightly job: what a run is (Job), the order of its steps (Run), and what comes out of it
// (Outcome, Model). It reads records through features.Source and writes nothing: the command line connects it to files.
package engine
