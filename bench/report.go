package bench

// Report is the output of `segovia bench`.
type Report struct {
	Schema        string       `json:"$schema"`
	FormatVersion int          `json:"format_version"`
	Started       string       `json:"started"` // RFC 3339
	Version       string       `json:"version"` // of segovia
	Machine       Machine      `json:"machine"`
	Probes        []Probe      `json:"probes"` // one for each number of threads
	Device        *DeviceProbe `json:"device"` // null: no path of the work is on one
	Works         []WorkResult `json:"works"`
	Skipped       []Skipped    `json:"skipped"`
}

// Machine is where it ran.
type Machine struct {
	CPU      string   `json:"cpu"`
	Features []string `json:"features"`
	CPUs     int      `json:"cpus"`
	Platform string   `json:"platform"` // "linux/amd64"
	Go       string   `json:"go"`
	// Load is how many processes wanted a CPU in the minute before; null where the system does not tell. Above 0.5 the
	// machine was busy, and only the hashes mean something.
	Load *float64 `json:"load_at_start"`
}

// Probe is what the machine can do, measured in the same process.
type Probe struct {
	Threads       int     `json:"threads"`
	Units         []Unit  `json:"units"`            // the widest first
	ReadBytesPerS float64 `json:"read_bytes_per_s"` // streaming memory that no cache holds
}

// Unit is one way of multiplying and adding.
type Unit struct {
	Name  string  `json:"name"`    // "avx512", "avx2", "go"
	FLOPS float64 `json:"flops_s"` // multiplications and additions of float32 per second
}

// WorkResult is one workload on all paths.
type WorkResult struct {
	ID         string       `json:"id"`
	Title      string       `json:"title"`
	Rows       int          `json:"rows"`
	Dim        int          `json:"dim"`
	K          []int        `json:"k"`
	Restarts   int          `json:"restarts"`
	Bootstrap  int          `json:"bootstrap"` // pairs
	MaxIter    int          `json:"max_iter"`  // of each fit; 0 = as in a sweep
	Fraction   float64      `json:"fraction"`  // of the repetitions, as it was asked for
	Small      bool         `json:"small"`     // cut down to a moment's work: its times say nothing
	HashesSame bool         `json:"hashes_same"`
	Results    []PathResult `json:"results"`
}

// PathResult is one workload on one path with one number of threads.
type PathResult struct {
	Path     string    `json:"path"` // empty: the work does not go through a path
	Threads  int       `json:"threads"`
	Seconds  float64   `json:"seconds"` // median of the repeats: fit_s + stability_s, or of the work alone
	Repeats  []float64 `json:"repeats"` // seconds of each
	Whole    float64   `json:"whole_s"` // seconds, scaled to all repetitions where a fraction was run
	Fits     int       `json:"fits"`
	FitsPerS *float64  `json:"fits_per_s"`
	// Iterations is the mean over k, of the kept fit of the data.
	Iterations *float64 `json:"iterations"`
	// PairsPerS are pairs of a point with a centroid: all that were scored ("exact"), or those that the fits would score
	// if none were skipped ("plain").
	PairsPerS    *float64      `json:"pairs_per_s"`
	PairsCounted string        `json:"pairs_counted"`
	PeakUnit     string        `json:"peak_unit"` // the unit whose peak the share is of
	PeakShare    *float64      `json:"peak_share"`
	ReadShare    *float64      `json:"read_share"` // of the points' bytes, read once a pass, in what memory can deliver; null where a cache holds them
	Hash         string        `json:"hash"`       // SHA-256 of all labels and bootstrap values, of the first set of points
	Sets         []string      `json:"set_hashes"` // of each set of points; empty where it was not reached
	Cells        []CellResult  `json:"cells"`      // of scoring
	Device       *DeviceTimes  `json:"device"`     // null on the processor
	Enter        float64       `json:"enter_s"`    // of seconds: before the first of models, the points going to the device among it
	Models       []ModelResult `json:"models"`     // of fits of one model at a time
}

// CellResult is one shape of scoring.
type CellResult struct {
	D         int     `json:"d"`
	K         int     `json:"k"`
	Rows      int     `json:"rows"`
	PairsPerS float64 `json:"pairs_per_s"`
	PeakShare float64 `json:"peak_share"`
}

// Skipped is what was asked for and did not run.
type Skipped struct {
	Work string `json:"work"`
	Path string `json:"path"` // empty: the whole workload
	Why  string `json:"why"`
}
