//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"slices"
	"sync"
)

// pinned knows which host memory was allocated by the driver.
type pinned struct {
	mu    sync.RWMutex
	spans []span // by address, not overlapping
}

type span struct{ start, end uintptr }

// at is the index of the first span behind p.
func (m *pinned) at(p uintptr) int {
	i, _ := slices.BinarySearchFunc(m.spans, p, func(s span, p uintptr) int {
		if s.start <= p {
			return -1
		}
		return 1
	})
	return i
}

func (m *pinned) add(p, bytes uintptr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spans = slices.Insert(m.spans, m.at(p), span{p, p + bytes})
}

// remove forgets the span that starts at p, if there is one.
func (m *pinned) remove(p uintptr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.at(p) - 1; i >= 0 && m.spans[i].start == p {
		m.spans = slices.Delete(m.spans, i, i+1)
	}
}

// holds reports whether all bytes from p lie in one span.
func (m *pinned) holds(p, bytes uintptr) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	i := m.at(p) - 1
	return i >= 0 && p < m.spans[i].end && bytes <= m.spans[i].end-p
}
