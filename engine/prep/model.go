package prep

import (
	"encoding/json"
	"fmt"
	"math"

	"segovia/engine/internal/exact"
	"segovia/kernels/problem"
	"segovia/kernels/tile"
)

// formatVersion is the version of Model's JSON form.
const formatVersion = 1

// Model is the frozen preparation: all that Apply needs, and a part of model.json. Its JSON form has its keys in a fixed
// order and reads back to the same bits.
type Model struct {
	FormatVersion int         `json:"format_version"`
	NonFinite     string      `json:"non_finite"` // "error" or "missing"
	Impute        string      `json:"impute"`
	Scale         string      `json:"scale"`
	Features      []Feature   `json:"features"` // that are used, in order
	Columns       []Column    `json:"columns"`  // before rotation, in order of the features
	PCA           *Rotation   `json:"pca"`      // null when the columns are the matrix
	Grids         []tile.Grid `json:"grids"`    // one per column of the matrix

	threads int // of Apply; 0 = all
}

// Feature says how the values of one feature are read, before they become columns.
type Feature struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`   // "number", "bool" or "category", as the table had it
	Encode string `json:"encode"` // "number", "one_hot" or "ordinal"
	// Impute stands for missing values; null for one_hot, and with impute none.
	Impute *float64 `json:"impute"`
	// Clip are the limits that values are cut to before the transform; null = none.
	Clip      *Clip  `json:"clip"`
	Transform string `json:"transform"` // "none", "log1p", "signed-log1p" or "sqrt"
	// Levels are those with a column of their own (one_hot, most frequent first), or all in order (ordinal).
	Levels []string `json:"levels"`
}

// Clip are limits in the feature's own units.
type Clip struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// The roles of columns.
const (
	roleValue   = "value"   // the transformed number
	roleMissing = "missing" // 1 where the value is missing
	roleLevel   = "level"   // 1 where the category has this level
	roleOther   = "other"   // 1 where the category has any other level
)

// Column is one column before rotation: (t - Centre) / Scale * Weight of the transformed value or 0/1 indicator t.
type Column struct {
	Name    string  `json:"name"`
	Feature string  `json:"feature"`
	Role    string  `json:"role"` // "value", "missing", "level" or "other"
	Level   string  `json:"level,omitempty"`
	Centre  float64 `json:"centre"`
	Scale   float64 `json:"scale"`
	Weight  float64 `json:"weight"`
}

// Rotation are principal components: component c of a row x is sum over j, in order, of Vectors[c][j] * (x[j] - Means[j]).
type Rotation struct {
	Means    []float64   `json:"means"`
	Vectors  [][]float64 `json:"vectors"` // orthonormal; the largest entry of each is positive
	Variance []float64   `json:"variance"`
	Total    float64     `json:"total"` // variance of all components, kept or not
}

// Names returns the names of the matrix's columns.
func (m *Model) Names() []string {
	var names []string
	if m.PCA != nil {
		for c := range m.PCA.Vectors {
			names = append(names, fmt.Sprintf("PC%d", c+1))
		}
		return names
	}
	for _, c := range m.Columns {
		names = append(names, c.Name)
	}
	return names
}

// Restore returns what x, a value of column i of the matrix with the grid's offset added, means in its feature's own
// units: a centroid's coordinate in euros or days, or the share of a category's level. Clipping cannot be undone, and a
// principal component has no unit of its own: it is returned as it is, and Original turns whole points back.
func (m *Model) Restore(i int, x float64) float64 {
	if m.PCA != nil {
		return x
	}
	return m.restore(i, x)
}

// Original returns a point of the matrix (offsets added) in the features' own units, one value per entry of Columns. Under
// principal components it is the point's projection.
func (m *Model) Original(point []float64) []float64 {
	x := point
	if m.PCA != nil {
		x = make([]float64, len(m.Columns))
		for j := range x {
			x[j] = m.PCA.Means[j]
			for c, v := range m.PCA.Vectors {
				x[j] += float64(v[j] * point[c])
			}
		}
	}
	out := make([]float64, len(m.Columns))
	for j := range out {
		out[j] = m.restore(j, x[j])
	}
	return out
}

func (m *Model) restore(j int, x float64) float64 {
	c := &m.Columns[j]
	t := float64(x/c.Weight*c.Scale) + c.Centre
	if c.Role != roleValue {
		return t
	}
	return inverse(m.feature(c.Feature).Transform, t)
}

func (m *Model) feature(name string) *Feature {
	for i := range m.Features {
		if m.Features[i].Name == name {
			return &m.Features[i]
		}
	}
	return nil
}

// transformed returns the transform of x. Below zero, where log1p and the root were not fitted, they continue as odd
// functions, so that any value of another night has a place.
func transformed(transform string, x float64) float64 {
	switch transform {
	case "log1p", "signed-log1p":
		return math.Copysign(exact.Log1p(math.Abs(x)), x)
	case "sqrt":
		return math.Copysign(math.Sqrt(math.Abs(x)), x)
	}
	return x
}

// inverse undoes transformed.
func inverse(transform string, t float64) float64 {
	switch transform {
	case "log1p", "signed-log1p":
		return math.Copysign(exact.Expm1(math.Abs(t)), t)
	case "sqrt":
		return float64(t * math.Abs(t))
	}
	return t
}

// UnmarshalJSON reads a model and checks that it is whole, so that Apply can rely on it. A model that is not is
// SEG-STA-001.
func (m *Model) UnmarshalJSON(data []byte) error {
	type plain Model
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return &problem.Problem{ID: "SEG-STA-001", What: "the model's preparation cannot be read", Why: err.Error(),
			Fix: "use an undamaged model file of this version", Err: err}
	}
	read := Model(p)
	if why := read.fault(); why != "" {
		return &problem.Problem{ID: "SEG-STA-001", What: "the model's preparation contradicts itself", Why: why,
			Fix: "use an undamaged model file of this version"}
	}
	*m = read
	return nil
}

// fault returns what is wrong with a model that was read, or "".
func (m *Model) fault() string {
	if m.FormatVersion != formatVersion {
		return fmt.Sprintf("format version %d, this binary knows %d", m.FormatVersion, formatVersion)
	}
	if m.NonFinite != "error" && m.NonFinite != "missing" {
		return fmt.Sprintf("non_finite is %q", m.NonFinite)
	}
	features := map[string]*Feature{}
	for i := range m.Features {
		f := &m.Features[i]
		if features[f.Name] != nil {
			return fmt.Sprintf("feature %q stands twice", f.Name)
		}
		features[f.Name] = f
		switch f.Kind + "/" + f.Encode {
		case "number/number", "bool/number", "number/one_hot", "bool/one_hot", "category/one_hot", "category/ordinal",
			"number/ordinal", "bool/ordinal":
		default:
			return fmt.Sprintf("feature %q is a %s encoded as %q", f.Name, f.Kind, f.Encode)
		}
		switch f.Transform {
		case "none", "log1p", "signed-log1p", "sqrt":
		default:
			return fmt.Sprintf("feature %q has transform %q", f.Name, f.Transform)
		}
		if f.Clip != nil && f.Clip.Low > f.Clip.High {
			return fmt.Sprintf("feature %q is clipped to nothing", f.Name)
		}
	}
	names := map[string]bool{}
	last := 0 // columns stand in the order of their features
	for _, c := range m.Columns {
		f := features[c.Feature]
		for last < len(m.Features) && m.Features[last].Name != c.Feature {
			last++
		}
		switch {
		case f == nil || last == len(m.Features):
			return fmt.Sprintf("column %q belongs to feature %q, which is not there or out of order", c.Name, c.Feature)
		case names[c.Name]:
			return fmt.Sprintf("column %q stands twice", c.Name)
		case c.Scale == 0 || c.Weight == 0:
			return fmt.Sprintf("column %q has scale %g and weight %g", c.Name, c.Scale, c.Weight)
		case (c.Role == roleValue) != (f.Encode != "one_hot") && c.Role != roleMissing:
			return fmt.Sprintf("column %q has role %q in a feature encoded as %q", c.Name, c.Role, f.Encode)
		}
		switch c.Role {
		case roleValue, roleMissing, roleLevel, roleOther:
		default:
			return fmt.Sprintf("column %q has role %q", c.Name, c.Role)
		}
		names[c.Name] = true
	}
	d := len(m.Columns)
	if m.PCA != nil {
		if len(m.PCA.Means) != d || len(m.PCA.Variance) != len(m.PCA.Vectors) {
			return "the principal components do not fit the columns"
		}
		for _, v := range m.PCA.Vectors {
			if len(v) != d {
				return "the principal components do not fit the columns"
			}
		}
		d = len(m.PCA.Vectors)
	}
	if d == 0 {
		return "there are no columns"
	}
	if len(m.Grids) != d {
		return fmt.Sprintf("%d grids for %d columns", len(m.Grids), d)
	}
	for _, g := range m.Grids {
		if g.E < -100 || g.E > 100 {
			return fmt.Sprintf("grid exponent %d", g.E)
		}
	}
	return ""
}
