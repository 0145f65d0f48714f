package cuda

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// Peaks are what the device can do, by its own events; each is the median of several measurements. Rates are bytes or
// operations per second; a fused multiply-add counts two.
type Peaks struct {
	Device          string
	Multiprocessors int
	ClockHz         float64 // the highest, as the driver states it; 0 where it does not
	Copy            float64 // bytes of its memory, read and written, of a copy within it
	Read            float64 // bytes of its memory, of a kernel that only reads
	FP32            float64 // fused multiply-adds
	FP64            float64 // products and sums, each rounded
	TF32, BF16      float64 // mma.sync with sums of float32; wgmma, which compute capability 8.0 lacks, may do more
	ToDevice        float64 // bytes of pinned host memory
	ToHost          float64
}

// peakSize is how much work the probes do.
type peakSize struct {
	memory, host uint64 // bytes of a copy
	rounds       uint32
	times        int
	blocks       int // per multiprocessor; 0 = as many as run at once
}

// Measured sizes take a quarter of a second together on a large card; small ones are for devices that are emulated.
var (
	fullSize  = peakSize{memory: 1 << 30, host: 256 << 20, rounds: 4096, times: 7}
	smallSize = peakSize{memory: 64 << 10, host: 64 << 10, rounds: 2, times: 3, blocks: 1}
)

const probeThreads = 256 // THREADS in probe.cu

// Peaks measures the device; small takes a moment on any device, and its figures say nothing.
func (p *Path) Peaks(ctx context.Context, small bool) (*Peaks, error) {
	d, err := p.open()
	if err != nil {
		return nil, err
	}
	size := fullSize
	if small {
		size = smallSize
	}
	free, _, err := d.api.Memory()
	if err != nil {
		return nil, failed(err)
	}
	size.memory = min(size.memory, free/4) &^ 0xFFFF
	if size.memory == 0 {
		return nil, failed(fmt.Errorf("%d bytes of memory are free, too few to measure with", free))
	}
	m := &meter{device: d, size: size, ctx: ctx, mem: memory{api: d.api}}
	defer m.close()
	return m.measure()
}

// meter measures one figure after the other.
type meter struct {
	*device
	size   peakSize
	ctx    context.Context
	mem    memory
	stream driver.Stream
	marks  []driver.Event
}

func (m *meter) close() {
	for _, e := range m.marks {
		_ = m.api.CloseEvent(e)
	}
	_ = m.mem.free()
	if m.stream != 0 {
		_ = m.api.CloseStream(m.stream)
	}
}

func (m *meter) measure() (*Peaks, error) {
	var err error
	if m.stream, err = m.api.NewStream(); err != nil {
		return nil, failed(err)
	}
	for range 2 {
		e, err := m.api.NewEvent()
		if err != nil {
			return nil, failed(err)
		}
		m.marks = append(m.marks, e)
	}
	var from, to driver.Ptr
	var host []byte
	if err := m.mem.take(on(&from, m.size.memory), on(&to, m.size.memory)); err != nil {
		return nil, err
	}
	if err := m.mem.pin(pinned(&host, int(min(m.size.host, m.size.memory)))); err != nil {
		return nil, err
	}
	clear(host) // pages are there only once they are written
	for _, p := range []driver.Ptr{from, to} {
		if err := failed(m.api.Fill(p, 0x3F, m.size.memory, m.stream)); err != nil {
			return nil, err
		}
	}
	peaks := &Peaks{Device: m.String(), Multiprocessors: m.mps}
	if khz, err := m.api.Attribute(driver.ClockRate); err == nil {
		peaks.ClockHz = float64(khz) * 1000
	}
	words, bytes := m.size.memory/16, float64(m.size.memory)
	a32, b32, a64, b64 := float32(0.999), float32(0.001), 0.999, 0.001
	ones := uint32(0x3F803F80) // 1 in bf16, twice, and about 1 in TF32
	rounds := m.size.rounds
	at := func(list ...unsafe.Pointer) []unsafe.Pointer {
		return append([]unsafe.Pointer{unsafe.Pointer(&to)}, list...)
	}
	left := unsafe.Pointer(&rounds)
	// Operations of a thread in one round, as probe.cu has them; of a warp's matrix products, a 32nd.
	const fp32, fp64, tf32, bf16 = 16 * 16 * 2, 8 * 16 * 2, 4 * 8 * 2 * 16 * 8 * 8 / 32, 4 * 8 * 2 * 16 * 8 * 16 / 32
	for _, p := range []struct {
		into  *float64
		work  float64 // of one run; 0 = threads * rounds * each
		each  float64
		name  string // of a kernel
		run   func() error
		param []unsafe.Pointer
	}{
		{into: &peaks.Copy, work: 2 * bytes, run: func() error { return m.api.CopyOnDevice(to, from, m.size.memory, m.stream) }},
		{into: &peaks.ToDevice, work: float64(len(host)), run: func() error {
			return m.api.CopyToDevice(to, unsafe.Pointer(unsafe.SliceData(host)), uint64(len(host)), m.stream)
		}},
		{into: &peaks.ToHost, work: float64(len(host)), run: func() error {
			return m.api.CopyToHost(unsafe.Pointer(unsafe.SliceData(host)), from, uint64(len(host)), m.stream)
		}},
		{into: &peaks.Read, work: bytes, name: "probeRead", param: []unsafe.Pointer{unsafe.Pointer(&from), unsafe.Pointer(&words), unsafe.Pointer(&to)}},
		{into: &peaks.FP32, each: fp32, name: "probeFP32", param: at(unsafe.Pointer(&a32), unsafe.Pointer(&b32), left)},
		{into: &peaks.FP64, each: fp64, name: "probeFP64", param: at(unsafe.Pointer(&a64), unsafe.Pointer(&b64), left)},
		{into: &peaks.TF32, each: tf32, name: "probeTF32", param: at(unsafe.Pointer(&ones), left)},
		{into: &peaks.BF16, each: bf16, name: "probeBF16", param: at(unsafe.Pointer(&ones), left)},
	} {
		if p.name != "" {
			f, err := m.kernel("probe", p.name)
			if err != nil {
				return nil, err
			}
			blocks := m.size.blocks
			if blocks == 0 {
				if blocks, err = m.api.BlocksPerMP(f, probeThreads, 0); err != nil {
					return nil, failed(err)
				}
			}
			grid := driver.Dim{X: uint32(blocks * m.mps), Y: 1, Z: 1}
			if p.each > 0 {
				p.work = float64(grid.X) * probeThreads * float64(rounds) * p.each
			}
			p.run = func() error {
				return m.api.Launch(f, grid, driver.Dim{X: probeThreads, Y: 1, Z: 1}, 0, m.stream, p.param)
			}
		}
		seconds, err := m.time(p.run)
		if err != nil {
			return nil, err
		}
		if seconds > 0 {
			*p.into = p.work / seconds
		}
	}
	return peaks, nil
}

// time returns the seconds that run takes on the stream: the median after one that does not count.
func (m *meter) time(run func() error) (float64, error) {
	var took []float64
	for at := range m.size.times + 1 {
		if err := m.ctx.Err(); err != nil {
			return 0, err
		}
		for _, do := range []func() error{
			func() error { return m.api.Record(m.marks[0], m.stream) }, run,
			func() error { return m.api.Record(m.marks[1], m.stream) }, func() error { return m.api.Synchronize(m.stream) },
		} {
			if err := do(); err != nil {
				return 0, failed(err)
			}
		}
		ms, err := m.api.Elapsed(m.marks[0], m.marks[1])
		if err != nil {
			return 0, failed(err)
		}
		if at > 0 {
			took = append(took, float64(ms)/1000)
		}
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
