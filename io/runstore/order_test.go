package runstore

import (
	"testing"
	"time"
)

// Two runs of one second stand in the order of their starts, whatever their ids end with.
func TestRunsOfOneSecond(t *testing.T) {
	s := New(NewMemory(0))
	first, second := "20261101T010000Z-ffff", "20261101T010000Z-0000"
	for i, id := range []string{first, second} {
		start := night(0).Add(time.Duration(i) * 300 * time.Millisecond)
		w, err := s.Lock(Holder{Host: "db7", PID: 1, RunID: id, Start: start})
		must(t, err)
		work, err := w.Begin()
		must(t, err)
		code := 13 * i // the second one fails
		results := Results{RunID: id, Start: start, ExitCode: &code, Status: "failed"}
		if i == 0 {
			results.Status = "published"
			must(t, work.Publish(Manifest{}, results))
		} else {
			must(t, work.End(results))
		}
		must(t, w.Unlock())
	}
	st, err := s.Status()
	must(t, err)
	if st.Last.ID != second || st.Last.State != Failed || st.Current.ID != first {
		t.Errorf("last %+v, current %+v", st.Last, st.Current)
	}
}
