package app

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"segovia/kernels/paths"
	"segovia/kernels/problem"
)

// finding is one line of `segovia doctor`.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"`
}

// What doctor asks for at least: a run on ten thousand customers.
const (
	leastMemory = 1 << 30
	leastTemp   = 1 << 30
)

func newDoctorCommand(e *env) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether this machine can run the nightly job",
		Long: `Looks at the binary, the processor, memory and its limit, room and rights for temporary files and output, locale and
hardware paths. It changes nothing but for a small file that it writes and removes where it tests the right to write.`,
		Example: "segovia doctor\nsegovia doctor --out /srv/segments --json",
		Args:    takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			findings := e.examine(out)
			var failed []string
			for _, f := range findings {
				if !f.OK {
					failed = append(failed, f.Check)
				}
			}
			if e.flags.json {
				if err := e.writeJSON(struct {
					OK       bool      `json:"ok"`
					Findings []finding `json:"findings"`
				}{len(failed) == 0, findings}); err != nil {
					return err
				}
			} else {
				for _, f := range findings {
					mark := "ok "
					if !f.OK {
						mark = "BAD"
					}
					e.printf("%s  %-12s %s\n", mark, f.Check, f.Text)
					if !f.OK && f.Fix != "" {
						e.printf("                  fix: %s\n", f.Fix)
					}
				}
			}
			if len(failed) > 0 {
				return &problem.Problem{ID: "SEG-RUN-001", What: "this machine is not ready: " + strings.Join(failed, ", "),
					Fix: "see the lines above"}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "out", "output directory to test")
	return cmd
}

// examine looks at everything that doctor knows.
func (e *env) examine(out string) []finding {
	b := thisBuild()
	text := b.line()
	if b.Level != "" {
		text += ", level " + b.Level
	}
	found := []finding{{Check: "build", OK: true, Text: text}}

	brand, features := paths.Features()
	found = append(found, finding{Check: "processor", OK: true,
		Text: fmt.Sprintf("%s, threads: %d, features: %s", brand, e.threads(), strings.Join(features, " "))})

	m := lookAtMachine()
	memory := finding{Check: "memory", Text: "size not known", OK: true}
	if m.RAM > 0 {
		memory.Text = fmt.Sprintf("%s, %s available", formatBytes(m.RAM), formatBytes(m.Available))
	}
	if m.Limit > 0 {
		memory.Text += ", control group limits to " + formatBytes(m.Limit)
	}
	budget := e.memoryBudget(0)
	memory.Text += ", budget " + formatBytes(budget)
	if budget < leastMemory {
		memory.OK, memory.Fix = false, "give at least "+formatBytes(leastMemory)
	}
	found = append(found, memory, e.examineTemp(), examineWrite("output", out), e.examineLocale(), examinePaths())
	return found
}

func (e *env) examineTemp() finding {
	dir := e.tempDir("")
	f := examineWrite("temp", dir)
	if !f.OK {
		f.Fix = "choose another folder with --temp-dir"
		return f
	}
	free, err := freeSpace(dir)
	if err != nil {
		return finding{Check: "temp", Text: err.Error(), Fix: "choose another folder with --temp-dir"}
	}
	f.Text = fmt.Sprintf("%s, %s free", dir, formatBytes(free))
	if free < leastTemp {
		f.OK, f.Fix = false, "free at least "+formatBytes(leastTemp)+", or choose another folder with --temp-dir"
	}
	return f
}

// examineWrite tries to write where dir is, or would be made.
func examineWrite(check, dir string) finding {
	at := dir
	for {
		info, err := os.Stat(at)
		if err == nil {
			if !info.IsDir() {
				return finding{Check: check, Text: at + " is no folder", Fix: "choose another one"}
			}
			break
		}
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return finding{Check: check, Text: err.Error(), Fix: "check the rights of the folder"}
		}
		at = parentDir(at)
	}
	f, err := os.CreateTemp(at, ".segovia-doctor-*")
	if err != nil {
		return finding{Check: check, Text: "cannot write in " + at + ": " + systemReason(err), Fix: "check the rights and mount of the folder"}
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return finding{Check: check, Text: err.Error(), Fix: "check the rights of the folder"}
	}
	free, err := freeSpace(at)
	if err != nil {
		return finding{Check: check, OK: true, Text: dir + " can be written"}
	}
	return finding{Check: check, OK: true, Text: fmt.Sprintf("%s can be written, %s free", dir, formatBytes(free))}
}

// examineLocale says how names will look on this terminal; results never depend on it.
func (e *env) examineLocale() finding {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		v, _ := e.lookup(name)
		if v == "" {
			continue
		}
		if !strings.Contains(strings.ToLower(strings.ReplaceAll(v, "-", "")), "utf8") {
			return finding{Check: "locale", OK: true, Text: fmt.Sprintf("%s=%s is not UTF-8: umlauts may look wrong here; results do not change", name, v)}
		}
		return finding{Check: "locale", OK: true, Text: name + "=" + v}
	}
	return finding{Check: "locale", OK: true, Text: "none is set: umlauts may look wrong here; results do not change"}
}

func examinePaths() finding {
	var available []string
	for _, p := range listPaths() {
		if p.Available {
			name := p.Name
			if p.Auto {
				name += " (auto)"
			}
			available = append(available, name)
		}
	}
	return finding{Check: "paths", OK: len(available) > 0, Text: strings.Join(available, ", ") + "; `segovia paths` gives reasons for the others"}
}
