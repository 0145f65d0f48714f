package emulator

import (
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// A stream is a queue. Nothing in it is done before something waits for it: a missing wait shows. Streams know nothing of each
// other but what events say; stream 0 is one like the others.
type stream struct {
	queue     []*operation
	capturing bool
	captured  []*operation
}

// An operation is work in a stream.
type operation struct {
	what   string // the call of the driver API
	do     func() error
	stream *stream
	done   bool
	at     int64 // the clock when it was done
}

// An event stands for the newest operation that recorded it.
type event struct{ record *operation }

// issue appends work to a stream, or to the graph it captures.
func (d *Device) issue(s *stream, what string, do func() error) *operation {
	op := &operation{what: what, do: do, stream: s}
	if s.capturing {
		s.captured = append(s.captured, op)
	} else {
		s.queue = append(s.queue, op)
	}
	return op
}

// drain does the work of a stream up to and including last; nil: all of it.
func (d *Device) drain(s *stream, last *operation) error {
	for len(s.queue) > 0 && (last == nil || !last.done) {
		op := s.queue[0]
		s.queue = s.queue[1:]
		if err := d.perform(op); err != nil {
			return err
		}
		op.done, op.at = true, d.clock
	}
	return nil
}

// perform does one operation. What goes wrong in it is reported by the call that waits, and by all later ones.
func (d *Device) perform(op *operation) (err error) {
	if d.sticky != nil {
		return d.sticky
	}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*fault)
			if !ok {
				panic(r)
			}
			d.fault = f
			e := failure(op.what, f.code, "%v", f)
			d.sticky, err = e, e
		}
	}()
	return op.do()
}

func (d *Device) drainAll(call string) error {
	for _, h := range sorted(d.streams) {
		if err := d.drain(d.streams[h], nil); err != nil {
			return renamed(err, call)
		}
	}
	for _, s := range d.orphans {
		if err := d.drain(s, nil); err != nil {
			return renamed(err, call)
		}
	}
	d.orphans = nil
	return nil
}

// renamed gives an error of queued work the name of the call that reports it.
func renamed(err error, call string) error {
	if e, ok := err.(*driver.Error); ok && e != nil {
		c := *e
		c.Call = call
		return &c
	}
	return err
}

// find returns a stream.
func (d *Device) find(s driver.Stream, call string) (*stream, error) {
	if st := d.streams[s]; st != nil {
		return st, nil
	}
	return nil, failure(call, codeInvalidHandle, "no stream %#x", uintptr(s))
}

// span finds device memory for a copy.
func (d *Device) span(call string, p driver.Ptr, bytes uint64) (*allocation, uint64, error) {
	a := d.memory.find(uint64(p), bytes)
	if a == nil {
		return nil, 0, failure(call, codeInvalidValue, "%d bytes at %#x are outside of every allocation: %s", bytes, uint64(p), d.memory.place(uint64(p)))
	}
	return a, uint64(p) - a.base, nil
}

// CopyToDevice implements driver.API. Memory that is not pinned is read now, pinned memory when the copy is done.
func (d *Device) CopyToDevice(dst driver.Ptr, src unsafe.Pointer, bytes uint64, s driver.Stream) error {
	const call = "cuMemcpyHtoDAsync_v2"
	err := d.enter("CopyToDevice")
	defer d.mu.Unlock()
	if err != nil || bytes == 0 {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	if _, _, err := d.span(call, dst, bytes); err != nil {
		return err
	}
	from := unsafe.Slice((*byte)(src), bytes)
	if !d.isPinned(src, bytes) {
		if st.capturing {
			return failure(call, codeCaptureUnsupported, "a graph reads host memory that is not pinned")
		}
		from = append([]byte(nil), from...)
	}
	d.issue(st, call, func() error {
		a, off, err := d.span(call, dst, bytes)
		if err != nil {
			return err
		}
		copy(a.data[off:off+bytes], from)
		a.write(off, bytes)
		return nil
	})
	return nil
}

// CopyToHost implements driver.API. Into memory that is not pinned it waits for the stream; pinned memory is filled when
// something waits. Bytes that nobody has written are copied as they are: an error would hit the padding of rows.
func (d *Device) CopyToHost(dst unsafe.Pointer, src driver.Ptr, bytes uint64, s driver.Stream) error {
	const call = "cuMemcpyDtoHAsync_v2"
	err := d.enter("CopyToHost")
	defer d.mu.Unlock()
	if err != nil || bytes == 0 {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	if _, _, err := d.span(call, src, bytes); err != nil {
		return err
	}
	pinned := d.isPinned(dst, bytes)
	if !pinned && st.capturing {
		return failure(call, codeCaptureUnsupported, "a graph writes host memory that is not pinned")
	}
	to := unsafe.Slice((*byte)(dst), bytes)
	d.issue(st, call, func() error {
		a, off, err := d.span(call, src, bytes)
		if err != nil {
			return err
		}
		copy(to, a.data[off:off+bytes])
		return nil
	})
	if pinned {
		return nil
	}
	return renamed(d.drain(st, nil), call)
}

// CopyOnDevice implements driver.API.
func (d *Device) CopyOnDevice(dst, src driver.Ptr, bytes uint64, s driver.Stream) error {
	const call = "cuMemcpyDtoDAsync_v2"
	err := d.enter("CopyOnDevice")
	defer d.mu.Unlock()
	if err != nil || bytes == 0 {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	for _, p := range []driver.Ptr{dst, src} {
		if _, _, err := d.span(call, p, bytes); err != nil {
			return err
		}
	}
	d.issue(st, call, func() error {
		to, toOff, err := d.span(call, dst, bytes)
		if err != nil {
			return err
		}
		from, fromOff, err := d.span(call, src, bytes)
		if err != nil {
			return err
		}
		if to == from && toOff < fromOff+bytes && fromOff < toOff+bytes {
			return failure(call, codeInvalidValue, "the places overlap")
		}
		copy(to.data[toOff:toOff+bytes], from.data[fromOff:fromOff+bytes])
		to.copyKnown(toOff, from, fromOff, bytes)
		return nil
	})
	return nil
}

// Fill implements driver.API.
func (d *Device) Fill(dst driver.Ptr, v uint8, bytes uint64, s driver.Stream) error {
	const call = "cuMemsetD8Async"
	err := d.enter("Fill")
	defer d.mu.Unlock()
	if err != nil || bytes == 0 {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	if _, _, err := d.span(call, dst, bytes); err != nil {
		return err
	}
	d.issue(st, call, func() error {
		a, off, err := d.span(call, dst, bytes)
		if err != nil {
			return err
		}
		for i := range a.data[off : off+bytes] {
			a.data[off+uint64(i)] = v
		}
		a.write(off, bytes)
		return nil
	})
	return nil
}

// NewStream implements driver.API.
func (d *Device) NewStream() (driver.Stream, error) {
	err := d.enter("NewStream")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	h := driver.Stream(d.handle())
	d.streams[h] = &stream{}
	return h, nil
}

// CloseStream implements driver.API: work that is left is done later.
func (d *Device) CloseStream(s driver.Stream) error {
	err := d.enter("CloseStream")
	defer d.mu.Unlock()
	st, missing := d.find(s, "cuStreamDestroy_v2")
	if missing != nil || s == 0 {
		if err == nil {
			err = missing
		}
		return err
	}
	if err == nil || d.sticky != nil {
		delete(d.streams, s)
		if len(st.queue) > 0 {
			d.orphans = append(d.orphans, st)
		}
	}
	return err
}

// Synchronize implements driver.API.
func (d *Device) Synchronize(s driver.Stream) error {
	const call = "cuStreamSynchronize"
	err := d.enter("Synchronize")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	if st.capturing {
		return failure(call, codeCaptureUnsupported, "the stream captures")
	}
	return renamed(d.drain(st, nil), call)
}

// BeginCapture implements driver.API.
func (d *Device) BeginCapture(s driver.Stream) error {
	const call = "cuStreamBeginCapture_v2"
	err := d.enter("BeginCapture")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	if s == 0 || st.capturing {
		return failure(call, codeCaptureUnsupported, "stream %#x cannot begin to capture", uintptr(s))
	}
	st.capturing, st.captured = true, nil
	return nil
}

// EndCapture implements driver.API.
func (d *Device) EndCapture(s driver.Stream) (driver.Graph, error) {
	const call = "cuStreamEndCapture"
	err := d.enter("EndCapture")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	st, err := d.find(s, call)
	if err != nil {
		return 0, err
	}
	if !st.capturing {
		return 0, failure(call, codeInvalidValue, "the stream does not capture")
	}
	h := driver.Graph(d.handle())
	d.graphs[h] = st.captured
	st.capturing, st.captured = false, nil
	return h, nil
}

// LaunchGraph implements driver.API: the operations are done again in the order of their capture.
func (d *Device) LaunchGraph(g driver.Graph, s driver.Stream) error {
	const call = "cuGraphLaunch"
	err := d.enter("LaunchGraph")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	ops, ok := d.graphs[g]
	if !ok {
		return failure(call, codeInvalidHandle, "no graph %#x", uintptr(g))
	}
	for _, op := range ops {
		d.issue(st, call, op.do)
	}
	return nil
}

// CloseGraph implements driver.API.
func (d *Device) CloseGraph(g driver.Graph) error {
	err := d.enter("CloseGraph")
	defer d.mu.Unlock()
	if _, ok := d.graphs[g]; !ok && err == nil {
		return failure("cuGraphExecDestroy", codeInvalidHandle, "no graph %#x", uintptr(g))
	}
	if err == nil || d.sticky != nil {
		delete(d.graphs, g)
	}
	return err
}

// NewEvent implements driver.API.
func (d *Device) NewEvent() (driver.Event, error) {
	err := d.enter("NewEvent")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	h := driver.Event(d.handle())
	d.events[h] = &event{}
	return h, nil
}

// CloseEvent implements driver.API.
func (d *Device) CloseEvent(e driver.Event) error {
	err := d.enter("CloseEvent")
	defer d.mu.Unlock()
	if d.events[e] == nil && err == nil {
		return failure("cuEventDestroy_v2", codeInvalidHandle, "no event %#x", uintptr(e))
	}
	if err == nil || d.sticky != nil {
		delete(d.events, e)
	}
	return err
}

// Record implements driver.API.
func (d *Device) Record(e driver.Event, s driver.Stream) error {
	const call = "cuEventRecord"
	err := d.enter("Record")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	st, ev, err := d.both(s, e, call)
	if err != nil {
		return err
	}
	ev.record = d.issue(st, call, func() error { return nil })
	return nil
}

func (d *Device) both(s driver.Stream, e driver.Event, call string) (*stream, *event, error) {
	st, err := d.find(s, call)
	if err != nil {
		return nil, nil, err
	}
	ev := d.events[e]
	if ev == nil {
		return nil, nil, failure(call, codeInvalidHandle, "no event %#x", uintptr(e))
	}
	if st.capturing {
		return nil, nil, failure(call, codeCaptureUnsupported, "events in a capture are not known here")
	}
	return st, ev, nil
}

// Wait implements driver.API.
func (d *Device) Wait(s driver.Stream, e driver.Event) error {
	const call = "cuStreamWaitEvent"
	err := d.enter("Wait")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	st, ev, err := d.both(s, e, call)
	if err != nil {
		return err
	}
	if record := ev.record; record != nil { // an event never recorded has passed
		d.issue(st, call, func() error { return d.drain(record.stream, record) })
	}
	return nil
}

// SynchronizeEvent implements driver.API.
func (d *Device) SynchronizeEvent(e driver.Event) error {
	const call = "cuEventSynchronize"
	err := d.enter("SynchronizeEvent")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	ev := d.events[e]
	if ev == nil {
		return failure(call, codeInvalidHandle, "no event %#x", uintptr(e))
	}
	if ev.record == nil {
		return nil
	}
	return renamed(d.drain(ev.record.stream, ev.record), call)
}

// Elapsed implements driver.API: the time is invented, one microsecond for a thousand warp instructions, the same in all runs.
func (d *Device) Elapsed(from, to driver.Event) (float32, error) {
	const call = "cuEventElapsedTime"
	err := d.enter("Elapsed")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	a, b := d.events[from], d.events[to]
	if a == nil || b == nil || a.record == nil || b.record == nil {
		return 0, failure(call, codeInvalidHandle, "an event that was not recorded")
	}
	if !a.record.done || !b.record.done {
		return 0, failure(call, codeNotReady, "an event has not passed")
	}
	return float32(b.record.at-a.record.at) / 1e6, nil
}
