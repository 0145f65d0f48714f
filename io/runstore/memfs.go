package runstore

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"sort"
	"strings"
	"sync"
	"syscall"
)

// Memory is an FS in memory that keeps apart what was written and what is durable, as a disk does: contents are durable
// after File.Sync, names after SyncDir of their directory. Crash returns what a loss of power would leave.
type Memory struct {
	mu    sync.Mutex
	root  *memNode
	locks map[string][]byte
	limit int64 // bytes in all; 0 = no limit
	used  int64
}

// memNode is a file or a directory.
type memNode struct {
	dir bool
	// file
	data   []byte
	synced []byte
	// directory: entries now, entries that are durable, and the changes between them in order
	entries map[string]*memNode
	durable map[string]*memNode
	pending []memChange
}

// memChange is one atomic change of a directory: every name gets its node, nil removes it.
type memChange map[string]*memNode

// NewMemory returns an empty FS. With limit > 0 writes beyond so many bytes in all fail with ENOSPC.
func NewMemory(limit int64) *Memory {
	return &Memory{root: newMemDir(), locks: map[string][]byte{}, limit: limit}
}

func newMemDir() *memNode {
	return &memNode{dir: true, entries: map[string]*memNode{}, durable: map[string]*memNode{}}
}

// Kill is what the death of all processes leaves: everything written, no lock.
func (m *Memory) Kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.locks = map[string][]byte{}
}

// Crash returns a copy as the disk may look after a loss of power: everything synced is there; of what was not synced, a
// prefix of each directory's changes and of each file's new bytes, as pick decides: pick(n) returns how much survives,
// 0 <= pick(n) <= n. It is asked in a fixed order. With pick returning 0 only what is durable remains.
func (m *Memory) Crash(pick func(n int) int) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := NewMemory(m.limit)
	after.root = m.root.crash(pick)
	after.used = after.root.size()
	return after
}

func (n *memNode) crash(pick func(int) int) *memNode {
	if !n.dir {
		data := bytes.Clone(n.synced)
		switch {
		case bytes.HasPrefix(n.data, n.synced):
			data = append(data, n.data[len(n.synced):len(n.synced)+pick(len(n.data)-len(n.synced))]...)
		case pick(1) == 1: // emptied and written anew since the last sync
			data = bytes.Clone(n.data[:pick(len(n.data))])
		}
		return &memNode{data: data, synced: data}
	}
	entries := maps.Clone(n.durable)
	for _, change := range n.pending[:pick(len(n.pending))] {
		apply(entries, change)
	}
	after := newMemDir()
	for _, name := range sortedKeys(entries) {
		after.entries[name] = entries[name].crash(pick)
	}
	after.durable = maps.Clone(after.entries)
	return after
}

func (n *memNode) size() int64 {
	total := int64(len(n.data))
	for _, e := range n.entries {
		total += e.size()
	}
	return total
}

func apply(entries map[string]*memNode, change memChange) {
	for name, node := range change {
		if node == nil {
			delete(entries, name)
		} else {
			entries[name] = node
		}
	}
}

func (n *memNode) change(c memChange) {
	apply(n.entries, c)
	n.pending = append(n.pending, c)
}

func sortedKeys(m map[string]*memNode) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// find returns the node of name, or nil.
func (m *Memory) find(name string) *memNode {
	n := m.root
	if name == "." {
		return n
	}
	for part := range strings.SplitSeq(name, "/") {
		if n = n.entries[part]; n == nil {
			return nil
		}
	}
	return n
}

// parent returns the directory of name and its last part.
func (m *Memory) parent(op, name string) (*memNode, string, error) {
	if !fs.ValidPath(name) {
		return nil, "", pathError(op, name, fs.ErrInvalid)
	}
	dir := m.find(path.Dir(name))
	if dir == nil || !dir.dir {
		return nil, "", pathError(op, name, fs.ErrNotExist)
	}
	return dir, path.Base(name), nil
}

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// Path returns "memory:name".
func (m *Memory) Path(name string) string { return "memory:" + name }

// Create makes or empties a file.
func (m *Memory) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parent("create", name)
	if err != nil {
		return nil, err
	}
	node := dir.entries[base]
	switch {
	case node == nil:
		node = &memNode{}
		dir.change(memChange{base: node})
	case node.dir:
		return nil, pathError("create", name, syscall.EISDIR)
	default:
		m.used -= int64(len(node.data))
		node.data = nil
	}
	return &memFile{m: m, node: node, name: name}, nil
}

// Open opens a file for reading what it holds now.
func (m *Memory) Open(name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	node := m.find(name)
	if node == nil || node.dir {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(bytes.Clone(node.data))), nil
}

// ReadDir lists a directory.
func (m *Memory) ReadDir(name string) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	node := m.find(name)
	if node == nil || !node.dir {
		return nil, pathError("readdir", name, fs.ErrNotExist)
	}
	var entries []Entry
	for _, base := range sortedKeys(node.entries) {
		e := node.entries[base]
		entries = append(entries, Entry{Name: base, Dir: e.dir, Size: int64(len(e.data))})
	}
	return entries, nil
}

// Mkdir makes one directory.
func (m *Memory) Mkdir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parent("mkdir", name)
	if err != nil {
		return err
	}
	if dir.entries[base] != nil {
		return pathError("mkdir", name, fs.ErrExist)
	}
	dir.change(memChange{base: newMemDir()})
	return nil
}

// Rename replaces newName in one change of the directory.
func (m *Memory) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parent("rename", oldName)
	if err != nil {
		return err
	}
	if path.Dir(oldName) != path.Dir(newName) {
		return pathError("rename", newName, syscall.EXDEV)
	}
	node := dir.entries[base]
	if node == nil {
		return pathError("rename", oldName, fs.ErrNotExist)
	}
	if old := dir.entries[path.Base(newName)]; old != nil {
		if old.dir {
			return pathError("rename", newName, fs.ErrExist)
		}
		m.used -= int64(len(old.data))
	}
	dir.change(memChange{base: nil, path.Base(newName): node})
	return nil
}

// Remove removes a file or an empty directory.
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parent("remove", name)
	if err != nil {
		return err
	}
	node := dir.entries[base]
	if node == nil {
		return pathError("remove", name, fs.ErrNotExist)
	}
	if len(node.entries) > 0 {
		return pathError("remove", name, syscall.ENOTEMPTY)
	}
	m.used -= int64(len(node.data))
	dir.change(memChange{base: nil})
	return nil
}

// SyncDir makes the entries durable.
func (m *Memory) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	node := m.find(name)
	if node == nil || !node.dir {
		return pathError("syncdir", name, fs.ErrNotExist)
	}
	node.durable, node.pending = maps.Clone(node.entries), nil
	return nil
}

// Free returns what the limit leaves.
func (m *Memory) Free() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limit == 0 {
		return -1
	}
	return max(0, m.limit-m.used)
}

// Lock takes the lock.
func (m *Memory) Lock(name string, content []byte) (func() error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if held, ok := m.locks[name]; ok {
		return nil, &HeldError{Content: held}
	}
	m.locks[name] = bytes.Clone(content)
	return func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locks, name)
		return nil
	}, nil
}

// Holder returns who holds the lock.
func (m *Memory) Holder(name string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	held, ok := m.locks[name]
	return held, ok, nil
}

// Close does nothing.
func (m *Memory) Close() error { return nil }

// memFile is a file being written.
type memFile struct {
	m    *Memory
	node *memNode
	name string
}

// Write appends, as far as the limit allows.
func (f *memFile) Write(p []byte) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	n := len(p)
	if f.m.limit > 0 {
		n = int(min(int64(n), max(0, f.m.limit-f.m.used)))
	}
	f.node.data = append(f.node.data, p[:n]...)
	f.m.used += int64(n)
	if n < len(p) {
		return n, pathError("write", f.name, syscall.ENOSPC)
	}
	return n, nil
}

// Sync makes the contents durable.
func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.node.synced = bytes.Clone(f.node.data)
	return nil
}

// Close does nothing.
func (f *memFile) Close() error { return nil }
