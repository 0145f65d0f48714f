package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine/ports"
	"segovia/kernels/problem"
)

// env is what every command gets: where to write, what the global flags say, whom to tell.
type env struct {
	ctx      context.Context
	in       io.Reader
	out      *checkedWriter // data
	err      io.Writer      // everything else
	flags    globals
	log      *slog.Logger
	progress ports.Progress
	now      func() time.Time // the only clock; as_of: today and the names of runs come from it
	environ  []string
	vars     map[string]string // from --env-file
	origin   map[string]string // by global flag: "--seed" or "SEGOVIA_SEED"; absent = default
	started  bool              // the command line was understood and the command runs
	tty      bool              // err is a terminal
}

func newEnv(ctx context.Context, environ []string, in io.Reader, out, errs io.Writer) *env {
	e := &env{ctx: ctx, in: in, out: &checkedWriter{w: out}, err: &lockedWriter{w: errs}, now: time.Now, environ: environ,
		origin: map[string]string{}, vars: map[string]string{}, progress: ports.Silent{}}
	if f, ok := errs.(*os.File); ok {
		e.tty = term.IsTerminal(int(f.Fd()))
	}
	e.flags.logLevel, e.flags.logFormat = "warn", "text"
	e.log = newLogger(e.err, e.flags)
	return e
}

// lookup returns a variable: from the environment, else from --env-file.
func (e *env) lookup(name string) (string, bool) {
	for i := len(e.environ) - 1; i >= 0; i-- {
		if n, v, ok := strings.Cut(e.environ[i], "="); ok && n == name {
			return v, true
		}
	}
	v, ok := e.vars[name]
	return v, ok
}

// allVariables returns the environment with the file of variables beneath it.
func (e *env) allVariables() []string {
	all := append([]string(nil), e.environ...)
	for name, value := range e.vars {
		if v, _ := e.lookup(name); v == value {
			all = append(all, name+"="+value)
		}
	}
	return all
}

// colour reports whether standard error may be coloured.
func (e *env) colour() bool {
	noColor, _ := e.lookup("NO_COLOR")
	dumb, _ := e.lookup("TERM")
	return e.tty && !e.flags.noColor && noColor == "" && dumb != "dumb" && !e.flags.json
}

// threads returns the number of threads to use, from the flag or the machine.
func (e *env) threads() int {
	if e.flags.threads > 0 {
		return int(e.flags.threads)
	}
	return runtime.GOMAXPROCS(0)
}

// prepare wraps a command: variables, global flags, log and progress are set up, panics become problems.
func (e *env) prepare(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		if err := e.setup(cmd); err != nil {
			return err
		}
		e.started = true
		defer func() {
			if r := recover(); r != nil {
				e.progress.End()
				err = e.bug(r, debug.Stack())
			}
		}()
		return run(cmd, args)
	}
}

func (e *env) setup(cmd *cobra.Command) error {
	if e.flags.envFile == "" {
		e.flags.envFile, _ = e.lookup("SEGOVIA_ENV_FILE")
	}
	if e.flags.envFile != "" {
		vars, err := config.ReadEnvFile(e.flags.envFile)
		if err != nil {
			return err
		}
		e.vars = vars
	}
	if err := e.fromVariables(cmd.Flags()); err != nil {
		return err
	}
	if err := e.flags.check(); err != nil {
		return err
	}
	e.log = newLogger(e.err, e.flags)
	e.progress = newProgress(e)
	_, unknown := config.FromEnviron(e.allVariables(), ownVariables()...)
	for _, name := range unknown {
		fix := config.DidYouMean(name, append(ownVariables(), "SEGOVIA_SECTION__KEY"))
		e.warn(&problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("variable %s is not known and has no effect", name), Fix: fix})
	}
	return nil
}

// hasConfig reports whether a configuration is named, or lies where a command without one looks for it.
func (e *env) hasConfig() bool {
	_, err := os.Stat("segovia.yaml")
	return e.flags.config != "" || err == nil
}

// loadConfig reads the configuration that the arguments, --config, SEGOVIA_CONFIG or the default name, and shows its
// warnings. The Config comes back also with problems, as far as it could be read; it is nil when nothing could be.
func (e *env) loadConfig(args []string) (*config.Config, error) {
	file := e.flags.config
	if len(args) > 0 {
		if file != "" && file != args[0] && e.origin["config"] == "--config" {
			return nil, usagef("two configurations are named: %s and --config %s", args[0], file)
		}
		file = args[0]
	}
	if file == "" {
		file = "segovia.yaml"
	}
	opts := config.Options{File: file, Profile: e.flags.profile, Lookup: e.lookup}
	// Short variables such as SEGOVIA_SEED are global flags; fromVariables has read them.
	opts.Env, _ = config.FromEnviron(e.allVariables(), ownVariables()...)
	opts.Flags = e.assignments()
	for _, s := range e.flags.set {
		path, value, ok := strings.Cut(s, "=")
		if !ok || path == "" {
			return nil, usagef("--set %q is not path=value", s)
		}
		opts.Flags = append(opts.Flags, config.Assignment{Path: path, Value: value, Origin: "--set"})
	}
	c, err := config.Load(opts)
	if c != nil {
		for _, w := range c.Warnings() {
			e.warn(w.Problem())
		}
	}
	return c, err
}

// writeJSON writes v as one JSON document on one line.
func (e *env) writeJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("cannot write JSON: %w", err)
	}
	_, err := e.out.Write(b.Bytes())
	return err
}

// printf writes data for people; a failure to write is reported at the end.
func (e *env) printf(format string, args ...any) { _, _ = fmt.Fprintf(e.out, format, args...) }

// checkedWriter remembers the first error, so that a full disk behind standard output is not taken for success.
type checkedWriter struct {
	w     io.Writer
	mu    sync.Mutex
	first error
}

// Write writes p; after an error it writes nothing more.
func (c *checkedWriter) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first != nil {
		return 0, c.first
	}
	n, err := c.w.Write(p)
	c.first = err
	return n, err
}

// failure returns the first error as a problem.
func (c *checkedWriter) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == nil {
		return nil
	}
	why := c.first
	var pe *os.PathError
	if errors.As(why, &pe) {
		why = pe.Err
	}
	return &problem.Problem{ID: "SEG-OUT-003", What: "cannot write to standard output", Why: why.Error(),
		Fix: "check where it goes to", Err: c.first}
}

// lockedWriter keeps lines of progress, log and errors whole.
type lockedWriter struct {
	w  io.Writer
	mu sync.Mutex
}

// Write writes p at once.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
