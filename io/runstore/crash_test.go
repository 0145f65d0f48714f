package runstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
)

// setUp returns a file system on which nights 0 and 1 are published and durable, and night 2 was killed.
func setUp(t *testing.T, published int) *Memory {
	t.Helper()
	mem := NewMemory(0)
	for n := range published {
		must(t, publish(New(mem), n, 2))
	}
	f := &Fault{FS: mem, CrashAt: 12}
	if err := publish(New(f), published, 2); !errors.Is(err, ErrCrashed) {
		t.Fatalf("the process did not die: %v", err)
	}
	mem.Kill()
	return mem
}

// operations returns how many operations the next night takes, retention included.
func operations(t *testing.T, published int) int {
	t.Helper()
	f := &Fault{FS: setUp(t, published)}
	must(t, publish(New(f), 9, 2))
	return f.Count()
}

// TestCrashAnywhere lets a run die at every single operation, by kill -9 and by loss of power, and looks at what the next
// process finds: a whole old or a whole new publication, and a store that works on.
func TestCrashAnywhere(t *testing.T) {
	for _, published := range []int{0, 1, 3} {
		last := published - 1 // -1 when nothing was published
		total := operations(t, published)
		if total < 30 {
			t.Fatalf("only %d operations: the run did nothing", total)
		}
		newSeen, oldSeen := 0, 0
		for at := 1; at <= total; at++ {
			survivors := map[string]func(*Memory) *Memory{
				"kill":     func(m *Memory) *Memory { m.Kill(); return m },
				"durable":  func(m *Memory) *Memory { return m.Crash(func(int) int { return 0 }) },
				"all":      func(m *Memory) *Memory { return m.Crash(func(n int) int { return n }) },
				"metadata": func(m *Memory) *Memory { return m.Crash(func(n int) int { return min(n, 9) }) },
			}
			for seed := range uint64(6) {
				survivors[fmt.Sprint("random", seed)] = func(m *Memory) *Memory {
					r := rand.New(rand.NewPCG(seed, uint64(at)))
					return m.Crash(func(n int) int { return r.IntN(n + 1) })
				}
			}
			for name, survive := range survivors {
				t.Run(fmt.Sprintf("published=%d/at=%d/%s", published, at, name), func(t *testing.T) {
					mem := setUp(t, published)
					f := &Fault{FS: mem, CrashAt: at}
					if err := publish(New(f), 9, 2); !errors.Is(err, ErrCrashed) {
						t.Fatalf("the process did not die: %v", err)
					}
					mem = survive(mem)
					s := New(mem)
					whole(t, s, last, 9)
					if id, _ := s.CurrentID(); id == nightID(9) {
						newSeen++
					} else {
						oldSeen++
					}
					// The next process cleans up and publishes, and nothing abandoned is left.
					must(t, publish(s, 10, 2))
					whole(t, s, 10)
					runs, err := s.List()
					must(t, err)
					if len(runs) > 2 {
						t.Errorf("%d runs are left, want 2 at most: %+v", len(runs), runs)
					}
					for _, r := range runs {
						if r.State != Published {
							t.Errorf("run %s is left %s", r.ID, r.State)
						}
						must(t, s.Verify(r.ID))
					}
					left, err := mem.ReadDir(runsDir)
					must(t, err)
					if len(left) != len(runs) {
						t.Errorf("%v is left in runs", left)
					}
				})
			}
		}
		if newSeen == 0 || oldSeen == 0 {
			t.Errorf("published=%d: crashes left the new run %d times and the old one %d times; want both", published, newSeen, oldSeen)
		}
	}
}

// TestPublishedSurvivesPowerLoss: once Publish has returned, nothing can take the publication back.
func TestPublishedSurvivesPowerLoss(t *testing.T) {
	mem := setUp(t, 1)
	must(t, publish(New(mem), 9, 2))
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		whole(t, New(mem.Crash(func(n int) int { return r.IntN(n + 1) })), 9)
	}
	whole(t, New(mem.Crash(func(int) int { return 0 })), 9)
}

// TestFailAnywhere lets every single operation fail once: the run says so, the old publication stands (or, if only what
// follows the rename of CURRENT failed, the new one), and the next run works.
func TestFailAnywhere(t *testing.T) {
	total := operations(t, 2)
	for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
		failed := 0
		for at := 1; at <= total; at++ {
			t.Run(fmt.Sprintf("%v/at=%d", cause, at), func(t *testing.T) {
				mem := setUp(t, 2)
				f := &Fault{FS: mem, FailAt: at, Err: cause}
				s := New(f)
				err := publish(s, 9, 2)
				if err == nil {
					t.Fatalf("operation %d failed and nobody said so", at)
				}
				failed++
				want := "SEG-OUT-003"
				if cause == syscall.ENOSPC {
					want = "SEG-OUT-002"
				}
				wantProblem(t, err, want, "memory:")
				whole(t, s, 1, 9)
				must(t, publish(s, 10, 2))
				whole(t, s, 10)
			})
		}
		if failed != total {
			t.Errorf("%v: %d of %d failures were seen", cause, failed, total)
		}
	}
}

// TestCrashModel holds the model itself to account: what is not synced does get lost.
func TestCrashModel(t *testing.T) {
	mem := NewMemory(0)
	write := func(name, content string, sync bool) {
		f, err := mem.Create(name)
		must(t, err)
		_, err = f.Write([]byte(content))
		must(t, err)
		if sync {
			must(t, f.Sync())
		}
		must(t, f.Close())
	}
	has := func(m *Memory, name string) string {
		s := New(m)
		content, err := s.read(name)
		if err != nil {
			return "-"
		}
		return string(content)
	}
	none := func(int) int { return 0 }
	write("a", "old", true)
	if got := has(mem.Crash(none), "a"); got != "-" {
		t.Errorf("a file whose directory was never synced survives as %q", got)
	}
	must(t, mem.SyncDir("."))
	write("a", "new", false)
	if got := has(mem.Crash(none), "a"); got != "old" {
		t.Errorf("a file rewritten without sync survives as %q", got)
	}
	write("b", "renamed", false)
	must(t, mem.Rename("b", "a"))
	if got := has(mem.Crash(none), "a"); got != "old" {
		t.Errorf("a rename without sync survives as %q", got)
	}
	// The names may survive without the contents: the classic empty file after a loss of power.
	calls := 0
	torn := mem.Crash(func(n int) int {
		calls++
		if calls == 1 {
			return n // the directory's changes
		}
		return 0
	})
	if got := has(torn, "a"); got != "" {
		t.Errorf("a renamed file without sync survives as %q, want it empty", got)
	}
	must(t, mem.SyncDir("."))
	if got := has(mem.Crash(none), "a"); got != "" {
		t.Errorf("sync of the directory made the contents %q durable", got)
	}
}
