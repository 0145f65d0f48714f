package runstore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"segovia/kernels/problem"
)

// night returns the start of the n-th run of the tests.
func night(n int) time.Time { return time.Date(2026, 11, 1+n, 1, 0, 0, 0, time.UTC) }

func nightID(n int) string { return RunID(night(n), sha256.Sum256(fmt.Appendf(nil, "night %d", n))) }

func holder(n int) Holder {
	return Holder{Host: "db7", PID: 4000 + n, RunID: nightID(n), Start: night(n)}
}

// labels are the contents of the main output of night n; text is the smaller one below a directory.
func labels(n int) string { return strings.Repeat(fmt.Sprintf("customer\tS-%06d\n", n), 200) }

// publish does the whole of night n: lock, outputs, publication, retention.
func publish(s *Store, n, keep int) error {
	w, err := s.Lock(holder(n))
	if err != nil {
		return err
	}
	err = publishLocked(w, n)
	if err == nil {
		_, err = w.Collect(keep)
	}
	return errors.Join(err, w.Unlock())
}

func publishLocked(w *Writer, n int) error {
	work, err := w.Begin()
	if err != nil {
		return err
	}
	res := Results{Project: "b2b", Start: night(n), Status: "running"}
	if err := work.WriteResults(res); err != nil {
		return err
	}
	err = func() error {
		o, err := work.Create("labels.parquet")
		if err != nil {
			return err
		}
		for part := range strings.SplitAfterSeq(labels(n), "50\n") {
			if _, err := o.Write([]byte(part)); err != nil {
				return err
			}
		}
		if err := o.Close(); err != nil {
			return err
		}
		if err := work.WriteFile("export/crm.csv", []byte("id\n"+fmt.Sprint(n))); err != nil {
			return err
		}
		return work.Publish(Manifest{Project: "b2b", Seed: 7, Config: []byte(`{"k":5}`)}, res)
	}()
	if err != nil {
		code := problem.ExitCode(err)
		res.Status, res.ExitCode = "failed", &code
		return errors.Join(err, work.End(res))
	}
	return nil
}

// whole checks that the store is in order and that CURRENT names one of the wanted nights, whole, with its contents;
// want -1 means that nothing is published.
func whole(t *testing.T, s *Store, want ...int) {
	t.Helper()
	st, err := s.Status()
	if err != nil {
		t.Fatalf("status: %v", err)
	}
	if st.Current == nil {
		for _, n := range want {
			if n == -1 {
				return
			}
		}
		t.Fatalf("nothing is published, want one of the nights %v", want)
	}
	run, err := s.Current()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Verify(); err != nil {
		t.Fatal(err)
	}
	got, err := run.ReadFile("labels.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range want {
		if n >= 0 && run.ID == nightID(n) {
			if string(got) != labels(n) {
				t.Fatalf("night %d has other labels", n)
			}
			if st.Current.Results == nil || st.Current.Results.ExitCode == nil {
				t.Fatalf("night %d is published without results: %+v", n, st.Current.Results)
			}
			return
		}
	}
	t.Fatalf("current is %s, want one of the nights %v", run.ID, want)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantProblem checks the id and that the message has all the parts.
func wantProblem(t *testing.T, err error, id string, parts ...string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.ID != id {
		t.Fatalf("got %v, want %s", err, id)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}
