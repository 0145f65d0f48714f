package bench

import (
	"context"
	"slices"

	"segovia/kernels"
	"segovia/kernels/cuda"
	"segovia/kernels/pairwise"
)

// A device with a memory of its own: what it can do, what it did, and how far apart the two are.

// DeviceProbe is what the device can do, measured in the same process by its own events; medians. Rates are per second.
type DeviceProbe struct {
	Name            string  `json:"name"`
	Multiprocessors int     `json:"multiprocessors"`
	ClockHz         float64 `json:"clock_hz"`          // the highest, as the driver states it
	CopyBytesPerS   float64 `json:"copy_bytes_per_s"`  // of its memory, read and written, copying within it
	ReadBytesPerS   float64 `json:"read_bytes_per_s"`  // of its memory, only reading
	FP32            float64 `json:"fp32_flops_s"`      // fused multiply-adds, two operations each
	FP64            float64 `json:"fp64_flops_s"`      // products and sums, each rounded
	TF32            float64 `json:"tf32_flops_s"`      // mma.sync
	BF16            float64 `json:"bf16_flops_s"`      // mma.sync
	ToDevice        float64 `json:"pinned_to_bytes_s"` // of pinned host memory
	ToHost          float64 `json:"pinned_from_bytes_s"`
}

// DeviceTimes are medians over the repeats of what the device did in one run of a workload, in seconds of its own events.
type DeviceTimes struct {
	TransferBytes float64 `json:"transfer_bytes"` // points and targets to the device
	TransferS     float64 `json:"transfer_s"`
	LabelBytes    float64 `json:"label_bytes"` // labels to the host
	LabelS        float64 `json:"label_s"`     // of all goroutines together
	BusyS         float64 `json:"busy_s"`      // in which at least one kernel was in progress
	SeedingS      float64 `json:"seeding_s"`   // k-means++, of all goroutines together
	DrawingS      float64 `json:"drawing_s"`   // resamples, of all goroutines together
	FloorBytes    float64 `json:"floor_bytes"` // of memory that the kernels have to move at least
	FloorFlops    float64 `json:"floor_flops"` // operations that they have to do at least
	FloorUnit     string  `json:"floor_unit"`  // "fp32" or "fp64"
	*Shares
}

// Shares are floors against time.
type Shares struct {
	OfCopy   *float64 `json:"of_copy"`   // bytes per second, in those of a copy
	OfRead   *float64 `json:"of_read"`   // bytes per second, in those of reading
	OfUnit   *float64 `json:"of_unit"`   // operations per second, in those of the unit
	OfTensor *float64 `json:"of_tensor"` // operations per second, in those of TF32 by mma.sync
}

// ModelResult is the fit of one model; medians.
type ModelResult struct {
	K          int          `json:"k"`
	Iterations int          `json:"iterations"` // of the first set of points
	Seconds    float64      `json:"seconds"`    // of the fit, by the clock of the host
	PerS       float64      `json:"iteration_s"`
	Device     *ModelDevice `json:"device"` // null on the processor
}

// ModelDevice are the device's own times of one model, in seconds; medians.
type ModelDevice struct {
	Steady     float64 `json:"iteration_s"`       // in launches of several iterations, all but the first launch
	FirstChain float64 `json:"first_iteration_s"` // in the first launch, whose first iteration labels every point
	FirstPass  float64 `json:"first_pass_s"`      // pass of that iteration, launched on its own
	Pass       float64 `json:"pass_s"`            // of the others
	Step       float64 `json:"step_s"`
	Plan       float64 `json:"plan_s"`
	FloorBytes float64 `json:"floor_bytes"` // of one pass
	FloorFlops float64 `json:"floor_flops"`
	*Shares            // of Steady
}

// DeviceSample is what a device did in one run.
type DeviceSample struct {
	transferBytes, labelBytes                float64
	transfer, labels, busy, seeding, drawing float64
	unit                                     string
}

// modelTimes are the times of one model's iterations.
type modelTimes struct {
	first, steady float64
	kernels       [4]float64 // first pass, pass, step, plan
}

// timed returns the path with its times taken, where it is one on a device.
func timed(path kernels.Path, apart bool) (kernels.Path, *cuda.Timing) {
	p, ok := path.(*cuda.Path)
	if !ok {
		return path, nil
	}
	t := &cuda.Timing{Apart: apart}
	return p.Timed(t), t
}

// onDevices are the paths of the list that sum distances on a device.
func onDevices(list []kernels.Path) []kernels.Path {
	var found []kernels.Path
	for _, p := range list {
		if _, ok := p.(pairwise.Opener); ok && p.Available() == nil {
			found = append(found, p)
		}
	}
	return found
}

func total(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}

// deviceTimes adds up what was measured in turn.
func deviceTimes(all ...cuda.Times) *DeviceSample {
	s := &DeviceSample{unit: "fp32"}
	for _, t := range all {
		s.transferBytes += float64(t.Bytes[cuda.Transfer])
		s.labelBytes += float64(t.Bytes[cuda.Labels])
		s.transfer += total(t.Seconds[cuda.Transfer])
		s.labels += total(t.Seconds[cuda.Labels])
		s.seeding += total(t.Seconds[cuda.Seeding])
		s.drawing += total(t.Seconds[cuda.Drawing])
		s.busy += t.Busy
	}
	return s
}

// iterationTimes takes apart what one model's fit of so many iterations took. Launches that had nothing more to do for some of
// their iterations do not count.
func iterationTimes(t cuda.Times, iterations int) *modelTimes {
	m := &modelTimes{}
	chains := t.Seconds[cuda.Chain]
	full := min(iterations/cuda.ChainIterations, len(chains))
	if full > 0 {
		m.first = chains[0] / cuda.ChainIterations
	}
	if full > 1 {
		m.steady = median(chains[1:full]) / cuda.ChainIterations
	}
	for i, what := range []string{cuda.Pass, cuda.Step, cuda.Plan} {
		if times := t.Seconds[what]; len(times) > 1 && iterations > 1 {
			m.kernels[i+1] = median(times[1:min(iterations, len(times))])
			if what == cuda.Pass {
				m.kernels[0] = times[0]
			}
		}
	}
	return m
}

// passFloor is what one pass over n points of d columns has to do under one model: every value, square and label is read
// once, and each pair takes a fused multiply-add for each column.
func passFloor(n, d, k int) (bytes, flops float64) {
	return float64(n) * float64(4*d+4+1), 2 * float64(n) * float64(k) * float64(d)
}

// pairOperations are those of float64 for one distance of d columns: differences, squares and sums, and the square root, which
// is no less than eight, and one to round.
func pairOperations(d int) float64 { return float64(3*d-1) + 9 }

// shares compares floors with seconds.
func (p *DeviceProbe) shares(bytes, flops, seconds float64, unit string) *Shares {
	if p == nil {
		return &Shares{}
	}
	peak := p.FP32
	if unit == "fp64" {
		peak = p.FP64
	}
	s := &Shares{OfCopy: ratio(bytes, seconds*p.CopyBytesPerS), OfRead: ratio(bytes, seconds*p.ReadBytesPerS), OfUnit: ratio(flops, seconds*peak)}
	if unit == "fp32" {
		s.OfTensor = ratio(flops, seconds*p.TF32)
	}
	return s
}

// measureDevice measures the first path of the list that is on a device; nil where none is.
func measureDevice(ctx context.Context, list []kernels.Path, small bool) (*DeviceProbe, error) {
	for _, path := range list {
		p, ok := path.(*cuda.Path)
		if !ok || p.Available() != nil {
			continue
		}
		k, err := p.Peaks(ctx, small)
		if err != nil {
			return nil, err
		}
		return &DeviceProbe{k.Device, k.Multiprocessors, k.ClockHz, k.Copy, k.Read, k.FP32, k.FP64, k.TF32, k.BF16, k.ToDevice, k.ToHost}, nil
	}
	return nil, nil
}

// medianOf is the median of one figure over samples.
func medianOf[T any](samples []T, figure func(T) float64) float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, figure(s))
	}
	return median(values)
}

// device condenses what the device did to medians; nil where there is none.
func (c *cell) device(p *DeviceProbe) *DeviceTimes {
	if c.samples[0].Device == nil {
		return nil
	}
	of := func(figure func(d *DeviceSample) float64) float64 {
		return medianOf(c.samples, func(s Sample) float64 { return figure(s.Device) })
	}
	t := &DeviceTimes{FloorUnit: c.samples[0].Device.unit,
		TransferBytes: of(func(d *DeviceSample) float64 { return d.transferBytes }), TransferS: of(func(d *DeviceSample) float64 { return d.transfer }),
		LabelBytes: of(func(d *DeviceSample) float64 { return d.labelBytes }), LabelS: of(func(d *DeviceSample) float64 { return d.labels }),
		BusyS: of(func(d *DeviceSample) float64 { return d.busy }), SeedingS: of(func(d *DeviceSample) float64 { return d.seeding }),
		DrawingS:   of(func(d *DeviceSample) float64 { return d.drawing }),
		FloorBytes: medianOf(c.samples, func(s Sample) float64 { return s.Bytes }), FloorFlops: medianOf(c.samples, func(s Sample) float64 { return s.Flops })}
	t.Shares = p.shares(t.FloorBytes, t.FloorFlops, t.BusyS, t.FloorUnit)
	return t
}

// models condenses the fits of one model at a time.
func (c *cell) models(w Workload, p *DeviceProbe) []ModelResult {
	list := []ModelResult{}
	for at, m := range c.samples[0].Models {
		r := ModelResult{K: m.K, Iterations: m.Iterations, Seconds: medianOf(c.samples, func(s Sample) float64 { return s.Models[at].Seconds }),
			PerS: medianOf(c.samples, func(s Sample) float64 { return s.Models[at].Seconds / float64(s.Models[at].Iterations) })}
		if m.device != nil {
			of := func(figure func(t *modelTimes) float64) float64 {
				return medianOf(c.samples, func(s Sample) float64 { return figure(s.Models[at].device) })
			}
			d := &ModelDevice{Steady: of(func(t *modelTimes) float64 { return t.steady }), FirstChain: of(func(t *modelTimes) float64 { return t.first }),
				FirstPass: of(func(t *modelTimes) float64 { return t.kernels[0] }), Pass: of(func(t *modelTimes) float64 { return t.kernels[1] }),
				Step: of(func(t *modelTimes) float64 { return t.kernels[2] }), Plan: of(func(t *modelTimes) float64 { return t.kernels[3] })}
			d.FloorBytes, d.FloorFlops = passFloor(w.Points.Rows, w.Points.Dim, m.K)
			d.Shares = p.shares(d.FloorBytes, d.FloorFlops, d.Steady, "fp32")
			r.Device = d
		}
		list = append(list, r)
	}
	return slices.Clip(list)
}
