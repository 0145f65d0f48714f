package app

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"segovia/io/runstore"
)

// runInfo is a run as `status` and `runs list` show it.
type runInfo struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Current  bool       `json:"current"`
	Start    *time.Time `json:"start"`
	Seconds  *float64   `json:"seconds"`
	ExitCode *int       `json:"exit_code"`
	Error    *string    `json:"error"`
}

func describeRun(i runstore.Info) runInfo {
	r := runInfo{ID: i.ID, State: string(i.State), Current: i.Current}
	if i.Results != nil {
		r.Start, r.Seconds, r.ExitCode = &i.Results.Start, &i.Results.Seconds, i.Results.ExitCode
		if len(i.Results.Errors) > 0 {
			text := i.Results.Errors[0].Message // begins with its id
			r.Error = &text
		}
	}
	return r
}

// line is the run on one line.
func (r runInfo) line() string {
	mark := " "
	if r.Current {
		mark = "*"
	}
	text := fmt.Sprintf("%s %s  %-9s", mark, r.ID, r.State)
	if r.Seconds != nil {
		text += fmt.Sprintf("  %8.1f s", *r.Seconds)
	}
	if r.ExitCode != nil && *r.ExitCode != 0 {
		text += fmt.Sprintf("  exit code %d", *r.ExitCode)
	}
	if r.Error != nil {
		text += "  " + oneLine(*r.Error)
	}
	return text
}

// outFlag adds --out, the output directory of the runs.
func outFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("out", "out", "output directory of the runs")
}

func newStatusCommand(e *env) *cobra.Command {
	var out *string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Current publication, last run, lock",
		Long: `Says which run is published, what became of the last one, and whether a run is working now. It changes nothing and can
be called at any time.`,
		Example: "segovia status\nsegovia status --out /srv/segments --json",
		Args:    takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			store, err := runstore.Open(*out)
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }() // nothing was written
			status, err := store.Status()
			if err != nil {
				return err
			}
			return e.printStatus(store, status)
		},
	}
	out = outFlag(cmd)
	return cmd
}

func (e *env) printStatus(store *runstore.Store, s runstore.Status) error {
	var current, last *runInfo
	if s.Current != nil {
		r := describeRun(*s.Current)
		current = &r
	}
	if s.Last != nil {
		r := describeRun(*s.Last)
		last = &r
	}
	if e.flags.json {
		var holder *runstore.Holder
		if s.Locked {
			holder = &s.Holder
		}
		return e.writeJSON(struct {
			Out     string           `json:"out"`
			Current *runInfo         `json:"current"`
			Last    *runInfo         `json:"last"`
			Locked  bool             `json:"locked"`
			Holder  *runstore.Holder `json:"holder"`
			Runs    int              `json:"runs"`
		}{store.Path("."), current, last, s.Locked, holder, len(s.Runs)})
	}
	if current == nil {
		e.printf("published  nothing yet\n")
	} else {
		e.printf("published  %s in %s\n", current.ID, store.Path("runs/"+current.ID))
	}
	if last != nil {
		e.printf("last run   %s\n", last.line()[2:])
	}
	if s.Locked {
		e.printf("working    run %s, host %s, process %d, since %s\n", s.Holder.RunID, s.Holder.Host, s.Holder.PID,
			s.Holder.Start.UTC().Format(time.RFC3339))
	} else {
		e.printf("working    no\n")
	}
	return nil
}
