package app

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
	"segovia/kernels/problem"
)

var errorID = regexp.MustCompile(`(?i)^seg-[a-z]+-[0-9]+$`)

func newExplainCommand(e *env) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "explain ERROR-ID|SEGMENT-ID|CUSTOMER-ID",
		Short: "What an error means, what a segment is, why a customer belongs where it does",
		Long: `Explains the id of an error: what it means, what usually causes it, how to mend it, and the exit code that commands
return for it. Without an id it lists them all.

Other ids are looked for in the published run under --out: a segment with its description, rule, worth, plan and features, or
a customer with its segment, tier, profile and groups, each with the figures that decided it and what would have to change,
what it could be worth, and its plan.`,
		Example: "segovia explain SEG-CSV-004\nsegovia explain\nsegovia explain S-7K2M4Q --out out\nsegovia explain 1000000011 --out out",
		Args:    takes(0, 1, "one id"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return e.listErrors()
			}
			if errorID.MatchString(args[0]) {
				return e.explainError(strings.ToUpper(args[0]))
			}
			return e.explainPublished(out, args[0])
		},
	}
	cmd.Flags().StringVar(&out, "out", "out", "output folder with the published run")
	return cmd
}

// unknownID is the answer to an id of no known kind.
func unknownID(id string) error {
	var ids []string
	for _, entry := range problem.Catalogue {
		ids = append(ids, entry.ID)
	}
	fix := "`segovia explain` lists the ids of all errors"
	if near := config.Nearest(id, ids); near != "" {
		fix = "did you mean `" + near + "`?"
	}
	return &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("there is nothing with the id %q", id), Fix: fix}
}

// explained is an entry of the catalogue as JSON.
type explained struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Explanation string `json:"explanation"`
	Fix         string `json:"fix"`
	ExitCode    int    `json:"exit_code"`
}

func (e *env) explainError(id string) error {
	entry, ok := problem.Lookup(id)
	if !ok {
		return unknownID(id)
	}
	if e.flags.json {
		return e.writeJSON(explained{entry.ID, entry.Title, entry.Explanation, entry.Fix, entry.Exit})
	}
	e.printf("%s: %s\n\n%s\n\nTo mend it: %s\n\nCommands return %d.\n", entry.ID, entry.Title, entry.Explanation, entry.Fix, entry.Exit)
	return nil
}

func (e *env) listErrors() error {
	if e.flags.json {
		list := make([]explained, len(problem.Catalogue))
		for i, entry := range problem.Catalogue {
			list[i] = explained{entry.ID, entry.Title, entry.Explanation, entry.Fix, entry.Exit}
		}
		return e.writeJSON(list)
	}
	for _, entry := range problem.Catalogue {
		e.printf("%-12s %3d  %s\n", entry.ID, entry.Exit, entry.Title)
	}
	return nil
}
