package app

import (
	"fmt"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

func newManCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "Manual page, in roff",
		Long:    "Prints the manual page of all commands, to be read with man or installed under share/man/man1.",
		Example: "segovia man > segovia.1\nsegovia man | man -l -",
		Args:    takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return fmt.Errorf("cannot write the manual page: %w", err)
			}
			_, err = fmt.Fprint(e.out, page.Build(roff.NewDocument()))
			return err
		},
	}
}
