package app

import (
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
)

func newConfigCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Look at the resolved configuration",
		Long:    "Looks at the configuration as a run would use it: file, profile, variables, flags and defaults together.",
		Example: "segovia config show",
	}
	cmd.AddCommand(newConfigShowCommand(e))
	return cmd
}

func newConfigShowCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "show [CONFIG]",
		Short: "Every value with its origin: flag, variable, profile, file or default",
		Long: `Prints every value of the configuration with the place it comes from. A flag wins over a SEGOVIA_* variable, that over
the profile, that over the file, that over the default. Connections of databases are masked.

Any value can be set by a variable: SEGOVIA_SWEEP__RESTARTS=20 sets sweep.restarts.`,
		Example: "segovia config show\nsegovia config show --set sweep.restarts=20\nsegovia config show prod.yaml --json",
		Args:    takes(0, 1, "one configuration"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := e.loadConfig(args)
			if err != nil {
				return err
			}
			settings := c.Settings()
			if e.flags.json {
				return e.writeJSON(struct {
					File     string           `json:"file"`
					SHA256   string           `json:"sha256"`
					Settings []config.Setting `json:"settings"`
					Resolved json.RawMessage  `json:"resolved"`
				}{c.File, c.Hash(), settings, c.Resolved()})
			}
			width := 0
			lines := make([]string, len(settings))
			for i, s := range settings {
				lines[i] = s.Path + ": " + config.FormatValue(s.Value)
				if n := len(lines[i]); n <= 60 {
					width = max(width, n)
				}
			}
			for i, s := range settings {
				e.printf("%s%s  # %s\n", lines[i], strings.Repeat(" ", max(0, width-len(lines[i]))), s.Origin)
			}
			return nil
		},
	}
}
