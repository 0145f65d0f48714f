package runstore

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"segovia/kernels/problem"
)

// TestMain lets the test binary also be the process that is killed: with RUNSTORE_OUT set it publishes night after night
// into that directory, or with RUNSTORE_HOLD holds the lock until its stdin closes.
func TestMain(m *testing.M) {
	if out := os.Getenv("RUNSTORE_OUT"); out != "" {
		if err := child(out, os.Getenv("RUNSTORE_HOLD") != ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func child(out string, hold bool) error {
	s, err := OpenOrCreate(out)
	if err != nil {
		return err
	}
	if hold {
		w, err := s.Lock(holder(3))
		if err != nil {
			return err
		}
		fmt.Println("locked")
		bufio.NewReader(os.Stdin).ReadString('\n')
		return w.Unlock()
	}
	first := 1
	if id, err := s.CurrentID(); err != nil {
		return err
	} else if id != "" {
		for n := range 5000 {
			if nightID(n) == id {
				first = n + 1
			}
		}
	}
	fmt.Println("started")
	for n := first; ; n++ {
		if err := publish(s, n, 3); err != nil {
			return err
		}
	}
}

func startChild(t *testing.T, out string, env ...string) (*exec.Cmd, func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "RUNSTORE_OUT="+out), env...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("the child did not start: %v", err)
	}
	return cmd, func() { stdin.Close() }
}

// TestKill kills a publishing process at random moments, on the real disk. Readers look on all the while.
func TestKill(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	r := rand.New(rand.NewPCG(1, 2))
	last := ""
	for round := range 20 {
		cmd, _ := startChild(t, out)
		s, err := Open(out)
		must(t, err)
		deadline := time.Duration(r.IntN(60)) * time.Millisecond
		for start := time.Now(); time.Since(start) < deadline; {
			// While it publishes, a reader finds a whole publication or none; it may lose a race with retention only if
			// three more nights were published meanwhile, so it looks at CURRENT again in that case.
			run, err := s.Current()
			if err == nil {
				err = run.Verify()
			}
			if err == nil || strings.HasPrefix(err.Error(), "SEG-STA-002") {
				continue
			}
			if id, _ := s.CurrentID(); run == nil || id == run.ID {
				again, err := s.Current()
				if err == nil {
					err = again.Verify()
				}
				must(t, err)
			}
		}
		must(t, cmd.Process.Signal(syscall.SIGKILL))
		cmd.Wait()
		st, err := s.Status()
		must(t, err)
		if st.Locked {
			t.Fatalf("round %d: the lock outlives its process", round)
		}
		if st.Current != nil {
			must(t, s.Verify(st.Current.ID))
			if st.Current.ID < last {
				t.Fatalf("round %d: the publication went back from %s to %s", round, last, st.Current.ID)
			}
			last = st.Current.ID
		}
		must(t, s.Close())
	}
	if last == "" {
		t.Fatal("no round published anything: the test shows nothing")
	}
}

func TestSecondRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	cmd, stop := startChild(t, out, "RUNSTORE_HOLD=1")
	s, err := Open(out)
	must(t, err)
	defer s.Close()
	_, err = s.Lock(holder(4))
	wantProblem(t, err, "SEG-LCK-001", "host db7", "process 4003", nightID(3), "since 2026-11-04T01:00:00Z")
	if code := problem.ExitCode(err); code != 11 {
		t.Errorf("exit code %d, want 11", code)
	}
	st, err := s.Status()
	must(t, err)
	if !st.Locked || st.Holder != holder(3) {
		t.Errorf("status %+v", st)
	}
	// Once the holder is killed its words are still in the file, and do no harm.
	must(t, cmd.Process.Kill())
	cmd.Wait()
	stop()
	if content, err := os.ReadFile(filepath.Join(out, "lock")); err != nil || len(content) == 0 {
		t.Fatalf("lock file %q, %v: the test expects stale words", content, err)
	}
	must(t, publish(s, 4, 30))
	whole(t, s, 4)
	if st, err = s.Status(); err != nil || st.Locked {
		t.Errorf("status after the end: %+v, %v", st, err)
	}
}
