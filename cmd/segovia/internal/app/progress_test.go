package app

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// A step that is over draws no more: neither one of known length nor one without.
func TestClosedBarIsSilent(t *testing.T) {
	for _, total := range []int64{0, 100} {
		var screen bytes.Buffer
		w := &lockedWriter{w: &screen}
		size := func() int {
			w.mu.Lock()
			defer w.mu.Unlock()
			return screen.Len()
		}
		s := snapshot{step: "features", unit: "rows", total: total, done: 50, elapsed: time.Second}
		bar := newBar(w, &s, false)
		bar.tell(&s)
		if text := screen.String(); !strings.Contains(text, "features") || !strings.Contains(text, "50") {
			t.Fatalf("total %d: the bar shows %q", total, text)
		}
		bar.close(&s)
		before := size()
		time.Sleep(350 * time.Millisecond) // three turns of a spinner
		if after := size(); after != before {
			t.Errorf("total %d: %d bytes were drawn after the end of the step", total, after-before)
		}
	}
}
