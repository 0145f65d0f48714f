package app

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"segovia/engine/ports"
)

// How often progress is told.
const (
	barEvery   = 100 * time.Millisecond
	plainEvery = 30 * time.Second
	jsonEvery  = 5 * time.Second
)

// newProgress chooses how progress is shown: a bar on a terminal, else one plain line every 30 s.
func newProgress(e *env) ports.Progress {
	kind := e.flags.progress
	if kind == "auto" {
		term, _ := e.lookup("TERM")
		switch {
		case e.flags.quiet:
			kind = "none"
		case e.tty && term != "dumb" && !e.flags.json:
			kind = "bar"
		default:
			kind = "plain"
		}
	}
	switch kind {
	case "bar":
		return &steps{every: barEvery, open: func(s *snapshot) teller { return newBar(e.err, s, e.colour()) }}
	case "plain":
		return &steps{every: plainEvery, open: func(*snapshot) teller { return plainTeller{e.err} }}
	case "json":
		return &steps{every: jsonEvery, open: func(*snapshot) teller { return jsonTeller{e.err} }}
	}
	return ports.Silent{}
}

// snapshot is how far a step has come.
type snapshot struct {
	step, unit  string
	done, total int64
	elapsed     time.Duration
}

// rate is units per second; 0 while nothing can be said.
func (s *snapshot) rate() float64 {
	if s.elapsed <= 0 {
		return 0
	}
	return float64(s.done) / s.elapsed.Seconds()
}

// left is the time that the rest will take at the present rate; false when it is not known.
func (s *snapshot) left() (time.Duration, bool) {
	if s.total <= 0 || s.rate() == 0 || s.done > s.total {
		return 0, false
	}
	return time.Duration(float64(s.total-s.done) / s.rate() * float64(time.Second)).Round(time.Second), true
}

// teller shows one step.
type teller interface {
	tell(s *snapshot)
	close(s *snapshot)
}

// steps is a Progress that tells a teller at intervals; counting is one atomic addition.
type steps struct {
	every time.Duration
	open  func(*snapshot) teller

	done atomic.Int64
	mu   sync.Mutex
	stop chan struct{} // nil when no step is open
	idle chan struct{} // closed when the step's goroutine has ended
}

// Begin opens a step; an open one is closed first.
func (p *steps) Begin(step string, total int64, unit string) {
	p.End()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done.Store(0)
	p.stop, p.idle = make(chan struct{}), make(chan struct{})
	start := time.Now()
	s := snapshot{step: step, unit: unit, total: total}
	t := p.open(&s)
	go func(stop, idle chan struct{}) {
		defer close(idle)
		tick := time.NewTicker(p.every)
		defer tick.Stop()
		for open := true; open; {
			select {
			case <-tick.C:
			case <-stop:
				open = false
			}
			s.done, s.elapsed = p.done.Load(), time.Since(start)
			if open {
				t.tell(&s)
			}
		}
		t.close(&s)
	}(p.stop, p.idle)
}

// Add counts.
func (p *steps) Add(n int64) { p.done.Add(n) }

// End closes the step.
func (p *steps) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop == nil {
		return
	}
	close(p.stop)
	<-p.idle
	p.stop = nil
}

// memoryInUse is the memory that the process holds, in bytes.
func memoryInUse() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

type plainTeller struct{ w io.Writer }

func (t plainTeller) tell(s *snapshot) {
	line := fmt.Sprintf("%s: %d", s.step, s.done)
	if s.total > 0 {
		line += fmt.Sprintf(" of %d", s.total)
	}
	if s.unit != "" {
		line += " " + s.unit
	}
	if s.total > 0 {
		line += fmt.Sprintf(" (%d %%)", s.done*100/s.total)
	}
	line += fmt.Sprintf(", %.0f/s", s.rate())
	if left, known := s.left(); known {
		line += ", " + left.String() + " left"
	}
	_, _ = fmt.Fprintf(t.w, "%s, %s\n", line, formatBytes(memoryInUse()))
}

func (plainTeller) close(*snapshot) {}

type jsonTeller struct{ w io.Writer }

func (t jsonTeller) tell(s *snapshot) { t.write("progress", s) }

func (t jsonTeller) close(s *snapshot) { t.write("done", s) }

func (t jsonTeller) write(level string, s *snapshot) {
	var eta *float64
	if left, known := s.left(); known {
		x := left.Seconds()
		eta = &x
	}
	line, err := json.Marshal(struct {
		Level   string   `json:"level"`
		Step    string   `json:"step"`
		Done    int64    `json:"done"`
		Total   int64    `json:"total"`
		Unit    string   `json:"unit"`
		Seconds float64  `json:"seconds"`
		PerS    float64  `json:"per_s"`
		ETA     *float64 `json:"eta_s"`
		Memory  int64    `json:"memory"`
	}{level, s.step, s.done, s.total, s.unit, s.elapsed.Seconds(), s.rate(), eta, memoryInUse()})
	if err != nil {
		panic("BUG: app: " + err.Error())
	}
	_, _ = fmt.Fprintf(t.w, "%s\n", line)
}

// barTeller draws a bar and removes it when the step ends.
type barTeller struct {
	bar  *progressbar.ProgressBar
	step string
}

func newBar(w io.Writer, s *snapshot, colour bool) teller {
	total := s.total
	if total <= 0 {
		total = -1
	}
	bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(s.step),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(s.unit),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionEnableColorCodes(colour),
		progressbar.OptionSetWidth(24), progressbar.OptionThrottle(0),
		// Without a total the bar would turn its spinner by itself, for ever, and draw over the steps that follow.
		progressbar.OptionSetSpinnerChangeInterval(0))
	return &barTeller{bar, s.step}
}

func (t *barTeller) tell(s *snapshot) {
	t.bar.Describe(fmt.Sprintf("%s, %s", t.step, formatBytes(memoryInUse())))
	_ = t.bar.Set64(s.done) // a terminal that cannot be written to shows nothing
}

func (t *barTeller) close(*snapshot) { _ = t.bar.Clear() }
