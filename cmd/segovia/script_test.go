package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"segovia": main})
}

// TestScript runs the real command line. Scripts know
//
//	[shared]      the data beside the repository are there; they lie under $SHARED
//	$EXAMPLES     cmd/segovia/examples
//
// SEGOVIA_REQUIRE=shared fails the test where they are not, instead of leaving the scripts' parts out.
func TestScript(t *testing.T) {
	shared, err := filepath.Abs("../../../shared")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Abs("examples")
	if err != nil {
		t.Fatal(err)
	}
	_, missing := os.Stat(filepath.Join(shared, "README.md"))
	if missing != nil && slices.Contains(strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ","), "shared") {
		t.Fatalf("SEGOVIA_REQUIRE names shared, and it is not there: %v", missing)
	}
	commands := maps.Clone(badInputs)
	commands["exits"], commands["lines"] = exits, lines
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SHARED", shared)
			e.Setenv("EXAMPLES", examples)
			e.Setenv("LANG", "C.UTF-8")
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "shared" {
				return missing == nil, nil
			}
			return false, nil
		},
		Cmds: commands,
	})
}

// exits runs a command and holds its exit code: exits CODE COMMAND ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = err.Error()
		if i := strings.LastIndex(got, "exit status "); i >= 0 {
			got = got[i+len("exit status "):]
		}
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// lines counts the lines of stdout, stderr or a file: lines FILE COUNT
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE COUNT")
	}
	text := ts.ReadFile(args[0])
	if got := strings.Count(text, "\n"); args[1] != strconv.Itoa(got) {
		ts.Fatalf("%s has %d lines, want %s:\n%s", args[0], got, args[1], text)
	}
}
