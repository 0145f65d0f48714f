package app

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"segovia/cmd/segovia/internal/config"
	"segovia/kernels/problem"
)

// globals are the flags that every command knows.
type globals struct {
	config     string
	profile    string
	set        []string
	envFile    string
	seed       uint64 // default 1
	threads    threadCount
	memory     byteCount // 0 = auto
	tempDir    string
	path       string // hardware path; default auto
	json       bool
	logFormat  string
	logLevel   string
	quiet      bool
	verbose    int
	progress   string
	noColor    bool
	showValues bool
}

// threadCount is a flag: auto (0) or a number from 1.
type threadCount int

// String returns the flag as it is written.
func (t *threadCount) String() string {
	if *t == 0 {
		return "auto"
	}
	return strconv.Itoa(int(*t))
}

// Set reads the flag.
func (t *threadCount) Set(s string) error {
	if s == "auto" {
		*t = 0
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1<<16 {
		return errors.New("want auto or a number from 1")
	}
	*t = threadCount(n)
	return nil
}

// Type names the kind of value in the help.
func (*threadCount) Type() string { return "auto|N" }

// byteCount is a flag: auto (0) or a size such as 2GiB.
type byteCount int64

// String returns the flag as it is written.
func (b *byteCount) String() string {
	if *b == 0 {
		return "auto"
	}
	return formatBytes(int64(*b))
}

// Set reads the flag.
func (b *byteCount) Set(s string) error {
	n, err := config.ParseSize(s)
	if err != nil {
		return errors.New("want auto or a size such as 2GiB")
	}
	*b = byteCount(n)
	return nil
}

// Type names the kind of value in the help.
func (*byteCount) Type() string { return "SIZE" }

// formatBytes writes a number of bytes with the largest unit that leaves at least one.
func formatBytes(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	x, i := float64(n), 0
	for x >= 1024 && i < len(units)-1 {
		x, i = x/1024, i+1
	}
	text := strconv.FormatFloat(x, 'f', 1, 64)
	return strings.TrimSuffix(text, ".0") + " " + units[i]
}

// choice flags and their values.
var choices = []struct {
	flag   string
	value  func(*globals) *string
	values []string
}{
	{"path", func(g *globals) *string { return &g.path }, []string{"auto", "ref", "avx2", "avx512", "neon", "blas", "gorgonia", "cuda"}},
	{"log-format", func(g *globals) *string { return &g.logFormat }, []string{"text", "json"}},
	{"log-level", func(g *globals) *string { return &g.logLevel }, []string{"debug", "info", "warn", "error"}},
	{"progress", func(g *globals) *string { return &g.progress }, []string{"auto", "bar", "plain", "json", "none"}},
}

func (g *globals) register(f *pflag.FlagSet) {
	f.StringVarP(&g.config, "config", "c", "", "configuration file (default segovia.yaml)")
	f.StringVar(&g.profile, "profile", "", "entry of the section profiles to lay over the configuration")
	f.StringArrayVar(&g.set, "set", nil, "change one value of the configuration: path=value")
	f.StringVar(&g.envFile, "env-file", "", "file of NAME=VALUE lines, beneath the environment")
	f.Uint64Var(&g.seed, "seed", 1, "seed of every random stream")
	f.Var(&g.threads, "threads", "number of threads; results do not depend on it")
	f.Var(&g.memory, "memory", "memory budget, for example 2GiB")
	f.StringVar(&g.tempDir, "temp-dir", "", "folder for temporary files")
	f.StringVar(&g.path, "path", "auto", "hardware path: auto|ref|avx2|avx512|neon|blas|gorgonia|cuda")
	f.BoolVar(&g.json, "json", false, "results and errors as JSON")
	f.StringVar(&g.logFormat, "log-format", "text", "form of the log: text|json")
	f.StringVar(&g.logLevel, "log-level", "warn", "least level that is logged: debug|info|warn|error")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "only errors on standard error")
	f.CountVarP(&g.verbose, "verbose", "v", "log more; twice for debugging")
	f.StringVar(&g.progress, "progress", "auto", "how progress is shown: auto|bar|plain|json|none")
	f.BoolVar(&g.noColor, "no-color", false, "no colour")
	f.BoolVar(&g.showValues, "show-values", false, "show offending cells of customers' data in errors")
}

// check refuses values that a flag does not have.
func (g *globals) check() error {
	for _, c := range choices {
		if v := *c.value(g); !slices.Contains(c.values, v) {
			return usagef("--%s %q does not exist; use one of %s", c.flag, v, strings.Join(c.values, ", "))
		}
	}
	if g.quiet && g.verbose > 0 {
		return usagef("-q and -v exclude each other")
	}
	return nil
}

// settings are the global flags that are values of the configuration too.
var settings = []struct{ flag, path string }{
	{"seed", "run.seed"}, {"threads", "run.threads"}, {"memory", "run.memory"}, {"temp-dir", "run.temp_dir"}, {"path", "run.hardware.path"},
}

// assignments returns the values of the configuration that flags or their variables give.
func (e *env) assignments() []config.Assignment {
	g := &e.flags
	values := map[string]string{"seed": strconv.FormatUint(g.seed, 10), "threads": g.threads.String(),
		"memory": strconv.FormatInt(int64(g.memory), 10), "temp-dir": strconv.Quote(g.tempDir), "path": g.path}
	if g.memory == 0 {
		values["memory"] = "auto"
	}
	var out []config.Assignment
	for _, s := range settings {
		if origin, given := e.origin[s.flag]; given {
			out = append(out, config.Assignment{Path: s.path, Value: values[s.flag], Origin: origin})
		}
	}
	return out
}

// variableOf is the variable of a global flag: SEGOVIA_LOG_FORMAT for --log-format.
func variableOf(flag string) string {
	return "SEGOVIA_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// ownVariables are the variables with a meaning of their own: those of the global flags, and the one that tests read.
func ownVariables() []string {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(globals).register(f)
	names := []string{"SEGOVIA_REQUIRE"}
	f.VisitAll(func(f *pflag.Flag) { names = append(names, variableOf(f.Name)) })
	return names
}

// fromVariables gives every global flag that the command line does not set the value of its variable.
func (e *env) fromVariables(f *pflag.FlagSet) error {
	g := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(globals).register(g)
	var err error
	g.VisitAll(func(known *pflag.Flag) {
		flag := f.Lookup(known.Name)
		if flag == nil || err != nil {
			return
		}
		if flag.Changed {
			e.origin[flag.Name] = "--" + flag.Name
			return
		}
		name := variableOf(flag.Name)
		value, ok := e.lookup(name)
		if !ok || value == "" {
			return
		}
		if bad := flag.Value.Set(value); bad != nil {
			err = usagef("variable %s is %q: %v", name, value, bad)
			return
		}
		e.origin[flag.Name] = name
	})
	return err
}

// scanArgs finds --json, --no-color and --show-values before the command line is parsed, so that an error in it is
// rendered as asked for.
func (e *env) scanArgs(args []string) {
	for _, a := range args {
		switch a {
		case "--":
			return
		case "--json", "--json=true":
			e.flags.json = true
		case "--no-color":
			e.flags.noColor = true
		case "--show-values":
			e.flags.showValues = true
		}
	}
	if v, _ := e.lookup("SEGOVIA_JSON"); v != "" {
		e.flags.json, _ = strconv.ParseBool(v)
	}
}

// usagef is a mistake in the command line.
func usagef(format string, args ...any) error {
	return &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf(format, args...), Fix: "`segovia help` shows what is possible"}
}

// usage turns cobra's own errors, which arise before a command starts, into problems.
func (e *env) usage(err error) error {
	if err == nil || e.started || len(problem.All(err)) > 0 {
		return err
	}
	what, rest, _ := strings.Cut(err.Error(), "\n")
	fix := "`segovia help` shows what is possible"
	if _, near, ok := strings.Cut(rest, "Did you mean this?"); ok {
		if names := strings.Fields(near); len(names) > 0 {
			fix = "did you mean `" + strings.Join(names, "` or `") + "`?"
		}
	}
	return &problem.Problem{ID: "SEG-CLI-001", What: what, Fix: fix}
}

// flagError names the nearest flag when one is unknown.
func flagError(cmd *cobra.Command, err error) error {
	fix := fmt.Sprintf("`%s --help` lists the flags", cmd.CommandPath())
	what := err.Error()
	if before, after, ok := strings.Cut(what, "strconv."); ok { // a parser's own name says nothing to people
		if i := strings.LastIndex(after, ": "); i >= 0 {
			what = before + after[i+2:]
		}
	}
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if near := config.Nearest(name, names); near != "" {
			fix = "did you mean `--" + near + "`?"
		}
	}
	return &problem.Problem{ID: "SEG-CLI-001", What: what, Fix: fix}
}

// takes is the check of a command's arguments: from lo to hi of them, described by what.
func takes(lo, hi int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < lo:
			return &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("%s needs %s", cmd.CommandPath(), what),
				Fix: "for example: " + firstExample(cmd)}
		case hi >= 0 && len(args) > hi:
			if hi == 0 {
				what = "no arguments"
			}
			return &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("%s takes %s; %q is too much", cmd.CommandPath(), what, args[hi]),
				Fix: fmt.Sprintf("`%s --help` shows the usage", cmd.CommandPath())}
		}
		return nil
	}
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return "`" + strings.TrimSpace(line) + "`"
}
