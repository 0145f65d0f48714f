package app

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what a run may use here.
type machine struct {
	RAM       int64  `json:"ram"`       // bytes; 0 = not known
	Available int64  `json:"available"` // bytes that are free or can be freed; 0 = not known
	Limit     int64  `json:"limit"`     // of the control group; 0 = none
	Budget    int64  `json:"budget"`    // what auto takes
	From      string `json:"budget_from"`
	CPUs      int    `json:"cpus"`
}

// lookAtMachine reads memory and limits. The budget is 75 % of what the control group, else the machine, allows.
func lookAtMachine() machine {
	m := machine{CPUs: runtime.GOMAXPROCS(0)}
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		m.RAM, m.Available = memInfo(string(data), "MemTotal"), memInfo(string(data), "MemAvailable")
	}
	m.Limit = groupLimit("/sys/fs/cgroup")
	base := m.RAM
	m.From = "75 % of memory"
	if m.Limit > 0 && (base == 0 || m.Limit < base) {
		base, m.From = m.Limit, "75 % of the control group's limit"
	}
	if base == 0 { // not Linux: assume the smallest machine that is supported
		base, m.From = 4<<30, "75 % of 4 GiB, since the memory is not known"
	}
	m.Budget = base / 4 * 3
	return m
}

// memInfo reads one line of /proc/meminfo, in bytes.
func memInfo(text, key string) int64 {
	for line := range strings.SplitSeq(text, "\n") {
		name, rest, _ := strings.Cut(line, ":")
		if name != key {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	return 0
}

// groupLimit reads the memory limit of the control group, of version 2 or 1; 0 means none.
func groupLimit(root string) int64 {
	for _, name := range []string{"memory.max", "memory/memory.limit_in_bytes"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
		if err != nil || limit >= 1<<60 { // "max", and what version 1 writes for none
			return 0
		}
		return limit
	}
	return 0
}

// freeSpace returns the bytes that an ordinary user can still write below dir.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// memoryBudget returns the bytes that a run may use: --memory, run.memory or the machine's budget.
func (e *env) memoryBudget(configured int64) int64 {
	switch {
	case configured > 0:
		return configured
	case e.flags.memory > 0:
		return int64(e.flags.memory)
	}
	return lookAtMachine().Budget
}

// leastLimit is the budget below which the garbage collector is left alone: the program's own needs are no longer small
// beside it.
const leastLimit = 256 << 20

// limitMemory makes the garbage collector work harder where the budget would be exceeded else. An eighth is left for what
// the collector does not count, and for memory that it has freed and the system has not taken back.
func (e *env) limitMemory(configured int64) {
	if budget := e.memoryBudget(configured); budget >= leastLimit && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(budget / 8 * 7)
	}
}

// tempDir returns the folder for temporary files: --temp-dir, run.temp_dir or the system's.
func (e *env) tempDir(configured string) string {
	switch {
	case e.flags.tempDir != "":
		return e.flags.tempDir
	case configured != "":
		return configured
	}
	return os.TempDir()
}

// parentDir is the folder above dir, "." above a plain name.
func parentDir(dir string) string { return filepath.Dir(filepath.Clean(dir)) }

// systemReason is the system's word for an error, without the path.
func systemReason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
