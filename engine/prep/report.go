package prep

// Report says what Fit did to the data, for people and for quality.json. All lists are in the order of the features.
type Report struct {
	Rows        int           `json:"rows"`
	LeftOut     []LeftOut     `json:"left_out"`
	NonFinite   []Count       `json:"non_finite"` // taken as missing
	Imputed     []Imputed     `json:"imputed"`
	Clipped     []Clipped     `json:"clipped"`
	Transformed []Transformed `json:"transformed"`
	Rescaled    []string      `json:"rescaled"` // robust scale from the standard deviation: more than half the values are equal
	Merged      []Merged      `json:"merged"`
	Pruned      []Pruned      `json:"pruned"`
	PCA         *Explained    `json:"pca"`
}

// LeftOut is a feature that the matrix does not have.
type LeftOut struct {
	Feature string `json:"feature"`
	// Code is "no_values", "constant", "constant_after_clipping", "constant_after_transform", "rare_levels" or
	// "weight_zero".
	Code string `json:"code"`
	EN   string `json:"en"`
	DE   string `json:"de"`
}

// Count is a number of rows of one feature.
type Count struct {
	Feature string `json:"feature"`
	Rows    int    `json:"rows"`
}

// Imputed is a feature with missing values. Value is null for categories, where missing is a level or part of "other".
type Imputed struct {
	Feature   string   `json:"feature"`
	Rows      int      `json:"rows"`
	Share     float64  `json:"share"`
	Value     *float64 `json:"value"`
	Indicator bool     `json:"indicator"`
}

// Clipped is a feature of which some values were cut.
type Clipped struct {
	Feature string  `json:"feature"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Below   int     `json:"below"` // rows cut
	Above   int     `json:"above"`
}

// Transformed is a feature with a transform, and its population skew before and after.
type Transformed struct {
	Feature   string  `json:"feature"`
	Transform string  `json:"transform"`
	Before    float64 `json:"skew_before"`
	After     float64 `json:"skew_after"`
}

// Merged is a category of which rare levels became "other".
type Merged struct {
	Feature string  `json:"feature"`
	Levels  int     `json:"levels"` // merged
	Rows    int     `json:"rows"`
	Share   float64 `json:"share"`
}

// Pruned is a column that was dropped because an earlier one says the same.
type Pruned struct {
	Column      string  `json:"column"`
	Kept        string  `json:"kept"`
	Correlation float64 `json:"correlation"`
}

// Explained says what principal components were kept.
type Explained struct {
	Components int       `json:"components"`
	Share      []float64 `json:"share"` // of the variance, by component
}

var reasons = map[string][2]string{
	"no_values":                {"it has no values", "kein Wert vorhanden"},
	"constant":                 {"all its values are equal", "alle Werte sind gleich"},
	"constant_after_clipping":  {"after clipping all its values are equal", "nach dem Kappen sind alle Werte gleich"},
	"constant_after_transform": {"after the transform all its values are equal", "nach der Umformung sind alle Werte gleich"},
	"rare_levels":              {"every level is too rare", "jede Ausprägung ist zu selten"},
	"weight_zero":              {"its weight is 0", "das Gewicht ist 0"},
}

func leftOut(feature, code string) *LeftOut {
	return &LeftOut{feature, code, reasons[code][0], reasons[code][1]}
}
