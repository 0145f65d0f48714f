package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"segovia/engine/features"
	"segovia/engine/prep"
	"segovia/engine/profile"
	"segovia/engine/quality"
	"segovia/engine/sweep"
	"segovia/engine/table"
	"segovia/engine/tiers"
	"segovia/kernels"
)

// Job is one night's work, fully resolved: it names no variable, no clock and no default that could change.
type Job struct {
	Project  string
	Features features.Config
	Prep     prep.Config
	Sweep    sweep.Config
	Profile  profile.Config
	Path     kernels.Path
	Language string // of the names in tables: "de" or "en"
	MinRows  int    // fewer customers than this stop the run (SEG-GAT-001)
	// Tiers says what customers could be worth and what to do about it; nil = nothing is asked for, and the steps "value"
	// and "tiers" are left out.
	Tiers *tiers.Config
}

// Steps are the names of the steps, in order.
var Steps = []string{"features", "value", "prep", "sweep", "segment", "tiers"}

// Outcome is what the steps have made; parts of steps that did not run are nil.
type Outcome struct {
	Features  *features.Result
	Quality   *quality.Report
	PrepModel *prep.Model
	Prepared  *prep.Prepared
	Tied      *prep.Prepared // what is clustered where accounts are tied: their means, once for each member; else nil
	Left      *prep.Report
	Sweep     *sweep.Result
	Solutions []sweep.Solution
	Chosen    *sweep.Solution
	Model     *Model
	Labels    []Assignment // in the order of the feature table's rows
	Segments  *profile.Report
	Estimates *tiers.Estimates
	Value     *tiers.Report
	Customers *tiers.Customers // in the order of the feature table's rows
	Regions   *tiers.RegionsReport

	hash   [sha256.Size]byte // of the feature table as it was folded
	hidden []*table.Column   // what was folded for the tiers alone
}

// Assignment is where one customer belongs.
type Assignment struct {
	Number   int     // segment number, from 1
	Distance float64 // Euclidean, to the segment's centroid, in prepared units
	// Margin is the distance to the nearest other centroid minus Distance; +Inf for one segment. It is negative where the
	// customer is kept with its account in another segment than its own values alone would put it in.
	Margin float64
}

// TableHash returns the SHA-256 of the table's content: keys, names, kinds and values, in a fixed encoding. It does not
// depend on files, their order or format.
func TableHash(t *table.Table) [sha256.Size]byte {
	h := sha256.New()
	var buf []byte
	text := func(s string) {
		buf = binary.LittleEndian.AppendUint64(buf[:0], uint64(len(s)))
		h.Write(append(buf, s...))
	}
	for _, k := range t.Keys {
		text(k)
	}
	for _, c := range t.Columns {
		text(c.Name)
		text(c.Kind.String())
		for i := range t.Rows() {
			switch {
			case c.IsMissing(i):
				text("missing")
			case c.Kind == table.Category:
				text("=" + c.Strings[i])
			default:
				buf = binary.LittleEndian.AppendUint64(buf[:0], math.Float64bits(c.Numbers[i]))
				h.Write(buf)
			}
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}
