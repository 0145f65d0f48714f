package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A run that is killed at any moment leaves the old publication or the new one, whole: 20 times at random moments spread
// over the length of a run, then some more while it publishes.
func TestKilledAtAnyMoment(t *testing.T) {
	bin, dir := segovia(t), company(t)
	orders, err := filepath.Glob(filepath.Join(dir, "orders", "*"))
	if err != nil || len(orders) != 24 {
		t.Fatalf("%d files of orders, %v", len(orders), err)
	}
	for _, name := range orders[:20] { // a short run, and many of them
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	args := func(seed string) []string {
		return []string{"company.yaml", "--out", "out", "--seed", seed, "--fresh", "--set", "sweep.k=3..4", "--set", "segment.best_failing=true"}
	}

	// Two jobs take turns; what each of them publishes is known, and how long it takes.
	seeds := [2]string{"11", "12"}
	var want [2]map[string][]byte
	var took time.Duration
	for i, seed := range seeds {
		start := time.Now()
		_, run := publish(t, bin, dir, args(seed)...)
		took = time.Since(start)
		want[i] = artifacts(t, run)
	}
	if string(want[0]["labels.parquet"]) == string(want[1]["labels.parquet"]) {
		t.Fatal("both jobs publish the same: a mixture could not be told")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("a run takes %v; moments are drawn with seed %d", took, seed)
	random := rand.New(rand.NewPCG(seed, 0))

	const spread, atReport, atCurrent = 20, 5, 3
	old, outcomes := 1, map[string]int{} // old is the job whose run is published
	for i := range spread + atReport + atCurrent {
		next := 1 - old
		before, current := runs(t, dir), published(t, bin, dir)
		soon := func(happened func() bool) {
			for start := time.Now(); !happened() && time.Since(start) < 10*took; {
				time.Sleep(100 * time.Microsecond)
			}
		}
		var moment func()
		switch {
		case i < spread:
			moment = func() { time.Sleep(time.Duration((float64(i) + random.Float64()) / spread * float64(took))) }
		case i < spread+atReport: // the report is the last artifact; what publishes the run follows within hundredths of a second
			moment = func() {
				soon(func() bool { return reported(t, dir, before) })
				time.Sleep(time.Duration(random.IntN(10000)) * time.Microsecond)
			}
		default: // what is left is to tidy up
			moment = func() { soon(func() bool { return currentID(t, dir) != filepath.Base(current) }) }
		}
		outcome := killed(t, command(bin, dir, append([]string{"run"}, args(seeds[next])...)...), moment)
		current = published(t, bin, dir)
		switch {
		case equal(t, current, want[next]):
			outcomes[outcome+", new"]++
			old = next
		case equal(t, current, want[old]) && outcome == "killed":
			outcomes[outcome+", old"]++
		default:
			t.Fatalf("the run %s; now %s is published, which is neither the old nor the new one", outcome, filepath.Base(current))
		}
		next = 1 - old
		start := time.Now()
		_, run := publish(t, bin, dir, args(seeds[next])...)
		took = time.Since(start) // other work on the machine slows runs down and lets go again
		if now := published(t, bin, dir); now != run {
			t.Fatalf("after a new run %s is published, want %s", now, run)
		}
		same(t, run, want[next])
		old = next
	}
	t.Logf("%v", outcomes)
	if outcomes["killed, old"] < spread/4 {
		t.Errorf("too few runs were caught at work: %v", outcomes)
	}
	if left := runs(t, dir); len(left) > 10 {
		t.Errorf("keep_runs is 3, and %d runs are left: %v", len(left), left)
	}
}

// currentID is the run that CURRENT names.
func currentID(t *testing.T, dir string) string {
	t.Helper()
	return strings.TrimSpace(string(read(t, filepath.Join(dir, "out", "CURRENT"))))
}

// runs are the names of the folders of all runs.
func runs(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "out", "runs"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// reported says whether a run that is not among those before has its report.
func reported(t *testing.T, dir string, before []string) bool {
	t.Helper()
	for _, name := range runs(t, dir) {
		if slices.Contains(before, name) {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "out", "runs", name, "report.html")); err == nil {
			return true
		}
	}
	return false
}

// killed starts cmd, waits for the moment and kills it; it says whether the run had ended by then.
func killed(t *testing.T, cmd *exec.Cmd, moment func()) string {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	moment()
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "ended"
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return "killed"
	}
	t.Fatalf("the run failed by itself: %v", err)
	return ""
}

// published returns the folder of the current run as `status` and `runs verify` see it; both must agree with CURRENT, and
// nothing may hold the lock.
func published(t *testing.T, bin, dir string) string {
	t.Helper()
	var status struct {
		Current *struct {
			ID    string `json:"id"`
			State string `json:"state"`
		} `json:"current"`
		Locked bool `json:"locked"`
	}
	if err := json.Unmarshal(call(t, bin, dir, "status", "--out", "out", "--json"), &status); err != nil {
		t.Fatal(err)
	}
	if status.Current == nil || status.Current.State != "published" || status.Locked {
		t.Fatalf("status says %+v", status)
	}
	if id := currentID(t, dir); id != status.Current.ID {
		t.Fatalf("CURRENT names %s, status %s", id, status.Current.ID)
	}
	call(t, bin, dir, "runs", "verify", "--out", "out")
	return filepath.Join(dir, "out", "runs", status.Current.ID)
}

// equal reports whether a run's artifacts are those wanted, and holds them against the manifest without the program's help.
func equal(t *testing.T, run string, want map[string][]byte) bool {
	t.Helper()
	for _, o := range manifest(t, run).Outputs {
		if sum := sha256.Sum256(read(t, filepath.Join(run, o.Path))); hex(sum) != o.SHA256 {
			t.Fatalf("%s of %s is not the one of the manifest", o.Path, filepath.Base(run))
		}
	}
	for name, data := range artifacts(t, run) {
		if string(data) != string(want[name]) {
			return false
		}
	}
	return true
}

// A run that is asked to stop does so at once, says so, and leaves the publication as it was.
func TestStopped(t *testing.T) {
	bin, dir := segovia(t), company(t)
	_, run := publish(t, bin, dir, "company.yaml", "--out", "out")
	for sig, code := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		cmd := command(bin, dir, "run", "company.yaml", "--out", "out", "--fresh", "--set", "stability.bootstrap=1000")
		before := runs(t, dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); len(runs(t, dir)) == len(before) && time.Since(start) < 10*time.Second; {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(200 * time.Millisecond)
		start := time.Now()
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // the code tells
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%v: exit code %d, want %d", sig, got, code)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%v: the run took %v to stop", sig, took)
		}
		if now := published(t, bin, dir); now != run {
			t.Errorf("%v: %s is published, want %s", sig, now, run)
		}
		var status struct {
			Last struct {
				Error string `json:"error"`
				Code  int    `json:"exit_code"`
			} `json:"last"`
		}
		if err := json.Unmarshal(call(t, bin, dir, "status", "--out", "out", "--json"), &status); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(status.Last.Error, "SEG-RUN-002") || status.Last.Code != code {
			t.Errorf("%v: status says %+v", sig, status.Last)
		}
	}
}

// Readers who look all the time while runs are published one after the other always see a whole one.
func TestReadersSeeWholeRuns(t *testing.T) {
	bin, dir := segovia(t), company(t)
	args := func(seed string) []string { return []string{"company.yaml", "--out", "out", "--seed", seed} }
	publish(t, bin, dir, args("1")...)
	done := make(chan error, 1)
	go func() {
		for _, seed := range []string{"2", "3", "4"} {
			if out, err := command(bin, dir, append([]string{"run"}, args(seed)...)...).CombinedOutput(); err != nil {
				done <- errors.New(string(out))
				return
			}
		}
		done <- nil
	}()
	seen := map[string]bool{}
	for {
		id := currentID(t, dir)
		run := filepath.Join(dir, "out", "runs", id)
		m := manifest(t, run)
		for _, o := range m.Outputs {
			if sum := sha256.Sum256(read(t, filepath.Join(run, o.Path))); hex(sum) != o.SHA256 {
				t.Fatalf("%s of run %s is not the one of its manifest", o.Path, id)
			}
		}
		seen[m.RunID] = true
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			if len(seen) < 3 {
				t.Errorf("the reader saw %d of 4 runs", len(seen))
			}
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}
