package app

import (
	"github.com/spf13/cobra"
)

func newCompletionCommand(e *env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Completion script for bash, zsh, fish or powershell",
		Long: `Prints a script that completes commands and flags. Where it goes depends on the shell:

  bash        segovia completion bash > /etc/bash_completion.d/segovia
  zsh         segovia completion zsh > "${fpath[1]}/_segovia"
  fish        segovia completion fish > ~/.config/fish/completions/segovia.fish
  powershell  segovia completion powershell >> $PROFILE`,
		Example:   "segovia completion bash",
		ValidArgs: shells,
		Args:      takes(1, 1, "a shell: bash, zsh, fish or powershell"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(e.out, true)
			case "zsh":
				return root.GenZshCompletion(e.out)
			case "fish":
				return root.GenFishCompletion(e.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(e.out)
			}
			return usagef("there is no completion for %q; use bash, zsh, fish or powershell", args[0])
		},
	}
}
