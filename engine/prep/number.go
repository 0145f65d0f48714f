package prep

import (
	"fmt"
	"math"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// normalIQR is the interquartile range of a normal distribution of standard deviation 1.
const normalIQR = 1.3489795003921634

// maxMagnitude bounds transformed values: beyond it their squares are no numbers.
const maxMagnitude = 1e150

// autoSkew is the skew above which "auto" takes the logarithm.
const autoSkew = 1

// fitted is one feature's fit: its frozen reading, its columns with weight 1, or the reason why it is left out.
type fitted struct {
	feature Feature
	columns []Column

	leftOut     *LeftOut
	nonFinite   int
	imputed     *Imputed
	clipped     *Clipped
	transformed *Transformed
	rescaled    bool
	merged      *Merged
}

// fitFeature fits one feature.
func (c Config) fitFeature(col *table.Column) (*fitted, error) {
	f := &fitted{feature: Feature{Name: col.Name, Kind: col.Kind.String(), Encode: c.encoding(col), Transform: "none", Levels: []string{}}}
	if f.feature.Encode == "one_hot" {
		return f, c.fitCategory(f, col)
	}
	if f.feature.Encode == "ordinal" {
		if err := c.fitOrder(f, col); err != nil {
			return f, err
		}
	}
	values, infinite, _ := f.feature.numbers(col)
	if infinite > 0 && c.NonFinite == "error" {
		return f, infiniteProblem(col.Name, infinite)
	}
	f.nonFinite = infinite
	return f, c.fitNumbers(f, col.Kind, values)
}

// fitNumbers fits a feature of numbers, which it overwrites: imputation, clipping, transform, scale.
func (c Config) fitNumbers(f *fitted, kind table.Kind, values []float64) error {
	name := f.feature.Name
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if v == v {
			sorted = append(sorted, v)
		}
	}
	present := slices.Clone(sorted) // in key order, in which sums are taken
	slices.Sort(sorted)
	switch {
	case len(sorted) == 0:
		f.leftOut = leftOut(name, "no_values")
		return nil
	case sorted[0] == sorted[len(sorted)-1]:
		f.leftOut = leftOut(name, "constant")
		return nil
	}
	binary := kind == table.Bool || isBinary(sorted)

	missing := len(values) - len(sorted)
	if missing > 0 && c.Impute == "none" {
		return missingProblem(name, missing, len(values))
	}
	indicator := c.Indicate > 0 && float64(missing) > float64(c.Indicate*float64(len(values)))
	if c.Impute != "none" {
		v := c.imputeValue(present, sorted, binary)
		f.feature.Impute = &v
		for i := range values {
			if values[i] != values[i] {
				values[i] = v
			}
		}
		if missing > 0 {
			f.imputed = &Imputed{name, missing, float64(missing) / float64(len(values)), &v, indicator}
			sorted = append(sorted, slices.Repeat([]float64{v}, missing)...)
			slices.Sort(sorted)
		}
	}

	if c.Clip != ([2]float64{}) && !binary {
		limits := Clip{exact.Quantile(sorted, c.Clip[0]), exact.Quantile(sorted, c.Clip[1])}
		if limits.Low == limits.High {
			f.leftOut = leftOut(name, "constant_after_clipping")
			return nil
		}
		f.feature.Clip = &limits
		f.applyClip(values, sorted, limits)
	}
	if err := c.fitTransform(f, values, sorted, binary); err != nil {
		return err
	}
	if sorted[0] == sorted[len(sorted)-1] {
		f.leftOut = leftOut(name, "constant_after_transform")
		return nil
	}
	large := 0
	for _, v := range sorted {
		if math.Abs(v) > maxMagnitude {
			large++
		}
	}
	if large > 0 {
		return tooLarge(name, large)
	}
	column := Column{Name: name, Feature: name, Role: roleValue, Weight: 1}
	column.Centre, column.Scale, f.rescaled = c.centreAndScale(values, sorted, binary)
	f.columns = []Column{column}
	if indicator {
		n := int64(len(values))
		f.columns = append(f.columns, Column{Name: name + "_missing", Feature: name, Role: roleMissing, Weight: 1,
			Scale: c.indicatorScale([]int64{int64(missing), n - int64(missing)}, 1, 2)})
	}
	return nil
}

func isBinary(sorted []float64) bool {
	for _, v := range sorted {
		if v != 0 && v != 1 {
			return false
		}
	}
	return true
}

// imputeValue returns what stands for missing values: of the values of a 0/1 column the more frequent one, not a half.
func (c Config) imputeValue(present, sorted []float64, binary bool) float64 {
	switch c.Impute {
	case "zero":
		return 0
	case "mean":
		return exact.Mean(present)
	}
	if binary {
		return sorted[(len(sorted)-1)/2] // 0 on a tie
	}
	return exact.Quantile(sorted, 0.5)
}

// applyClip cuts values and sorted to the limits and counts what it cut.
func (f *fitted) applyClip(values, sorted []float64, limits Clip) {
	below, above := 0, 0
	for _, v := range values {
		switch {
		case v < limits.Low:
			below++
		case v > limits.High:
			above++
		}
	}
	for i := range values {
		values[i], sorted[i] = f.feature.clip(values[i]), f.feature.clip(sorted[i])
	}
	if below+above > 0 {
		f.clipped = &Clipped{f.feature.Name, limits.Low, limits.High, below, above}
	}
}

// fitTransform chooses the transform and applies it to values and to sorted, whose order it keeps.
func (c Config) fitTransform(f *fitted, values, sorted []float64, binary bool) error {
	name := f.feature.Name
	kind, explicit := c.Transform[name]
	if !explicit && !binary {
		kind = c.Transform["*"]
	}
	switch kind {
	case "", "none":
		return nil
	case "auto":
		if binary || sorted[0] < 0 || !(exact.Skew(values) > autoSkew) {
			return nil
		}
		kind = "log1p"
	}
	if sorted[0] < 0 && kind != "signed-log1p" {
		negative, _ := slices.BinarySearch(sorted, 0)
		return &problem.Problem{ID: "SEG-FEA-007", Place: "prep.transform." + name,
			What: fmt.Sprintf("feature %q is negative in %d rows and has no %s", name, negative, kind),
			Why:  "returns and credit notes can make sums negative", Fix: fmt.Sprintf(
				"use `transform: {%s: signed-log1p}`, which is sign(x) log1p(|x|), or filter the records", name)}
	}
	before := exact.Skew(values)
	for i := range values {
		values[i], sorted[i] = transformed(kind, values[i]), transformed(kind, sorted[i])
	}
	f.feature.Transform = kind
	f.transformed = &Transformed{name, kind, finite(before), finite(exact.Skew(values))}
	return nil
}

// finite returns x, or 0 where it is no number: the skew of numbers whose cubes overflow.
func finite(x float64) float64 {
	if x != x || math.IsInf(x, 0) {
		return 0
	}
	return x
}

// centreAndScale returns the centre and scale of values, which are not all equal. rescaled says that the interquartile
// range of numbers is 0 and the standard deviation was taken in its place, as it always is for 0/1 columns.
func (c Config) centreAndScale(values, sorted []float64, binary bool) (centre, scale float64, rescaled bool) {
	switch c.Scale {
	case "none":
		return 0, 1, false
	case "minmax":
		return sorted[0], sorted[len(sorted)-1] - sorted[0], false
	case "robust":
		centre = exact.Quantile(sorted, 0.5)
		if iqr := exact.Quantile(sorted, 0.75) - exact.Quantile(sorted, 0.25); iqr > 0 && !binary {
			return centre, iqr, false
		}
		_, sd := exact.SD(values, false)
		return centre, float64(normalIQR * sd), !binary
	}
	centre, scale = exact.SD(values, c.Scale == "zscore-sample")
	return centre, scale, false
}
