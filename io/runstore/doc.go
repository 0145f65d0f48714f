// Package runstore keeps the output directory of a project: the published run, the earlier ones and the one in work.
//
//	out/
//	  CURRENT                 id of the published run; replaced by rename
//	  lock                    flock; JSON with host, pid, run id and start while a run works
//	  runs/<run id>/          outputs, run_results.json, manifest.json, _SUCCESS (last)
//	  runs/<run id>.removed/  a run being removed; nobody reads it, the next run finishes the removal
//
// A run writes into its own directory under its final name from the start: no directory is renamed at the end, and what
// makes a run whole is _SUCCESS, which holds the SHA-256 of the manifest, which holds that of every output. Publish makes
// everything durable first and renames CURRENT last, so that at every instant, also after kill -9 or loss of power,
// CURRENT is absent or names a run that Verify finds whole.
//
// A run directory is in one of these states, told apart by its files alone:
//
//	published   _SUCCESS is there: the run can be read, verified and rolled back to
//	failed      run_results.json has an exit code other than 0: kept, with what it wrote, until a later run fails
//	finished    run_results.json has exit code 0 without _SUCCESS: there was nothing to publish
//	running     none of these, and the lock's holder names it
//	abandoned   none of these, and nobody works on it: its process died; the next run removes it
//
// So the results of a failed run are found beside those of published ones, in runs/<run id>/run_results.json. Of the
// finished and failed runs only the newest of each is kept.
//
// Everything goes through FS, a file system of one root that no name can leave (os.Root). It has three implementations:
// OpenDir for the disk, Memory with the semantics of fsync under loss of power, and Fault, which fails or dies at a
// chosen operation. The package reads no clock: times come from the caller.
package runstore
