package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"segovia/kernels/problem"
)

// grace is how long an interrupted command may take to put its things in order; the contract grants 10 s.
const grace = 9 * time.Second

// interrupted is the cause of a context that a signal cancelled.
type interrupted struct{ sig os.Signal }

func (i interrupted) Error() string { return "interrupted by " + signalName(i.sig) }

func (i interrupted) code() int {
	if i.sig == syscall.SIGTERM {
		return 143
	}
	return 130
}

func signalName(s os.Signal) string {
	if s == syscall.SIGTERM {
		return "SIGTERM"
	}
	return "SIGINT"
}

// Main runs one command line and returns its exit code. SIGINT and SIGTERM cancel the command's context; a second signal,
// or the end of the grace, ends the process at once.
func Main(args, environ []string, in io.Reader, out, errs io.Writer) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	defer close(done)
	defer signal.Stop(signals)
	go func() {
		var first interrupted
		select {
		case sig := <-signals:
			first = interrupted{sig}
		case <-done:
			return
		}
		cancel(first)
		select {
		case <-signals:
		case <-time.After(grace):
		case <-done:
			return
		}
		os.Exit(first.code())
	}()
	return Run(ctx, args, environ, in, out, errs)
}

// Run runs one command line under ctx and returns its exit code.
func Run(ctx context.Context, args, environ []string, in io.Reader, out, errs io.Writer) (code int) {
	e := newEnv(ctx, environ, in, out, errs)
	defer func() {
		if r := recover(); r != nil {
			code = e.finish(e.bug(r, debug.Stack()))
		}
	}()
	root := newRoot(e)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	e.scanArgs(args)
	root.Version = versionLine()
	root.SetHelpFunc(e.styledHelp())
	err := root.ExecuteContext(ctx)
	return e.finish(e.usage(err))
}

// styledHelp is the help as fang shows it. fang does not run the command line itself: on every error it would ask the
// terminal for its background, on standard output, and wait for seconds where none answers.
func (e *env) styledHelp() func(*cobra.Command, []string) {
	carrier := &cobra.Command{Use: "segovia", Run: func(*cobra.Command, []string) {}}
	carrier.SetArgs([]string{})
	if err := fang.Execute(e.ctx, carrier, fang.WithoutManpage(), fang.WithoutCompletions(), fang.WithoutVersion()); err != nil {
		panic("BUG: app: " + err.Error())
	}
	styled := carrier.HelpFunc()
	return func(cmd *cobra.Command, args []string) {
		if e.flags.noColor {
			_ = os.Setenv("NO_COLOR", "1") // the only way to tell fang
		}
		styled(cmd, args)
	}
}

// bug turns a recovered panic into a problem; the stack goes to the log.
func (e *env) bug(r any, stack []byte) error {
	e.log.Error("panic", slog.Any("value", r), slog.String("stack", string(stack)))
	what := fmt.Sprint(r)
	return &problem.Problem{ID: "SEG-BUG-001", What: oneLine("internal error: " + what),
		Why: "an internal promise was broken; nothing was published", Fix: "please report it with the stack above"}
}

// interruption is the problem behind an error that only says that work was cancelled, when a signal did it; else nil.
func (e *env) interruption(err error) *problem.Problem {
	var sig interrupted
	if !errors.As(context.Cause(e.ctx), &sig) || !errors.Is(err, context.Canceled) && !errors.As(err, new(interrupted)) {
		return nil
	}
	return &problem.Problem{ID: "SEG-RUN-002", What: sig.Error(), Why: "nothing was published", Fix: "run the command again"}
}

// finish reports err and returns the exit code.
func (e *env) finish(err error) int {
	e.progress.End()
	var sig interrupted
	stopped := errors.As(context.Cause(e.ctx), &sig)
	if err == nil {
		err = e.out.failure()
	}
	switch {
	case err == nil:
		return 0
	case e.interruption(err) != nil:
		e.report(e.interruption(err), sig.code())
		return sig.code()
	}
	problems := problem.All(err)
	if len(problems) == 0 {
		problems = problem.List{{ID: "SEG-RUN-001", What: err.Error(), Fix: "the message gives the cause"}}
		err = problems[0]
	}
	code := problem.ExitCode(err)
	for _, p := range problems {
		e.report(p, code)
	}
	if stopped { // whatever failed while the command was being stopped, it was the signal that ended it
		return sig.code()
	}
	return code
}
