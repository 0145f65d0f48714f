package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"segovia/engine/company"
	"segovia/kernels"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// A block of scoring holds so many bytes of points, which lie in L2 with their labels and bounds, and at most so many points.
const (
	blockBytes = 128 << 10
	blockRows  = 2048
)

// stacked is the number of models that share a pass.
const stacked = 8

// timedFor is how long passes are repeated within one sample.
const timedFor = 8 * time.Millisecond

// shape is the points and models of one cell of scoring.
type shape struct {
	d, k  int
	block kernels.Block
	stack []kernels.Centroids
}

// scoring makes a block of three Gaussian segments for each d, and models of jittered points of the block for each k.
func (j *Job) scoring() error {
	var shapes []shape
	for _, d := range j.Work.Dims {
		n := min(blockBytes/(4*d), blockRows) / tile.Lanes * tile.Lanes
		columns, err := Points{Rows: n, Dim: d, Segments: 3}.Columns(fmt.Sprint(j.Work.ID, " ", d), "")
		if err != nil {
			return err
		}
		in, err := prepared(columns)
		if err != nil {
			return err
		}
		block := kernels.Block{D: d, N: n, Tiles: in.Matrix.Tiles, Square: make([]float32, n)} // the engine has the squares too
		for i := range block.Square {
			for _, v := range in.Matrix.Row(nil, i) {
				block.Square[i] += float32(float64(v) * float64(v))
			}
		}
		for _, k := range j.Work.K {
			s := shape{d: d, k: k, block: block}
			for m := range stacked {
				stream := rng.New(1, "bench centroids", k, m)
				c := kernels.Centroids{K: k}
				for r := range k {
					c.C = in.Matrix.Row(c.C, int(stream.Below(uint64(n), uint64(d), uint64(r))))
				}
				for i := range c.C {
					c.C[i] += float32(company.Normal(stream, 1<<40, uint64(i))) / 4
				}
				s.stack = append(s.stack, c)
			}
			shapes = append(shapes, s)
		}
	}
	j.run = func(ctx context.Context, path kernels.Path, _ int) (Sample, error) {
		s := Sample{PairsCounted: "exact"}
		sum := newDigest()
		for _, shape := range shapes {
			cell, err := shape.time(ctx, path)
			if err != nil {
				return s, err
			}
			_, _ = sum.Write(cell.labels[:])
			s.Cells = append(s.Cells, cell)
			s.Seconds += cell.Seconds
			s.Pairs += cell.Pairs
			s.Flops += 2 * float64(cell.D) * cell.Pairs
		}
		s.WholeSeconds, s.Hash = s.Seconds, sum.String()
		return s, nil
	}
	return nil
}

// time labels the block under all models until the clock can tell, and returns the time of one pass.
func (s shape) time(ctx context.Context, path kernels.Path) (Cell, error) {
	cell := Cell{D: s.d, K: s.k, N: s.block.N, Pairs: float64(s.block.N * s.k * len(s.stack))}
	scorer, err := path.Open(s.d)
	if err != nil {
		return cell, err
	}
	defer scorer.Close()
	dst := make([]kernels.Scores, len(s.stack))
	for m := range dst {
		dst[m] = kernels.Scores{Label: make([]uint8, s.block.N), Moved: make([]int32, 0, s.block.N),
			Upper: make([]float32, s.block.N), Lower: make([]float32, s.block.N)}
	}
	pass := func() {
		scorer.Load(s.stack)
		for m := range dst {
			scorer.Score(&dst[m], s.block, m)
		}
	}
	pass() // the first pass moves all points, as no later one does
	for passes := 1; ; passes *= 2 {
		if err := ctx.Err(); err != nil {
			return cell, err
		}
		start := time.Now()
		for range passes {
			pass()
		}
		if took := time.Since(start); took >= timedFor {
			cell.Seconds = took.Seconds() / float64(passes)
			break
		}
	}
	sum := sha256.New()
	for m := range dst {
		_, _ = sum.Write(dst[m].Label)
	}
	sum.Sum(cell.labels[:0])
	return cell, nil
}
