package engine

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"math"
	"strings"

	"segovia/engine/internal/par"
	"segovia/engine/prep"
	"segovia/engine/sweep"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// Model is model.json: all that labels customers the way the run did.
type Model struct {
	Schema           string      `json:"$schema"`
	FormatVersion    int         `json:"format_version"`
	AlgorithmVersion string      `json:"algorithm_version"`
	Project          string      `json:"project"`
	Seed             uint64      `json:"seed"`
	InputHash        string      `json:"input_hash"` // SHA-256 of the feature table, in hex
	Features         *Definition `json:"features"`   // how the features come from sources; null for ready tables
	Prep             *prep.Model `json:"prep"`
	Language         string      `json:"language"` // of the names in tables: "de" or "en"
	K                int         `json:"k"`
	// Centroids in the order of the fit, which decides between equal distances.
	Centroids []Centroid  `json:"centroids"`
	Stability *ModelTrust `json:"stability"`
	// ChecksFailed are the gates that the solution failed although it was taken: labels are marked with them.
	ChecksFailed []string       `json:"checks_failed"`
	Segments     []ModelSegment `json:"segments"` // by number
}

// Centroid is one centroid in three units.
type Centroid struct {
	Number   int       `json:"number"`   // of its segment, from 1
	Grid     []float64 `json:"grid"`     // float32 values, offset of the grid subtracted: what distances are made of
	Prepared []float64 `json:"prepared"` // offset added
	Original []float64 `json:"original"` // in the features' own units where the preparation can be undone; by PrepModel column
}

// ModelTrust is how stable the solution was.
type ModelTrust struct {
	Pairs   int     `json:"pairs"`
	ARIMean float64 `json:"ari_mean"`
}

// ModelSegment names one segment.
type ModelSegment struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	NameDE string `json:"name_de"`
	NameEN string `json:"name_en"`
}

// Name returns the segment's name in the model's language; "segment 3" for a model whose segments were never described.
func (m *Model) Name(number int) string {
	s := m.Segments[number-1]
	switch {
	case m.Language == "de" && s.NameDE != "":
		return s.NameDE
	case s.NameEN != "":
		return s.NameEN
	}
	return fmt.Sprintf("segment %d", number)
}

// MintID returns the id of a segment seen for the first time: S- and 6 characters of base32 of the SHA-256 over project,
// seed, the hash of the feature table and the segment's number.
func MintID(project string, seed uint64, input [sha256.Size]byte, number int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%x\x00%d", project, seed, input, number))
	return "S-" + base32.StdEncoding.EncodeToString(sum[:])[:6]
}

// mintIDs returns the ids of k segments, without repetition: a second one of the same id is minted with a salt.
func mintIDs(project string, seed uint64, input [sha256.Size]byte, k int) []string {
	ids := make([]string, k)
	taken := map[string]bool{}
	for i := range ids {
		id := MintID(project, seed, input, i+1)
		for salt := 1; taken[id]; salt++ {
			id = MintID(fmt.Sprintf("%s\x00%d", project, salt), seed, input, i+1)
		}
		ids[i], taken[id] = id, true
	}
	return ids
}

// NewModel freezes a solution.
func NewModel(project string, seed uint64, input [sha256.Size]byte, pm *prep.Model, p *prep.Prepared, s sweep.Solution, k sweep.KResult) *Model {
	m := &Model{Schema: "segovia:model", FormatVersion: 1, AlgorithmVersion: sweep.AlgorithmVersion,
		Project: project, Seed: seed, Language: "en", InputHash: fmt.Sprintf("%x", input), Prep: pm, K: s.K, ChecksFailed: []string{}}
	if st := k.Stability; st != nil && st.ARIMean != nil {
		m.Stability = &ModelTrust{st.Pairs, *st.ARIMean}
	}
	d := len(p.Grids)
	for _, number := range s.FitOrder {
		c := Centroid{Number: number + 1}
		for j, v := range s.Centroids[number*d : (number+1)*d] {
			c.Grid = append(c.Grid, float64(v))
			c.Prepared = append(c.Prepared, p.Grids[j].Restore(float64(v)))
		}
		c.Original = finiteOr(pm.Original(c.Prepared))
		m.Centroids = append(m.Centroids, c)
	}
	for i, id := range mintIDs(project, seed, input, s.K) {
		m.Segments = append(m.Segments, ModelSegment{ID: id, Number: i + 1})
	}
	return m
}

// finiteOr replaces values that JSON cannot hold; an original unit that does not exist is left at 0.
func finiteOr(x []float64) []float64 {
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			x[i] = 0
		}
	}
	return x
}

// Check returns SEG-STA-001 if the model is of a format or algorithm that this program does not have.
func (m *Model) Check() error {
	if m.FormatVersion != 1 || m.AlgorithmVersion != sweep.AlgorithmVersion || m.Prep == nil {
		return &problem.Problem{ID: "SEG-STA-001", What: fmt.Sprintf("the model is of format %d and algorithm %q", m.FormatVersion, m.AlgorithmVersion),
			Why: fmt.Sprintf("this program knows format 1 and algorithm %q", sweep.AlgorithmVersion), Fix: "use the program that made it, or run again"}
	}
	return nil
}

// Predict labels the customers of t: the argmin of the canonical distance over the model's centroids, in float64 also for
// values beyond those that the model was fitted on. Customers it was fitted on get the label they had; those of tied accounts
// where head says who belongs to whom: by row in key order the row of the account's head, nil = each is labelled alone.
func (m *Model) Predict(t *table.Table, head []int32, threads int) ([]Assignment, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	p, err := m.Prep.Apply(t)
	if err != nil {
		return nil, err
	}
	return m.AssignTied(p, head, threads), nil
}

// Assign labels rows that the model's own preparation made.
func (m *Model) Assign(p *prep.Prepared, threads int) []Assignment { return m.assign(p, nil, threads) }

// AssignTied gives every row the label of its account's mean; distances are the row's own. head is as for Predict.
func (m *Model) AssignTied(p *prep.Prepared, head []int32, threads int) []Assignment {
	if head == nil {
		return m.Assign(p, threads)
	}
	return m.AssignTo(p, m.Assign(p.Means(head, threads), threads), threads)
}

// AssignTo measures how far rows are from the segments that are given by number.
func (m *Model) AssignTo(p *prep.Prepared, given []Assignment, threads int) []Assignment {
	return m.assign(p, given, threads)
}

// assign measures the distances of rows to the segments given, nil = to the nearest.
func (m *Model) assign(p *prep.Prepared, given []Assignment, threads int) []Assignment {
	rows := p.Rows()
	out := make([]Assignment, rows)
	const chunk = 4096
	_ = par.Each(context.Background(), threads, (rows+chunk-1)/chunk, func(_, b int) error {
		x := make([]float64, len(p.Grids))
		for i := b * chunk; i < min((b+1)*chunk, rows); i++ {
			for j, g := range p.Grids {
				x[j] = g.Round(p.X[j][i])
			}
			best, second := math.Inf(1), math.Inf(1) // the segment's own and the nearest other
			for _, c := range m.Centroids {
				var sum float64
				for j, v := range c.Grid {
					diff := x[j] - v
					sum += float64(diff * diff)
				}
				switch {
				case given != nil && c.Number == given[i].Number:
					best, out[i].Number = sum, c.Number
				case given != nil:
					second = min(second, sum)
				case sum < best:
					best, second, out[i].Number = sum, best, c.Number
				case sum < second:
					second = sum
				}
			}
			out[i].Distance = math.Sqrt(best)
			out[i].Margin = math.Sqrt(second) - math.Sqrt(best)
		}
		return nil
	})
	return out
}

// LabelHash returns the SHA-256 over lines `key TAB number LF` in key order, in hex.
func LabelHash(keys []string, labels []Assignment) string {
	var b strings.Builder
	for i, k := range keys {
		fmt.Fprintf(&b, "%s\t%d\n", k, labels[i].Number)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(b.String())))
}
