package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
	"segovia/kernels/problem"
)

// commands lists every command, in the order of the manual.
func commands(e *env) []*cobra.Command {
	all := []*cobra.Command{
		newDemoCommand(e),
		newRunCommand(e),
		newPlanCommand(e),
		newSweepCommand(e),
		newFitCommand(e),
		newEvaluateCommand(e),
		newCompareCommand(e),
		newPredictCommand(e),
		newGenerateCommand(e),
		newInitCommand(e),
		newCheckCommand(e),
		newInspectCommand(e),
		newRunsCommand(e),
		newStatusCommand(e),
		newPathsCommand(e),
		newBenchCommand(e),
		newDoctorCommand(e),
		newExplainCommand(e),
		newSchemaCommand(e),
		newConfigCommand(e),
		newCompletionCommand(e),
		newManCommand(e),
		newVersionCommand(e),
	}
	return append(all, newStepCommands(e)...)
}

// newRoot returns the whole command line.
func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "segovia",
		Short: "Customer segments with proof of their stability, every night",
		Long: `Segovia turns the raw history of a company's customers into segments that people can trust and act on.

It reads transactions and master data from CSV, Parquet or Arrow files, computes features per customer, fits thousands of
models, chooses the number of segments by their stability, describes each segment in German and English, and publishes
the result whole or not at all.`,
		Example: `segovia demo
segovia init data/*.csv
segovia run --out out`,
		SilenceUsage: true, SilenceErrors: true,
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	e.flags.register(root.PersistentFlags())
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(commands(e)...)
	root.SetHelpCommand(newHelpCommand())
	e.wrap(root)
	return root
}

// newHelpCommand shows the help of a command, and refuses what is none.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Help about any command",
		Long:    "Shows what a command does, its flags and examples of it; the same as the flag --help.",
		Example: "segovia help run\nsegovia help runs list",
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				name := args[0]
				if len(rest) > 0 {
					name = rest[0]
				}
				return unknownCommand(target, name)
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

// wrap prepares every command that runs; those with subcommands only show their help, and refuse what is none of them.
func (e *env) wrap(cmd *cobra.Command) {
	cmd.Long = paragraphs(cmd.Long)
	for _, sub := range cmd.Commands() {
		e.wrap(sub)
	}
	switch {
	case cmd.RunE != nil:
		cmd.RunE = e.prepare(cmd.RunE)
	case cmd.HasSubCommands() && cmd.HasParent():
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		}
	}
}

// unknownCommand names the nearest subcommand.
func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("unknown command %q for %q", name, cmd.CommandPath()),
		Fix: config.DidYouMean(name, names)}
}

// paragraphs joins the lines of each paragraph, so that the help breaks them at the terminal's width. Indented lines stay
// as they are.
func paragraphs(text string) string {
	var b strings.Builder
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		b.WriteString(line)
		switch {
		case i == len(lines)-1:
		case line == "" || lines[i+1] == "" || strings.HasPrefix(lines[i+1], " ") || strings.HasPrefix(line, " "):
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
