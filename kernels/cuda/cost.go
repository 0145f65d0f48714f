package cuda

import (
	"context"
	"fmt"
	"slices"
	"time"

	"segovia/kernels"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// cost is what iterations take, measured in this process on the hardware at hand.
type cost struct {
	iteration time.Duration // of eight models over hardly any points
	product   float64       // seconds on the device for one product of a value with one of a centroid
	host      float64       // the same on one thread of the host
}

// What is measured: eight models of sixteen centroids. A sweep has hundreds, so that eight at once are the least.
const (
	costModels  = 8
	costK       = 16
	costColumns = 16
	costRows    = 1 << 18
	costRounds  = 16 // iterations, far fewer than points without segments need
)

// skipping is the factor by which bounds make fits of the host faster than scoring every point in every iteration does
// (the reference measurement: 2.7).
const skipping = 2.7

// measure times iterations of the device on points without segments.
func measure(d *device) (c cost, err error) {
	small, err := timeFits(d, blockPoints)
	if err != nil {
		return c, err
	}
	large, err := timeFits(d, costRows)
	if err != nil {
		return c, err
	}
	c.iteration = small
	c.product = max((large-small).Seconds(), 0) / (costRows * costModels * costK * costColumns)
	return c, nil
}

// points are n rows without segments.
func points(n int) *kernels.Rows {
	r := &kernels.Rows{N: n, D: costColumns, Tiles: tile.Aligned(n * costColumns), Square: make([]float32, n), Scale: make([]float32, costColumns)}
	s := rng.New(1, "cuda cost", 0, 0)
	for i := range r.Tiles {
		q := float32(int32(s.Uint64(0, uint64(i))>>41) - 1<<22)
		r.Tiles[i] = q * 0x1p-20
		r.Square[(i/tile.Lanes/costColumns)*tile.Lanes+i%tile.Lanes] += r.Tiles[i] * r.Tiles[i]
	}
	for j := range r.Scale {
		r.Scale[j] = 0x1p20
	}
	return r
}

// timeFits returns the time of one iteration of all models, the median of five.
func timeFits(d *device, n int) (time.Duration, error) {
	rows := points(n)
	h, err := hold(d, rows, 1, nil)
	if err != nil {
		return 0, err
	}
	defer h.Close()
	f, err := h.NewFitter()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	fits := kernels.Fits{MaxIter: costRounds, Fill: func(int, *kernels.State) {}, Done: func(int, *kernels.State) {}}
	for m := range costModels {
		var start []float32
		for r := range costK {
			i := (m*costK + r) * 4 % n
			for j := range costColumns {
				start = append(start, rows.Tiles[(i/tile.Lanes*costColumns+j)*tile.Lanes+i%tile.Lanes])
			}
		}
		fits.Start = append(fits.Start, start)
	}
	var took []time.Duration
	for range 6 {
		begin := time.Now()
		if err := f.Fit(context.Background(), fits); err != nil {
			return 0, err
		}
		took = append(took, time.Since(begin)/costRounds)
	}
	took = took[1:] // the first one compiles and takes memory
	slices.Sort(took)
	return took[len(took)/2], nil
}

// timeHost returns the seconds of one product on the host.
func timeHost(p kernels.Path) (float64, error) {
	const n = 2048
	rows := points(n)
	s, err := p.Open(costColumns)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	c := kernels.Centroids{K: costK}
	for r := range costK {
		for j := range costColumns {
			c.C = append(c.C, rows.Tiles[(r*5/tile.Lanes*costColumns+j)*tile.Lanes+r*5%tile.Lanes])
		}
	}
	s.Load([]kernels.Centroids{c})
	dst := kernels.Scores{Label: make([]uint8, n), Upper: make([]float32, n), Lower: make([]float32, n)}
	var took []time.Duration
	for range 15 {
		begin := time.Now()
		s.Score(&dst, kernels.Block{D: costColumns, N: n, Tiles: rows.Tiles, Square: rows.Square}, 0)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	return took[len(took)/2].Seconds() / (n * costK * costColumns), nil
}

// times returns the time of one iteration of eight models with sixteen centroids on the device and on the host.
func (c cost) times(n, d, threads int) (device, host time.Duration) {
	products := float64(n) * float64(d) * costModels * costK
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return c.iteration + seconds(products*c.product), seconds(products * c.host / float64(threads) / skipping)
}

// Worth measures, once in a process, what iterations take on the device and on the host, and compares for points like these.
func (p *Path) Worth(n, d, threads int) (bool, string) {
	if p.named {
		return true, ""
	}
	dev, err := p.open()
	if err != nil {
		return false, err.Error()
	}
	c, err := dev.cost()
	if err != nil {
		return false, "its speed could not be measured: " + err.Error()
	}
	if c.host, err = timeHost(p.host); err != nil {
		return false, err.Error()
	}
	there, here := c.times(n, d, threads)
	say := func(d time.Duration) string { return d.Round(max(d/100, 1)).String() }
	why := fmt.Sprintf("eight models with %d centroids take %s an iteration on %s and %s on %s, as measured", costK, say(there), dev.name, say(here), p.host.Name())
	return there < here, why
}
