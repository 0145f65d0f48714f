package runstore

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"segovia/kernels/problem"
)

// onBoth runs a test on the disk and in memory: the two must mean the same.
func onBoth(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Run("disk", func(t *testing.T) {
		s, err := OpenOrCreate(filepath.Join(t.TempDir(), "a", "out"))
		must(t, err)
		defer s.Close()
		test(t, s)
	})
	t.Run("memory", func(t *testing.T) { test(t, New(NewMemory(0))) })
}

func TestPublishAndRead(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		_, err := s.Current()
		wantProblem(t, err, "SEG-STA-002", "nothing is published")
		st, err := s.Status()
		must(t, err)
		if st.Locked || st.Current != nil || st.Last != nil || len(st.Runs) != 0 {
			t.Errorf("an empty store has status %+v", st)
		}
		must(t, publish(s, 0, 30))
		must(t, publish(s, 1, 30))
		whole(t, s, 1)
		must(t, s.Verify(nightID(0)))

		run, err := s.Current()
		must(t, err)
		m := run.Manifest
		if m.RunID != nightID(1) || m.Schema != ManifestSchema || m.Project != "b2b" || m.Seed != 7 {
			t.Errorf("manifest %+v", m)
		}
		if len(m.Outputs) != 2 || m.Outputs[0].Path != "export/crm.csv" || m.Outputs[1].Path != "labels.parquet" {
			t.Fatalf("outputs %+v", m.Outputs)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256([]byte(labels(1)))); m.Outputs[1].SHA256 != want {
			t.Errorf("sha256 %s, want %s", m.Outputs[1].SHA256, want)
		}
		if want := int64(len(labels(1))); m.Outputs[1].Size != want {
			t.Errorf("size %d, want %d", m.Outputs[1].Size, want)
		}
		if !run.Has("labels.parquet") || run.Has("../../CURRENT") {
			t.Error("Has is wrong")
		}
		_, err = run.Open("../../CURRENT")
		wantProblem(t, err, "SEG-STA-002")
		for _, id := range []string{"", "..", "20260101T000000Z-0000", "../../etc"} {
			_, err = s.Run(id)
			wantProblem(t, err, "SEG-STA-002", fmt.Sprintf("%q", id))
		}
	})
}

// The keys of the manifest stand in a fixed order, and nothing in it is escaped for HTML.
func TestManifestBytes(t *testing.T) {
	mem := NewMemory(0)
	s := New(mem)
	w, err := s.Lock(holder(0))
	must(t, err)
	work, err := w.Begin()
	must(t, err)
	m := Manifest{
		Project: "a<b", Config: json.RawMessage(`{"z":1,"a":"&"}`), LabelHash: "ff",
		Inputs: []Input{{Source: "orders", Path: "x.csv", Size: 3, MTime: night(0), SHA256: "00", Rows: 2}},
	}
	must(t, work.Publish(m, Results{}))
	must(t, w.Unlock())
	got, err := s.read(runDir(nightID(0)) + "/" + ManifestFile)
	must(t, err)
	want := `{
  "$schema": "segovia:manifest",
  "format_version": 1,
  "run_id": "` + nightID(0) + `",
  "project": "a<b",
  "segovia": {
    "version": "",
    "build": ""
  },
  "config": {
    "z": 1,
    "a": "&"
  },
  "config_sha256": "",
  "seed": 0,
  "algorithm_version": "",
  "inputs": [
    {
      "source": "orders",
      "path": "x.csv",
      "size": 3,
      "mtime": "2026-11-01T01:00:00Z",
      "sha256": "00",
      "rows": 2
    }
  ],
  "data": {
    "sources": [],
    "customers": 0,
    "orders": null,
    "amount": null
  },
  "outputs": [],
  "label_hash": "ff",
  "environment": {
    "host": "",
    "path": "",
    "threads": 0,
    "start": "0001-01-01T00:00:00Z",
    "end": "0001-01-01T00:00:00Z",
    "timings": {},
    "peak_memory": 0
  }
}
`
	if string(got) != want {
		t.Errorf("manifest is\n%s\nwant\n%s", got, want)
	}
}

func TestRunID(t *testing.T) {
	var h [sha256.Size]byte
	h[0], h[1] = 0x7f, 0x3a
	if got := RunID(night(21), h); got != "20261122T010000Z-7f3a" {
		t.Errorf("run id %s", got)
	}
}

func TestFailedRunStaysForStatus(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		must(t, publish(s, 0, 30))
		fail := func(n, code int, status string) {
			w, err := s.Lock(holder(n))
			must(t, err)
			work, err := w.Begin()
			must(t, err)
			must(t, work.WriteFile("quality.json", []byte("{}")))
			must(t, work.End(Results{Status: status, ExitCode: &code, Errors: []RunError{{ID: "SEG-GAT-001"}}}))
			must(t, w.Unlock())
		}
		fail(1, 4, "failed")
		fail(2, 4, "failed")
		st, err := s.Status()
		must(t, err)
		if st.Last.ID != nightID(2) || st.Last.State != Failed || *st.Last.Results.ExitCode != 4 ||
			st.Last.Results.Errors[0].ID != "SEG-GAT-001" || st.Last.Results.RunID != nightID(2) {
			t.Errorf("last run %+v %+v", st.Last, st.Last.Results)
		}
		whole(t, s, 0)
		_, err = s.Run(nightID(2))
		wantProblem(t, err, "SEG-STA-002")
		fail(3, 0, "unchanged")
		must(t, publish(s, 4, 30))
		st, err = s.Status()
		must(t, err)
		var got []string
		for _, r := range st.Runs {
			got = append(got, fmt.Sprint(r.ID == nightID(len(got)), " ", r.State))
		}
		// Night 1 made way for night 2, the newest that failed.
		want := []State{Published, Failed, Finished, Published}
		if len(st.Runs) != len(want) {
			t.Fatalf("runs %v, want states %v", got, want)
		}
		for i, r := range st.Runs {
			if r.State != want[i] {
				t.Errorf("run %d is %s, want %s", i, r.State, want[i])
			}
		}
	})
}

func TestStatusWhileRunningAndAfterDeath(t *testing.T) {
	mem := NewMemory(0)
	s := New(mem)
	must(t, publish(s, 0, 30))
	w, err := s.Lock(holder(1))
	must(t, err)
	work, err := w.Begin()
	must(t, err)
	must(t, work.WriteResults(Results{Status: "running", Steps: []Step{{Name: "features", Status: "running"}}}))
	st, err := s.Status()
	must(t, err)
	if !st.Locked || st.Holder != holder(1) || st.Last.State != Running || st.Current.ID != nightID(0) {
		t.Errorf("status of a running store: %+v, last %+v", st, st.Last)
	}
	mem.Kill()
	st, err = s.Status()
	must(t, err)
	if st.Locked || st.Last.State != Abandoned || st.Last.Results.Steps[0].Name != "features" {
		t.Errorf("status after the death of a run: %+v, last %+v", st, st.Last)
	}
	w, err = s.Lock(holder(2))
	must(t, err)
	defer w.Unlock()
	runs, err := s.List()
	must(t, err)
	if len(runs) != 1 || runs[0].ID != nightID(0) {
		t.Errorf("the next run left %+v", runs)
	}
}

func TestCollect(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for n := range 5 {
			must(t, publish(s, n, 30))
		}
		w, err := s.Lock(holder(9))
		must(t, err)
		defer w.Unlock()
		must(t, w.Rollback(nightID(0)))
		removed, err := w.Collect(2)
		must(t, err)
		if fmt.Sprint(removed) != fmt.Sprint([]string{nightID(1), nightID(2), nightID(3)}) {
			t.Errorf("removed %v", removed)
		}
		whole(t, s, 0) // the oldest of all, but current
		must(t, s.Verify(nightID(4)))
		removed, err = w.Collect(-1)
		must(t, err)
		if len(removed) != 1 || removed[0] != nightID(4) {
			t.Errorf("removed %v", removed)
		}
		whole(t, s, 0)
		if removed, err = w.Collect(1); err != nil || len(removed) != 0 {
			t.Errorf("removed %v, %v", removed, err)
		}
	})
}

func TestRollback(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		must(t, publish(s, 0, 30))
		must(t, publish(s, 1, 30))
		w, err := s.Lock(Holder{Host: "db7", PID: 1, Start: night(2)})
		must(t, err)
		defer w.Unlock()
		must(t, w.Rollback(nightID(0)))
		whole(t, s, 0)
		wantProblem(t, w.Rollback(nightID(5)), "SEG-STA-002", nightID(5))
		f, err := s.fs.Create(runDir(nightID(1)) + "/labels.parquet")
		must(t, err)
		_, err = f.Write([]byte("other"))
		must(t, err)
		must(t, f.Close())
		wantProblem(t, w.Rollback(nightID(1)), "SEG-STA-003", "labels.parquet", "5 bytes")
		whole(t, s, 0)
	})
}

func TestVerifyFindsEveryDamage(t *testing.T) {
	flipped := []byte(labels(0))
	flipped[100] ^= 1
	dir := runDir(nightID(0))
	for name, damage := range map[string]func(m *Memory) error{
		"output changed": func(m *Memory) error { return New(m).writeFile(dir+"/labels.parquet", flipped) },
		"output longer": func(m *Memory) error {
			return New(m).writeFile(dir+"/labels.parquet", []byte(labels(0)+"x"))
		},
		"output gone":      func(m *Memory) error { return m.Remove(dir + "/export/crm.csv") },
		"manifest changed": func(m *Memory) error { return New(m).writeFile(dir+"/"+ManifestFile, []byte("{}")) },
		"manifest gone":    func(m *Memory) error { return m.Remove(dir + "/" + ManifestFile) },
		"success gone":     func(m *Memory) error { return m.Remove(dir + "/" + SuccessFile) },
		"success changed":  func(m *Memory) error { return New(m).writeFile(dir+"/"+SuccessFile, nil) },
		"current garbage":  func(m *Memory) error { return New(m).writeFile(currentFile, []byte("../../etc\n")) },
		"current too new":  func(m *Memory) error { return New(m).writeFile(currentFile, []byte(nightID(5)+"\n")) },
	} {
		t.Run(name, func(t *testing.T) {
			mem := NewMemory(0)
			s := New(mem)
			must(t, publish(s, 0, 30))
			whole(t, s, 0)
			must(t, damage(mem))
			run, err := s.Current()
			if err == nil {
				err = run.Verify()
			}
			wantProblem(t, err, "SEG-STA-003")
			if problem.ExitCode(err) != problem.ExitState {
				t.Errorf("exit code %d", problem.ExitCode(err))
			}
			if name == "output changed" {
				_, err = run.ReadFile("labels.parquet")
				wantProblem(t, err, "SEG-STA-003", "SHA-256")
			}
		})
	}
}

// A CURRENT without _SUCCESS must not be cleaned away as if it were an abandoned run: somebody has to look.
func TestDamagedCurrentIsNotCleaned(t *testing.T) {
	mem := NewMemory(0)
	s := New(mem)
	must(t, publish(s, 0, 30))
	must(t, mem.Remove(runDir(nightID(0))+"/"+SuccessFile))
	_, err := s.Status()
	wantProblem(t, err, "SEG-STA-003", nightID(0))
	w, err := s.Lock(holder(1))
	must(t, err)
	must(t, w.Unlock())
	if _, err := mem.ReadDir(runDir(nightID(0))); err != nil {
		t.Error("the damaged current run was removed")
	}
}

func TestUnsafeNames(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		w, err := s.Lock(holder(0))
		must(t, err)
		defer w.Unlock()
		work, err := w.Begin()
		must(t, err)
		for _, name := range []string{
			"", ".", "..", "../x", "/etc/passwd", "a/../../x", "a//b", "a/", "./a", "a\x00b", "a\nb", `a\b`, "C:x",
			strings.Repeat("x", 256), ManifestFile, ResultsFile, ResultsFile + ".tmp", SuccessFile,
		} {
			_, err := work.Create(name)
			wantProblem(t, err, "SEG-OUT-001")
			if problem.ExitCode(err) != problem.ExitOutput {
				t.Errorf("exit code of %q: %d", name, problem.ExitCode(err))
			}
		}
		for _, name := range []string{"a", "x/y/z.csv", "x/y/w.csv", "Süd & Nord.csv", "..a", "<b>"} {
			must(t, work.WriteFile(name, []byte(name)))
			_, err := work.Create(name)
			wantProblem(t, err, "SEG-OUT-001", "taken")
		}
		must(t, work.Publish(Manifest{}, Results{}))
		must(t, s.Verify(nightID(0)))
		if _, err = work.Create("late"); err == nil {
			t.Error("an output was made after the publication")
		}
	})
}

// No link inside the output directory leads a run out of it.
func TestLinksDoNotLeadOut(t *testing.T) {
	for _, link := range []string{"runs", "lock", "CURRENT", "CURRENT.tmp"} {
		t.Run(link, func(t *testing.T) {
			outside, out := t.TempDir(), t.TempDir()
			must(t, os.Symlink(filepath.Join(outside, "target"), filepath.Join(out, link)))
			if link == "runs" {
				must(t, os.Mkdir(filepath.Join(outside, "target"), 0o755))
			}
			s, err := Open(out)
			must(t, err)
			defer s.Close()
			err = publish(s, 0, 30)
			switch {
			case link == "CURRENT": // replaced by rename, never written through
				must(t, err)
				whole(t, s, 0)
			case err == nil:
				t.Error("the run went through a link that leads out")
			default:
				wantProblem(t, err, "SEG-OUT-001", link)
			}
			left, err := filepath.Glob(filepath.Join(outside, "*", "*"))
			must(t, err)
			if _, err := os.Stat(filepath.Join(outside, "target")); len(left) > 0 || link != "runs" && err == nil {
				t.Errorf("something was written outside: %v", left)
			}
		})
	}
}

func TestAbortAndOpenOutputs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		w, err := s.Lock(holder(0))
		must(t, err)
		defer w.Unlock()
		work, err := w.Begin()
		must(t, err)
		o, err := work.Create("a")
		must(t, err)
		_, err = o.Write([]byte("half"))
		must(t, err)
		wantProblem(t, work.Publish(Manifest{}, Results{}), "SEG-BUG-001", "not closed")
		must(t, o.Abort())
		must(t, work.WriteFile("b", []byte("whole")))
		must(t, work.Publish(Manifest{}, Results{}))
		run, err := s.Current()
		must(t, err)
		if len(run.Manifest.Outputs) != 1 || run.Has("a") {
			t.Errorf("outputs %+v", run.Manifest.Outputs)
		}
	})
}

func TestFullDisk(t *testing.T) {
	mem := NewMemory(6000)
	s := New(mem)
	w, err := s.Lock(holder(0))
	must(t, err)
	defer w.Unlock()
	wantProblem(t, w.Need(1<<40), "SEG-OUT-002", "1,099,511,627,776 bytes (1.0 TiB)", "6,000 bytes (5.9 KiB) free")
	must(t, w.Need(6000))
	work, err := w.Begin()
	must(t, err)
	o, err := work.Create("labels.parquet")
	must(t, err)
	_, err = o.Write(make([]byte, 5000))
	must(t, err)
	_, err = o.Write(make([]byte, 5000))
	wantProblem(t, err, "SEG-OUT-002", "labels.parquet", "at least 4,000 bytes (3.9 KiB) more needed", "0 bytes free")
	if problem.ExitCode(err) != problem.ExitOutput {
		t.Errorf("exit code %d", problem.ExitCode(err))
	}
	wantProblem(t, o.Close(), "SEG-OUT-002")
	wantProblem(t, work.Publish(Manifest{}, Results{}), "SEG-OUT-002")
	// Not a byte is free, and the results are written all the same: the output gives way.
	code := 14
	must(t, work.End(Results{Status: "failed", ExitCode: &code}))
	st, err := s.Status()
	must(t, err)
	if *st.Last.Results.ExitCode != 14 {
		t.Errorf("last run %+v", st.Last.Results)
	}
}

func TestReadOnlyOutput(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o644))
	_, err := OpenOrCreate(filepath.Join(file, "out"))
	wantProblem(t, err, "SEG-OUT-003", filepath.Join(file, "out"))
	_, err = Open(filepath.Join(dir, "nowhere"))
	wantProblem(t, err, "SEG-STA-002", "nowhere")
	if os.Geteuid() == 0 {
		t.Log("as root no directory is read-only; EROFS is tested by TestFailAnywhere")
		return
	}
	must(t, os.Chmod(dir, 0o555))
	_, err = OpenOrCreate(filepath.Join(dir, "out"))
	wantProblem(t, err, "SEG-OUT-003")
}

func TestConcurrentOutputs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		w, err := s.Lock(holder(0))
		must(t, err)
		defer w.Unlock()
		work, err := w.Begin()
		must(t, err)
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = work.WriteFile(fmt.Sprintf("part/%d", i), []byte(labels(i))) })
		}
		wg.Wait()
		for _, err := range errs {
			must(t, err)
		}
		must(t, work.Publish(Manifest{}, Results{}))
		run, err := s.Current()
		must(t, err)
		if len(run.Manifest.Outputs) != 8 {
			t.Errorf("%d outputs", len(run.Manifest.Outputs))
		}
		must(t, run.Verify())
	})
}

func TestSameRunTwice(t *testing.T) {
	s := New(NewMemory(0))
	must(t, publish(s, 0, 30))
	wantProblem(t, publish(s, 0, 30), "SEG-RUN-001", nightID(0))
	whole(t, s, 0)
}
