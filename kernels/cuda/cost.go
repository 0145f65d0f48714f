package cuda

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"segovia/kernels"
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

// launches is about what it takes to start the three kernels of an iteration: work that takes the host less is not worth the
// opening of a device.
const launches = 10 * time.Microsecond

// measure times iterations of the device on points without segments.
func measure(d *device) (c cost, err error) {
	scores, err := d.scores(costColumns)
	if err != nil {
		return c, err
	}
	small, err := timeFits(d, blockPoints, costColumns, scores)
	if err != nil {
		return c, err
	}
	large, err := timeFits(d, costRows, costColumns, scores)
	if err != nil {
		return c, err
	}
	c.iteration = small
	c.product = max((large-small).Seconds(), 0) / (costRows * costModels * costK * costColumns)
	return c, nil
}

// scores returns how points of d columns are scored: the way that takes less time on this device, measured once for each number
// of columns that has kernels of its own.
func (d *device) scores(columns int) (string, error) {
	plain, tensor := filters(columns, Float32Scores)[0], filters(columns, TensorScores)[0]
	if plain.name == tensor.name {
		return Float32Scores, nil
	}
	d.choosing.Lock()
	defer d.choosing.Unlock()
	if chosen := d.chosen[tensor.name+plain.name]; chosen != "" {
		return chosen, nil
	}
	best, chosen := time.Duration(math.MaxInt64), ""
	for _, scores := range []string{Float32Scores, TensorScores} {
		took, err := timeFits(d, costRows, plain.wide, scores)
		if err != nil {
			return "", err
		}
		if took < best {
			best, chosen = took, scores
		}
	}
	d.chosen[tensor.name+plain.name] = chosen
	return chosen, nil
}

// points are n rows of so many columns without segments.
func points(n, columns int) *kernels.Rows {
	r := &kernels.Rows{N: n, D: columns, Tiles: tile.Aligned(n * columns), Square: make([]float32, n), Scale: make([]float32, columns)}
	state := uint64(1)
	for i := range r.Tiles {
		state = state*6364136223846793005 + 1442695040888963407 // Knuth's linear congruential generator will do
		q := float32(int32(state>>41) - 1<<22)
		r.Tiles[i] = q * 0x1p-20
		r.Square[(i/tile.Lanes/columns)*tile.Lanes+i%tile.Lanes] += r.Tiles[i] * r.Tiles[i]
	}
	for j := range r.Scale {
		r.Scale[j] = 0x1p20
	}
	return r
}

// timeFits returns the time of one iteration of all models, the median of five.
func timeFits(d *device, n, columns int, scores string) (time.Duration, error) {
	rows := points(n, columns)
	h, err := hold(d, rows, 1, scores, Options{}, nil)
	if err != nil {
		return 0, err
	}
	defer h.Close()
	f, err := h.NewFitter()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	most := 1
	fits := kernels.Fits{MaxIter: costRounds, Fill: func(int, *kernels.State) {}, Done: func(_ int, s *kernels.State) { most = max(most, s.Iterations) }}
	for m := range costModels {
		var start []float32
		for r := range costK {
			i := (m*costK + r) * 4 % n
			for j := range columns {
				start = append(start, rows.Tiles[(i/tile.Lanes*columns+j)*tile.Lanes+i%tile.Lanes])
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
		took = append(took, time.Since(begin)/time.Duration(most))
	}
	took = took[1:] // the first one compiles and takes memory
	slices.Sort(took)
	return took[len(took)/2], nil
}

// timeHost returns the seconds of one product on the host.
func timeHost(p kernels.Path) (float64, error) {
	const n = 2048
	rows := points(n, costColumns)
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
func (c cost) times(n, distinct, d, threads int) (device, host time.Duration) {
	products := float64(d) * costModels * costK // of a point
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return c.iteration + seconds(float64(n)*products*c.product), seconds(float64(distinct) * products * c.host / float64(threads) / skipping)
}

// Worth measures, once in a process, what iterations take on the device and on the host, and compares for points like these.
func (p *Path) Worth(n, distinct, d, threads int) (bool, string) {
	if p.options.Named {
		return true, ""
	}
	product, err := timeHost(p.host)
	if err != nil {
		return false, err.Error()
	}
	say := func(d time.Duration) string { return d.Round(max(d/100, 1)).String() }
	if _, here := (cost{host: product}).times(n, distinct, d, threads); here < launches {
		return false, fmt.Sprintf("eight models with %d centroids take %s an iteration on %s, as measured, less than it takes to tell a device", costK, say(here), p.host.Name())
	}
	dev, err := p.open()
	if err != nil {
		return false, err.Error()
	}
	c, err := dev.cost()
	if err != nil {
		return false, "its speed could not be measured: " + err.Error()
	}
	c.host = product
	there, here := c.times(n, distinct, d, threads)
	why := fmt.Sprintf("eight models with %d centroids take %s an iteration on %s and %s on %s, as measured", costK, say(there), dev.name, say(here), p.host.Name())
	return there < here, why
}
