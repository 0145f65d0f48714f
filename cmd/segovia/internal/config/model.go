package config

// Version is the newest `version:` of a configuration that this program reads.
const Version = 1

// Config is a whole configuration. Tags declare it: cfg the key, doc its meaning, def its default, enum its values.
type Config struct {
	Version    int         `cfg:"version,required" doc:"Version of this file's form: 1."`
	Project    string      `cfg:"project,required" doc:"Name of the project; segment ids are minted from it."`
	Run        Run         `cfg:"run" doc:"How a run works; nothing here but the seed changes results."`
	Sources    []Source    `cfg:"sources,keyed" doc:"Tables to read, by name."`
	Quality    Quality     `cfg:"quality" doc:"What the data must fulfil."`
	Features   Features    `cfg:"features" doc:"What is known of each customer."`
	Prep       Prep        `cfg:"prep" doc:"How features become the matrix that is clustered."`
	Sweep      Sweep       `cfg:"sweep" doc:"Which numbers of segments are tried, and how."`
	Stability  Stability   `cfg:"stability" doc:"Bootstrap tests and what they must show."`
	Segment    Segment     `cfg:"segment" doc:"Which solution is chosen and how segments are described."`
	Tiers      *Tiers      `cfg:"tiers" doc:"Key Account, A, B, C, D from potential, share of wallet and behaviour."`
	Lifetime   *Lifetime   `cfg:"lifetime" doc:"Orders to be expected of each customer and what they are worth."`
	Archetypes *Archetypes `cfg:"archetypes" doc:"Named archetypes of behaviour; each customer gets the most similar one."`
	Groups     []Group     `cfg:"groups" doc:"Customers to look at, by rules; without it, the usual six with tiers, dormant and churn_risk with lifetime alone. [] = none."`
	Goal       *Goal       `cfg:"goal" doc:"What the segmentation is for; segments are judged against it."`
	Plans      []Plan      `cfg:"plans" doc:"Strategy by segment and tier; empty fields are filled with proposals."`
	Regions    *Regions    `cfg:"regions" doc:"Where potential and A customers are."`
	Classify   *Classify   `cfg:"classify" doc:"A supervised model of the segments."`
	Monitor    *Monitor    `cfg:"monitor" doc:"Gates that stop a publication."`
	Export     []Export    `cfg:"export" doc:"What leaves the house."`
	Report     Report      `cfg:"report" doc:"The page for people."`

	File string `cfg:"-"` // path of the file as the user wrote it
	Dir  string `cfg:"-"` // folder where relative paths start

	root     *node
	index    map[string]position // by path: where each value that is set comes from
	failed   map[string]bool     // paths whose value was reported as an error
	warnings []Warning
}

// Run is the section `run`.
type Run struct {
	Seed      uint64   `cfg:"seed" def:"1" doc:"Seed of every random stream."`
	Algorithm string   `cfg:"algorithm" def:"v1" enum:"v1" doc:"Version of the numeric contract."`
	Threads   Auto     `cfg:"threads" def:"auto" doc:"Number of threads; results do not depend on it."`
	Memory    Size     `cfg:"memory" def:"auto" doc:"Memory budget, for example 2GiB; auto takes 75 % of what the machine or container allows."`
	TempDir   string   `cfg:"temp_dir" doc:"Folder for temporary files; empty takes the system's."`
	Hardware  Hardware `cfg:"hardware" doc:"Which hardware path runs the kernels."`
	KeepRuns  int      `cfg:"keep_runs" def:"30" min:"1" doc:"So many published runs are kept."`
}

// Hardware is `run.hardware`.
type Hardware struct {
	Path         string `cfg:"path" def:"auto" enum:"auto|ref|avx2|avx512|neon|blas|gorgonia|cuda" doc:"Hardware path; auto takes the fastest that works."`
	OnFailure    string `cfg:"on_failure" def:"auto" enum:"auto|cpu|stop" doc:"Where a GPU fails during the work: cpu lets the processor go on with the same labels, stop ends the run; auto is stop where path names cuda, else cpu."`
	DeviceMemory Size   `cfg:"device_memory" def:"auto" doc:"Memory of a GPU that points and fits may take, for example 8GiB; auto takes 90 % of what is free."`
}

// Source is one table, of one or more files.
type Source struct {
	Name         string            `cfg:"-"`
	Type         string            `cfg:"type" enum:"csv|parquet|arrow|postgres" doc:"Format; without it, the file's name and first bytes tell."`
	Path         string            `cfg:"path" doc:"File, folder or glob, from the folder of this file."`
	CSV          CSV               `cfg:"csv" doc:"How the text files are written; what is not said is detected."`
	Files        []File            `cfg:"files" doc:"Several sets of files that form one table, instead of path."`
	Rename       map[string]string `cfg:"rename" doc:"Column names: as in the file -> as used here."`
	Nulls        []string          `cfg:"nulls" doc:"Texts that mean missing, besides the empty cell."`
	MaxExpansion int               `cfg:"max_expansion" min:"0" doc:"Compressed files may grow by this factor; 0 takes the default limit."`
	Key          string            `cfg:"key" doc:"Column of the customer id."`
	Time         string            `cfg:"time" doc:"Column of the event's time; none for tables without time."`
	Amount       string            `cfg:"amount" doc:"Column or expression of the amount, for example \"quantity * unit_price\"."`
	Where        string            `cfg:"where" doc:"Rows that count; the others are counted as filtered."`
	Order        string            `cfg:"order" doc:"Column that names the order a row belongs to."`
	Distinct     string            `cfg:"distinct" def:"none" enum:"none|exact|across_files" doc:"Repeated rows: keep all, keep one, or keep as many as the one file has that has most."`
	MissingKey   string            `cfg:"missing_key" enum:"drop|error" doc:"Rows without customer: default drop for events, error for the entity table."`
	OnDuplicate  string            `cfg:"on_duplicate" def:"error" enum:"error|first|last" doc:"Entity table: what to do when a customer stands there twice."`
	DSN          string            `cfg:"dsn" secret:"yes" doc:"Connection of a database."`
	Table        []string          `cfg:"table" doc:"Table of a database: [schema, table]."`
}

// File is one set of files within a source.
type File struct {
	Type   string            `cfg:"type" enum:"csv|parquet|arrow" doc:"Format; without it, the file's name and first bytes tell."`
	Path   string            `cfg:"path,required" doc:"File, folder or glob, from the folder of this file."`
	CSV    CSV               `cfg:"csv" doc:"How the text files are written; replaces the source's csv where it is given."`
	Rename map[string]string `cfg:"rename" doc:"Column names: as in the file -> as used here."`
	Nulls  []string          `cfg:"nulls" doc:"Texts that mean missing, besides the empty cell."`
}

// CSV is how text files are written.
type CSV struct {
	Delimiter string   `cfg:"delimiter" doc:"One character, tab or whitespace."`
	Encoding  string   `cfg:"encoding" doc:"utf-8, utf-16le, utf-16be, cp1252 or latin9."`
	Numbers   string   `cfg:"numbers" enum:"de|en" doc:"de writes 1.234,5 and en writes 1,234.5."`
	Dates     string   `cfg:"dates" doc:"Form of dates, for example dd.mm.yyyy."`
	Header    []string `cfg:"header" doc:"Column names of files without a header line."`
	Quote     string   `cfg:"quote" doc:"The quoting character, or none."`
	Nulls     []string `cfg:"nulls" doc:"Texts that mean missing, besides the empty cell."`
	MaxField  Size     `cfg:"max_field" def:"auto" doc:"Longest field, for example 16MiB."`
}

// Quality is the section `quality`.
type Quality struct {
	MaxRejects Share `cfg:"max_rejects" def:"0%" max:"1" doc:"Share of rows that may be left out because they cannot be read."`
	MinRows    int   `cfg:"min_rows" def:"0" min:"0" doc:"Fewest customers that a run may segment."`
}

// Features is the section `features`.
type Features struct {
	Entity      Entity   `cfg:"entity" doc:"Who the customers are: a source with one row each, the same as {table: source} with its accounts, or {from: events, key: column}."`
	AsOf        AsOf     `cfg:"as_of" doc:"The day of the analysis; records at or after it are not used. A date, a timestamp or today."`
	Window      Duration `cfg:"window" def:"365d" doc:"How far back records count: 365d, 52w, 12h or all."`
	Columns     []Column `cfg:"columns" doc:"The features."`
	ProfileOnly []string `cfg:"profile_only" doc:"Features, or columns of the entity table, that describe segments and are not clustered on."`
}

// Entity says who the customers are.
type Entity struct {
	Table    string `cfg:"table" doc:"Source with one row for each customer."`
	Account  string `cfg:"account" doc:"Column of table with the id of the customer's parent, empty for heads and independents; chains are followed to the head."`
	Accounts string `cfg:"accounts" enum:"tie|sum" doc:"What becomes of parents and subsidiaries: tie (the default with account) keeps all in one segment, sum makes the account one customer with the records of all."`
	From     string `cfg:"from" doc:"Source of events whose keys are the customers."`
	Key      string `cfg:"key" doc:"Key column of from, if it differs from the source's."`
}

// Column is one feature.
type Column struct {
	Name        string   `cfg:"name,required" doc:"Name of the feature."`
	From        string   `cfg:"from" doc:"Source it is computed from."`
	Agg         string   `cfg:"agg" doc:"Aggregation over the customer's records."`
	Column      string   `cfg:"column" doc:"Column that is aggregated, or amount."`
	Where       string   `cfg:"where" doc:"Only records for which this holds."`
	Order       string   `cfg:"order" doc:"Column that names the order a record belongs to."`
	By          string   `cfg:"by" doc:"One feature for each level of this column."`
	MaxBy       int      `cfg:"max_by" min:"0" doc:"At most so many levels, the rest summed as other."`
	Expr        string   `cfg:"expr" doc:"Expression over other features."`
	Score       *Score   `cfg:"score" doc:"Quintile score of another feature."`
	Encode      string   `cfg:"encode" enum:"number|one_hot|ordinal" doc:"How a category becomes numbers."`
	Window      Duration `cfg:"window" doc:"Window of this feature alone."`
	Period      string   `cfg:"period" enum:"month|quarter" doc:"Seasonality: by month or by quarter."`
	Unit        string   `cfg:"unit" doc:"Unit, for people."`
	Type        string   `cfg:"type" enum:"behavioural|transactional|firmographic|demographic|geographic|psychographic|other" doc:"Kind of variable."`
	Label       Label    `cfg:"label" doc:"Name for people."`
	ProfileOnly bool     `cfg:"profile_only" doc:"Describes segments, is not clustered on."`
}

// Score is a quintile score of another feature.
type Score struct {
	Of       string `cfg:"of,required" doc:"The feature."`
	Style    string `cfg:"style" def:"pandas" enum:"pandas|rfm|best" doc:"Which convention cuts the quintiles; best gives the share of what the best tenth reach instead."`
	Rank     bool   `cfg:"rank" doc:"Cut the ranks instead of the values."`
	Reversed bool   `cfg:"reversed" doc:"Small values score high, as for recency."`
	Bins     int    `cfg:"bins" def:"5" min:"2" max:"100" doc:"Number of scores."`
}

// Label is a name in both languages.
type Label struct {
	DE string `cfg:"de" doc:"German."`
	EN string `cfg:"en" doc:"English."`
}

// Prep is the section `prep`.
type Prep struct {
	Features    []string            `cfg:"features" doc:"Features to cluster on; empty takes all that are not profile-only."`
	NonFinite   string              `cfg:"non_finite" def:"error" enum:"error|missing" doc:"Infinite and undefined values."`
	Impute      string              `cfg:"impute" def:"median" enum:"median|mean|zero|none" doc:"What stands in for a missing value."`
	Indicate    Share               `cfg:"indicate" def:"0%" max:"1" doc:"Add a yes/no column where more than this share is missing; 0 = never."`
	Clip        []Share             `cfg:"clip" doc:"Quantiles to clip at, for example [0.5%, 99.5%]."`
	Transform   map[string]string   `cfg:"transform" enum:"log1p|signed-log1p|sqrt|none|auto" doc:"Transform by feature; \"*\" for all others."`
	Scale       string              `cfg:"scale" def:"zscore" enum:"zscore|zscore-sample|robust|minmax|none" doc:"How columns are made comparable."`
	OneHot      OneHot              `cfg:"one_hot" doc:"How categories become columns."`
	Weights     map[string]float64  `cfg:"weights" doc:"Weight by feature or group; default 1."`
	Groups      map[string][]string `cfg:"groups" doc:"Features that together count as much as one."`
	Correlation float64             `cfg:"correlation" def:"0" min:"0" max:"1" doc:"Drop the later of two columns correlated above this; 0 keeps all."`
	Order       map[string][]string `cfg:"order" doc:"Levels of ordinal features, lowest first."`
	PCA         PCA                 `cfg:"pca" doc:"Replace columns by principal components."`
}

// OneHot is `prep.one_hot`.
type OneHot struct {
	MinLevel  Share `cfg:"min_level" def:"1%" max:"1" doc:"Rarer levels are merged."`
	MaxLevels int   `cfg:"max_levels" def:"64" min:"2" doc:"Most levels after merging."`
	MaxRaw    int   `cfg:"max_raw" def:"10000" min:"2" doc:"Most levels before merging."`
}

// PCA is `prep.pca`.
type PCA struct {
	Variance   Share `cfg:"variance" def:"0%" max:"1" doc:"Keep components up to this share of the variance; 0 = off."`
	Components int   `cfg:"components" def:"0" min:"0" doc:"Or this number of components; 0 = off."`
}

// Sweep is the section `sweep`.
type Sweep struct {
	Algorithm  string     `cfg:"algorithm" def:"kmeans" enum:"kmeans|ward|dbscan|hdbscan|gmm|kprototypes|consensus" doc:"How segments are found."`
	K          Range      `cfg:"k" def:"2..15" doc:"Numbers of segments: a range 2..15, a list, or one number."`
	Restarts   int        `cfg:"restarts" def:"10" min:"1" max:"100000" doc:"Fits with different starts; the best is kept."`
	Init       string     `cfg:"init" def:"kmeans++" enum:"kmeans++|random" doc:"How starts are drawn."`
	MaxIter    int        `cfg:"max_iter" def:"300" min:"1" doc:"Most iterations of one fit."`
	Gap        int        `cfg:"gap" def:"50" min:"0" doc:"Reference sets of the gap statistic, at least 2; 0 = none."`
	GapSpace   string     `cfg:"gap_space" def:"pca" enum:"pca|original" doc:"Box in which references are drawn: of the principal axes, or of the columns."`
	GapPower   int        `cfg:"gap_power" def:"0" min:"0" max:"2" doc:"Power of the distances in the gap statistic: 2, or 1 as in R's clusGap (work grows with the square of the customers); 0 = 2, or what compat asks for."`
	GapRows    int        `cfg:"gap_rows" def:"0" min:"0" doc:"Customers that the gap statistic is of, a random sample where there are more; 0 = 10,000."`
	Strength   int        `cfg:"prediction_strength" def:"0" min:"0" doc:"Splits of the prediction strength; 0 = none."`
	Influence  bool       `cfg:"influence" def:"true" doc:"Leave out each feature in turn at the chosen k, to see which segments hang on it."`
	Compat     string     `cfg:"compat" enum:"flexclust|fpc|clusgap|sklearn|spark|nbclust" doc:"Follow the conventions of a reference; empty = our own."`
	Silhouette Silhouette `cfg:"silhouette" def:"auto" doc:"auto (exact up to 20,000 customers, then a sample), exact, simplified, sample:N or none."`
}

// Stability is the section `stability`.
type Stability struct {
	Bootstrap         int     `cfg:"bootstrap" def:"100" min:"0" max:"1000" doc:"Pairs of resamples; 0 = none."`
	BootRestarts      int     `cfg:"boot_restarts" def:"10" min:"1" doc:"Restarts of each bootstrap fit."`
	BootScheme        string  `cfg:"boot_scheme" def:"multinomial" enum:"multinomial|poisson|subset" doc:"How resamples are drawn."`
	BootSE            float64 `cfg:"boot_se" def:"0" min:"0" max:"1" doc:"End the pairs early once every mean ARI is known to this standard error; 0 = make them all."`
	Clusterboot       int     `cfg:"clusterboot" def:"-1" min:"-1" max:"10000" doc:"Replicates of clusterboot, for the Jaccard of each segment; -1 = as many as pairs, 0 = none."`
	ClusterbootScheme string  `cfg:"clusterboot_scheme" def:"boot" enum:"boot|subset|noise|jitter" doc:"How clusterboot makes its replicates."`
	Require           Require `cfg:"require" doc:"What a solution must reach to be chosen."`
}

// Require is `stability.require`.
type Require struct {
	Global      float64 `cfg:"global" def:"0.80" min:"0" max:"1" doc:"Least mean adjusted Rand index over the pairs."`
	EachSegment float64 `cfg:"each_segment" def:"0.60" min:"0" max:"1" doc:"Least mean Jaccard of every segment."`
}

// Segment is the section `segment`.
type Segment struct {
	Choose           Rule             `cfg:"choose" def:"auto" doc:"Rule that chooses k among those that pass the checks: auto (stable-then-gap, or stable-then-silhouette where sweep.gap is 0), gap:globalSEmax and its like, silhouette, stability, elbow, prediction-strength, or a fixed number."`
	MinSize          Share            `cfg:"min_size" def:"1%" max:"1" doc:"Least share of customers in a segment."`
	MaxSegments      int              `cfg:"max_segments" def:"0" min:"0" doc:"Administrative limit; 0 = none."`
	Distinguish      float64          `cfg:"distinguish" def:"0" min:"-1" max:"1" doc:"Least silhouette of every segment."`
	BestFailing      bool             `cfg:"best_failing" def:"false" doc:"When no k passes the checks: publish the best failing one, marked as such, instead of nothing."`
	MatchPrevious    float64          `cfg:"match_previous" def:"0.5" min:"0.5" max:"1" doc:"Least Jaccard to carry on a segment of the last night."`
	Names            string           `cfg:"names" def:"auto" enum:"auto" doc:"How segments get names."`
	Language         string           `cfg:"language" def:"en" enum:"de|en" doc:"Language of names in tables."`
	Revenue          string           `cfg:"revenue" doc:"Feature that holds revenue; empty: found by name."`
	Orders           string           `cfg:"orders" doc:"Feature that holds the number of orders; empty: found by name."`
	Contacts         string           `cfg:"contacts" doc:"Feature that holds the number of contacts; empty: found by name."`
	Addressable      string           `cfg:"addressable" doc:"Feature that is positive for customers with a usable channel; empty: found by name."`
	AddressableShare float64          `cfg:"addressable_share" def:"0.5" min:"0" max:"1" doc:"Least share of such customers in a segment."`
	RevenueCuts      []float64        `cfg:"revenue_cuts" min:"0" doc:"From which multiple of the mean revenue per customer a segment is medium, high, very high; default [0.4, 1.2, 2]."`
	Currency         string           `cfg:"currency" doc:"Printed behind amounts."`
	Vocabulary       map[string]Words `cfg:"vocabulary" doc:"How people speak of a feature, by its name."`
	Nicknames        []Nickname       `cfg:"nicknames" doc:"Names of the house, for example {name: {de: Schläfer, en: sleepers}, when: {recency_days: high}}; the first that fits a segment becomes its name."`
}

// Nickname is a name of the house for segments.
type Nickname struct {
	Name Label               `cfg:"name" doc:"For example: Vielkäufer, heavy buyers."`
	When map[string][]string `cfg:"when" enum:"very_low|low|medium|high|very_high" doc:"Levels by feature: all must fit."`
}

// Words are how people speak of a feature; what is not given is derived.
type Words struct {
	Label    Label `cfg:"label" doc:"The feature itself, for example revenue."`
	VeryHigh Label `cfg:"very_high" doc:"Of a segment with very high values, for example very many orders."`
	High     Label `cfg:"high" doc:"Of a segment with high values, for example many orders."`
	Low      Label `cfg:"low" doc:"Of a segment with low values, for example few orders."`
	VeryLow  Label `cfg:"very_low" doc:"Of a segment with very low values, for example hardly any orders."`
}

// Classify is the section `classify`.
type Classify struct {
	Model        string  `cfg:"model" def:"gradient_boosting" enum:"logistic_regression|decision_tree|random_forest|gradient_boosting" doc:"Kind of model."`
	Holdout      Share   `cfg:"holdout" def:"20%" max:"1" doc:"Share of customers kept for the test."`
	AbstainBelow float64 `cfg:"abstain_below" def:"0.6" min:"0" max:"1" doc:"Below this probability the answer is: don't know."`
}

// Monitor is the section `monitor`.
type Monitor struct {
	Gates Gates `cfg:"gates" doc:"Largest change from the last night."`
}

// Gates is `monitor.gates`.
type Gates struct {
	Rows      *Share   `cfg:"rows" max:"1" doc:"Change of the number of rows, for example 10%."`
	NullShare *Share   `cfg:"null_share" max:"1" doc:"Rise of a feature's missing values, for example 5pp."`
	PSI       *float64 `cfg:"psi" min:"0" doc:"Population stability index of a feature."`
	Migrated  *Share   `cfg:"migrated" max:"1" doc:"Share of customers that change segment."`
}

// Export is one destination of results.
type Export struct {
	Name    string   `cfg:"name,required" doc:"Name of the export."`
	Type    string   `cfg:"type" enum:"csv|parquet|arrow|excel|postgres" doc:"Format."`
	Profile string   `cfg:"profile" doc:"Shape that a CRM expects, for example salesforce."`
	Delta   bool     `cfg:"delta" doc:"Only what changed since the last export."`
	Path    string   `cfg:"path" doc:"File to write."`
	DSN     string   `cfg:"dsn" secret:"yes" doc:"Connection of a database."`
	Table   []string `cfg:"table" doc:"Table of a database: [schema, table]."`
}

// Report is the section `report`.
type Report struct {
	Languages []string `cfg:"languages" def:"de,en" enum:"de|en" doc:"Languages of the page."`
	MinCell   int      `cfg:"min_cell" def:"10" min:"1" doc:"Figures over fewer customers are not shown."`
}
