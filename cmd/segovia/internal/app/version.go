package app

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
)

// version is the released version; the linker sets it: -ldflags "-X segovia/cmd/segovia/internal/app.version=v1.2.3".
var version = "dev"

// algorithmVersion names the numeric contract that this binary computes by.
const algorithmVersion = "v1"

// build is what the binary knows of itself.
type build struct {
	Version       string `json:"version"`
	Revision      string `json:"revision"`
	Modified      bool   `json:"modified"` // built from a tree with changes
	Go            string `json:"go"`
	Platform      string `json:"platform"`
	Level         string `json:"level"` // GOAMD64 or GOARM64
	Algorithm     string `json:"algorithm_version"`
	ConfigVersion int    `json:"config_version"`
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Algorithm: algorithmVersion, ConfigVersion: config.Version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "dev" && info.Main.Version != "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "GOAMD64", "GOARM64":
			b.Level = s.Value
		}
	}
	return b
}

// line is the build in one line, for the manifest and `--version`.
func (b build) line() string {
	parts := []string{b.Version}
	if b.Revision != "" {
		parts = append(parts, b.Revision[:min(12, len(b.Revision))])
	}
	return strings.Join(append(parts, b.Go, b.Platform), " ")
}

func versionLine() string { return thisBuild().line() }

func newVersionCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Version of this binary and of the numeric contract it computes by",
		Long: `Prints the version, the revision it was built from, Go version and platform, the version of the numeric contract
(which names every label it will ever compute) and the newest version of configuration files it reads.`,
		Example: "segovia version\nsegovia version --json",
		Args:    takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if e.flags.json {
				return e.writeJSON(b)
			}
			e.printf("segovia %s\nalgorithm %s, configuration version %d\n", b.line(), b.Algorithm, b.ConfigVersion)
			return nil
		},
	}
}
