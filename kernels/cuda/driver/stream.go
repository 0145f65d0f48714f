//go:build linux && (amd64 || arm64) && !nocuda

package driver

import "unsafe"

func (c *primary) NewStream() (Stream, error) {
	var s Stream
	err := c.call(cuStreamCreate, uintptr(unsafe.Pointer(&s)), streamNonBlocking)
	return s, err
}

func (c *primary) CloseStream(s Stream) error { return c.call(cuStreamDestroy, uintptr(s)) }

func (c *primary) Synchronize(s Stream) error { return c.call(cuStreamSynchronize, uintptr(s)) }

// BeginCapture records in the relaxed mode: the others tie a capture to the thread that began it, and a goroutine has none.
func (c *primary) BeginCapture(s Stream) error {
	return c.call(cuStreamBeginCapture, uintptr(s), captureRelaxed)
}

func (c *primary) EndCapture(s Stream) (Graph, error) {
	var recorded uintptr
	if err := c.call(cuStreamEndCapture, uintptr(s), uintptr(unsafe.Pointer(&recorded))); err != nil {
		return 0, err
	}
	var g Graph
	var err error
	if c.lib.address[cuGraphInstantiateWithFlags] != 0 {
		err = c.call(cuGraphInstantiateWithFlags, uintptr(unsafe.Pointer(&g)), recorded, 0)
	} else { // before CUDA 11.4, with a place for the node at fault and a log
		err = c.call(cuGraphInstantiateV2, uintptr(unsafe.Pointer(&g)), recorded, 0, 0, 0)
	}
	if destroyed := c.call(cuGraphDestroy, recorded); err == nil {
		err = destroyed
	}
	return g, err
}

func (c *primary) LaunchGraph(g Graph, s Stream) error {
	return c.call(cuGraphLaunch, uintptr(g), uintptr(s))
}

func (c *primary) CloseGraph(g Graph) error { return c.call(cuGraphExecDestroy, uintptr(g)) }

// NewEvent makes an event that is waited for without spinning, whatever the context does.
func (c *primary) NewEvent() (Event, error) {
	var e Event
	err := c.call(cuEventCreate, uintptr(unsafe.Pointer(&e)), eventBlockingSync)
	return e, err
}

func (c *primary) CloseEvent(e Event) error { return c.call(cuEventDestroy, uintptr(e)) }

func (c *primary) Record(e Event, s Stream) error {
	return c.call(cuEventRecord, uintptr(e), uintptr(s))
}

func (c *primary) Wait(s Stream, e Event) error {
	return c.call(cuStreamWaitEvent, uintptr(s), uintptr(e), 0)
}

func (c *primary) SynchronizeEvent(e Event) error { return c.call(cuEventSynchronize, uintptr(e)) }

func (c *primary) Elapsed(from, to Event) (float32, error) {
	var ms float32
	err := c.call(cuEventElapsedTime, uintptr(unsafe.Pointer(&ms)), uintptr(from), uintptr(to))
	return ms, err
}
