package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"segovia/kernels/problem"
)

// testEnv is an env that writes to buffers.
func testEnv(t *testing.T, environ ...string) (e *env, out, errs *bytes.Buffer) {
	t.Helper()
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	e = newEnv(t.Context(), environ, strings.NewReader(""), out, errs)
	return e, out, errs
}

func TestProblemsAreOneLineEach(t *testing.T) {
	e, _, errs := testEnv(t)
	err := errors.Join(&problem.Problem{ID: "SEG-CSV-004", What: "two\nlines", File: "a\x1b[31m.csv", Line: 3, Values: "Meier\nMüller"},
		&problem.Problem{ID: "SEG-KEY-001", What: "second"})
	if code := e.finish(err); code != problem.ExitData {
		t.Errorf("exit code %d", code)
	}
	want := "error SEG-CSV-004: two lines | at: a[31m.csv:3\nerror SEG-KEY-001: second\n"
	if errs.String() != want {
		t.Errorf("got %q, want %q", errs, want)
	}
	errs.Reset()
	e.flags.showValues, e.flags.json = true, true
	e.finish(err)
	var m message
	if line, _, _ := strings.Cut(errs.String(), "\n"); json.Unmarshal([]byte(line), &m) != nil || m.Values != "Meier\nMüller" || *m.ExitCode != 13 {
		t.Errorf("JSON: %q", errs)
	}
	errs.Reset()
	e.flags.json = false
	if code := e.finish(errors.New("plain")); code != problem.ExitOther || errs.String() != "error SEG-RUN-001: plain | fix: the message gives the cause\n" {
		t.Errorf("code %d, %q", code, errs)
	}
}

func TestValuesStayHidden(t *testing.T) {
	e, _, errs := testEnv(t)
	e.warn(&problem.Problem{ID: "SEG-CSV-004", What: "w", Values: "Meier"})
	if errs.String() != "warning SEG-CSV-004: w\n" {
		t.Errorf("%q", errs)
	}
}

func TestPanicIsReported(t *testing.T) {
	e, _, errs := testEnv(t)
	run := e.prepare(func(*cobra.Command, []string) error { panic("BUG: broken") })
	cmd := &cobra.Command{}
	e.flags.register(cmd.Flags())
	code := e.finish(run(cmd, nil))
	if code != problem.ExitBug || !strings.Contains(errs.String(), "frame_test.go") ||
		!strings.Contains(errs.String(), "\nerror SEG-BUG-001: internal error: BUG: broken | why: ") {
		t.Errorf("code %d, %q", code, errs)
	}
}

// A real signal ends a real command with the code of the contract, and leaves nothing half done.
func TestSignals(t *testing.T) {
	for sig, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		dir := filepath.Join(t.TempDir(), "data")
		var errs bytes.Buffer
		go func() {
			for {
				if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
					break
				}
				time.Sleep(time.Millisecond)
			}
			_ = syscall.Kill(os.Getpid(), sig)
		}()
		if code := Main([]string{"generate", dir, "--customers", "2000000"}, nil, nil, io.Discard, &errs); code != want {
			t.Errorf("%v: code %d, %s", sig, code, &errs)
		}
		if !strings.Contains(errs.String(), "error SEG-RUN-002: interrupted by "+signalName(sig)) {
			t.Errorf("%v: %s", sig, &errs)
		}
	}
}

func TestInterruptedCommandKeepsItsCode(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	e := newEnv(ctx, nil, nil, io.Discard, io.Discard)
	cancel(interrupted{syscall.SIGINT})
	if code := e.finish(&problem.Problem{ID: "SEG-RUN-001", What: "stopped", Err: context.Canceled}); code != 130 {
		t.Errorf("code %d", code)
	}
	if code := e.finish(nil); code != 0 {
		t.Errorf("a command that was done: code %d", code)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
}

func TestLostOutputIsNoSuccess(t *testing.T) {
	var errs bytes.Buffer
	code := Run(t.Context(), []string{"explain"}, nil, nil, brokenWriter{}, &errs)
	if code != problem.ExitOutput || !strings.Contains(errs.String(), "SEG-OUT-003") {
		t.Errorf("code %d, %s", code, &errs)
	}
}

// Plain progress is one line every 30 s with rate, rest and memory; short steps say nothing.
func TestPlainProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, errs := testEnv(t)
		e.flags.progress = "auto"
		p := newProgress(e)
		p.Begin("short", 10, "rows")
		p.Add(10)
		time.Sleep(29 * time.Second)
		p.Begin("fit", 4000, "fits")
		p.Add(1000)
		time.Sleep(30*time.Second + time.Millisecond)
		p.Add(3000)
		time.Sleep(20 * time.Second)
		p.End()
		p.End()
		line := errs.String()
		if !strings.HasPrefix(line, "fit: 1000 of 4000 fits (25 %), 33/s, 1m30s left, ") || !strings.HasSuffix(line, "iB\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("%q", line)
		}
	})
}

func TestJSONProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, errs := testEnv(t)
		e.flags.progress = "json"
		p := newProgress(e)
		p.Begin("read", 0, "bytes")
		p.Add(100)
		time.Sleep(6 * time.Second)
		p.End()
		var lines []map[string]any
		for line := range strings.Lines(errs.String()) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, m)
		}
		if len(lines) != 2 || lines[0]["level"] != "progress" || lines[0]["per_s"] != 20.0 || lines[0]["eta_s"] != nil || lines[1]["level"] != "done" || lines[1]["done"] != 100.0 {
			t.Errorf("%v", lines)
		}
	})
}

func TestQuietAndNone(t *testing.T) {
	for _, flags := range []globals{{progress: "auto", quiet: true}, {progress: "none"}} {
		e, _, errs := testEnv(t)
		e.flags = flags
		p := newProgress(e)
		p.Begin("x", 1, "rows")
		p.Add(1)
		p.End()
		if errs.Len() > 0 {
			t.Errorf("%q", errs)
		}
	}
}

func TestBarClearsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, errs := testEnv(t)
		e.flags.progress = "bar"
		p := newProgress(e)
		p.Begin("read", 1000, "rows")
		p.Add(500)
		time.Sleep(150 * time.Millisecond)
		p.End()
		if !strings.Contains(errs.String(), "read, ") || !strings.Contains(errs.String(), "50%") {
			t.Errorf("%q", errs)
		}
	})
}

// Every command has a long help and an example that begins with the program's name, and every flag a usage.
func TestHelpIsComplete(t *testing.T) {
	e, _, _ := testEnv(t)
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Long == "" || cmd.Short == "" || !strings.HasPrefix(strings.TrimSpace(cmd.Example), "segovia") {
			t.Errorf("%s lacks help or an example", cmd.CommandPath())
		}
		for _, line := range strings.Split(cmd.Example, "\n") {
			if len(line) > 110 {
				t.Errorf("%s: the example %q is cut off in the help", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(e))
}

func TestMachine(t *testing.T) {
	dir := t.TempDir()
	if got := groupLimit(dir); got != 0 {
		t.Errorf("no group: %d", got)
	}
	for content, want := range map[string]int64{"max\n": 0, "536870912\n": 512 << 20, "9223372036854771712\n": 0} {
		if err := os.WriteFile(filepath.Join(dir, "memory.max"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := groupLimit(dir); got != want {
			t.Errorf("%q: %d, want %d", content, got, want)
		}
	}
	if got := memInfo("MemTotal:       24620212 kB\nMemFree: 1 kB\n", "MemTotal"); got != 24620212<<10 {
		t.Errorf("MemTotal %d", got)
	}
	if m := lookAtMachine(); m.Budget <= 0 || m.CPUs < 1 {
		t.Errorf("%+v", m)
	}
}
