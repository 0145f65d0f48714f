package app

import (
	"strings"

	"github.com/spf13/cobra"

	"segovia/engine/sweep"
	"segovia/kernels"
	"segovia/kernels/paths"
	"segovia/kernels/problem"
)

// pathInfo is one hardware path for `segovia paths`.
type pathInfo struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	Why       string `json:"why"` // why not; empty when available
	Device    string `json:"device,omitempty"`
	Auto      bool   `json:"auto"`
}

// listPaths looks at every hardware path; Auto marks the one that `auto` takes.
func listPaths() []pathInfo {
	chosen := ""
	if p, err := paths.Choose("auto"); err == nil {
		chosen = p.Name()
	}
	var list []pathInfo
	for _, p := range paths.All() {
		info := pathInfo{Name: p.Name(), Auto: p.Name() == chosen}
		if err := p.Available(); err != nil {
			info.Why = strings.TrimPrefix(strings.TrimPrefix(err.Error(), p.Name()+": "), kernels.ErrUnavailable.Error()+": ")
		} else {
			info.Available = true
		}
		if d, ok := p.(interface{ Device() (string, error) }); ok && info.Available {
			info.Device, _ = d.Device()
		}
		list = append(list, info)
	}
	return list
}

// tellPath completes why the path was taken on which a sweep ran, where auto took it, and warns where a device failed.
func (e *env) tellPath(env *sweep.Environment, asked string) {
	if env.DeviceFailed {
		e.warn(&problem.Problem{ID: "SEG-HW-003", What: "the processor went on where the device failed; the labels are the same", Why: env.PathWhy})
	}
	if asked == "auto" && env.PathWhy == "" {
		env.PathWhy = paths.Why(env.Path)
	}
}

// placeText names the path with why it was taken.
func placeText(env sweep.Environment) string {
	if env.PathWhy == "" {
		return env.Path
	}
	return env.Path + " (" + env.PathWhy + ")"
}

func newPathsCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "paths",
		Short: "Hardware paths: available, or why not",
		Long: `Lists the hardware paths of the kernels in the order in which auto tries them, each available or with the reason why
not, and the features of the processor. Every path gives the same labels to the last bit; they differ in speed alone.
cuda needs an NVIDIA GPU (compute capability 8.0 or more) and its driver, and nothing else; auto takes it where it
measures that it is faster for the data at hand. Of several devices the first is taken; the variable
CUDA_VISIBLE_DEVICES, which the driver reads, says which ones there are.`,
		Example: "segovia paths\nsegovia paths --json",
		Args:    takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			list := listPaths()
			brand, features := paths.Features()
			if e.flags.json {
				return e.writeJSON(struct {
					CPU      string     `json:"cpu"`
					Features []string   `json:"features"`
					Paths    []pathInfo `json:"paths"`
				}{brand, features, list})
			}
			e.printf("%s: %s\n\n", brand, strings.Join(features, " "))
			for _, p := range list {
				state := "available"
				switch {
				case p.Auto && p.Device != "":
					state = "available, taken by auto for work that is faster there: " + p.Device
				case p.Auto:
					state = "available, taken by auto"
				case !p.Available:
					state = "not available: " + p.Why
				}
				e.printf("%-10s %s\n", p.Name, state)
			}
			return nil
		},
	}
}
