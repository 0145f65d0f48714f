package runstore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"segovia/kernels/problem"
)

// writeProblem turns an error of the operating system while writing name into the problem that the user gets. needed is
// the number of bytes that were still to be written, as far as known.
func (s *Store) writeProblem(name string, needed int64, err error) error {
	var p *problem.Problem
	if err == nil || errors.As(err, &p) || errors.Is(err, ErrCrashed) {
		return err
	}
	file := s.fs.Path(name)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return spaceProblem(file, needed, s.fs.Free(), err)
	case escapes(err):
		return &problem.Problem{
			ID: "SEG-OUT-001", What: "output would leave the output directory", File: file,
			Why: "a link inside the output directory points out of it", Fix: "remove the link", Err: err,
		}
	}
	return &problem.Problem{
		ID: "SEG-OUT-003", What: "output cannot be written", File: file, Why: cause(err),
		Fix: "check the rights and the mount of the output directory", Err: err,
	}
}

func spaceProblem(file string, needed, free int64, err error) error {
	why := "at least " + bytesText(max(needed, 1)) + " more needed"
	if free >= 0 {
		why += ", " + bytesText(free) + " free"
	}
	return &problem.Problem{
		ID: "SEG-OUT-002", What: "no space left for the output", File: file, Why: why,
		Fix: "free space there, lower run.keep_runs, or choose another --out", Err: err,
	}
}

// escapes recognises os.Root's refusal to leave the root, for which package os has no error value.
func escapes(err error) bool {
	var pe *fs.PathError
	return errors.As(err, &pe) && strings.Contains(pe.Err.Error(), "escapes from parent")
}

// cause returns the operating system's own words, without the path that the problem names already.
func cause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Op + ": " + pe.Err.Error()
	}
	return err.Error()
}

// bytesText is "1,536 bytes (1.5 KiB)".
func bytesText(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	text := digits + " bytes"
	unit, v := "", float64(n)
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if v < 1024 {
			break
		}
		unit, v = u, v/1024
	}
	if unit != "" {
		text += fmt.Sprintf(" (%.1f %s)", v, unit)
	}
	return text
}

// lockProblem says who works here.
func (s *Store) lockProblem(held *HeldError) error {
	h, ok := decodeHolder(held.Content)
	why := "its process has not said yet who it is"
	if ok {
		why = fmt.Sprintf("host %s, process %d, run %s, since %s", h.Host, h.PID, h.RunID, h.Start.UTC().Format(time.RFC3339))
	}
	return &problem.Problem{
		ID: "SEG-LCK-001", What: "another run works in this output directory", File: s.fs.Path(lockFile), Why: why,
		Fix: "wait for it to end, or choose another --out", Err: held,
	}
}

func (s *Store) noRun(what, fix string) error {
	return &problem.Problem{ID: "SEG-STA-002", What: what, File: s.fs.Path("."), Fix: fix}
}

func (s *Store) damaged(name, what, why string, err error) error {
	return &problem.Problem{
		ID: "SEG-STA-003", What: what, File: s.fs.Path(name), Why: why,
		Fix: "`segovia runs rollback` to an earlier run, or run again", Err: err,
	}
}
