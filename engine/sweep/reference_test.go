package sweep_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"segovia/engine/enginetest"
	"segovia/engine/enginetest/fixture"
	"segovia/engine/features"
	"segovia/engine/ports"
	"segovia/engine/stability"
	"segovia/engine/sweep"
	"segovia/engine/table"
	"segovia/engine/validity"
	"segovia/io/anyio"
	"segovia/kernels/paths"
)

// figure is a line of the table: what we compute beside what R, Python or an author published.
type figure struct {
	data, name, ours, reference string
	difference, band            float64 // NaN where they are no numbers
	ok                          bool
}

// digits compares to the digits that the reference is given with: half a unit of the last one, or 1e-9 of it where that
// is more.
func digits(data, name string, ours float64, reference string) figure {
	return within(data, name, ours, reference, max(half(reference), 1e-9*math.Abs(number(reference))))
}

// half is half a unit of the last digit.
func half(reference string) float64 {
	_, decimals, _ := strings.Cut(reference, ".")
	return math.Pow10(-len(decimals)) / 2
}

// within compares with a band.
func within(data, name string, ours float64, reference string, band float64) figure {
	difference := ours - number(reference)
	return figure{data, name, strconv.FormatFloat(ours, 'g', 10, 64), reference, difference, band, math.Abs(difference) <= band}
}

// equal compares what is no measurement: sizes, a choice.
func equal(data, name string, ours, reference any) figure {
	f := figure{data: data, name: name, ours: fmt.Sprint(ours), reference: fmt.Sprint(reference), difference: math.NaN(), band: math.NaN()}
	f.ok = f.ours == f.reference
	return f
}

// replayed compares values that are recomputed from a reference's own draws, and shows the largest difference.
func replayed(data, name string, ours, reference []float64) figure {
	f := figure{data: data, name: name, ours: fmt.Sprint(len(ours), " values"), reference: fmt.Sprint(len(reference), " values"), band: 1e-12}
	f.ok = len(ours) == len(reference)
	for i := range min(len(ours), len(reference)) {
		f.difference = max(f.difference, math.Abs(ours[i]-reference[i]))
	}
	f.ok = f.ok && f.difference <= f.band
	return f
}

func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return v
}

// value is a statistic that may not exist: NaN, which is within no band.
func value(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// TestReferenceFigures compares everything that is computed with published figures, on features as they are. It prints
// them as a table:
//
//	go test -v -run TestReferenceFigures ./engine/sweep
func TestReferenceFigures(t *testing.T) {
	var all []figure
	for _, group := range []struct {
		name    string
		slow    bool // takes minutes under the race detector
		figures func(t *testing.T) []figure
	}{
		{"iris", false, irisFigures},
		{"iris gap", true, irisGapFigures},
		{"iris stability", true, irisStabilityFigures},
		{"species", false, speciesFigures},
		{"replay", false, replayFigures},
		{"by hand", false, handFigures},
		{"ruspini", false, ruspiniFigures},
		{"mcdonalds", true, mcdonaldsFigures},
		{"vacmot", false, vacmotFigures},
		{"rfm", false, rfmFigures},
	} {
		t.Run(group.name, func(t *testing.T) {
			if group.slow && testing.Short() {
				t.Skip("takes minutes under the race detector; make test runs it without")
			}
			figures := group.figures(t)
			for _, f := range figures {
				if !f.ok {
					t.Errorf("%s, %s: %s, the reference is %s, the difference %.2g, the band %.2g", f.data, f.name, f.ours, f.reference, f.difference, f.band)
				}
			}
			all = append(all, figures...)
		})
	}
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "data\tfigure\tours\treference\tdifference\tband\t")
	for _, f := range all {
		difference, band, verdict := "", "", ""
		if f.band == f.band {
			difference, band = fmt.Sprintf("%.1e", f.difference), fmt.Sprintf("%.1e", f.band)
		}
		if !f.ok {
			verdict = "DIFFERS"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.data, f.name, f.ours, f.reference, difference, band, verdict)
	}
	w.Flush()
	t.Logf("%d figures\n%s", len(all), out.String())
}

var flower = []string{"Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"}

func iris(t *testing.T) [][]float64 { return fixture.Columns(t, "reference/iris_r.csv", flower...) }

// run sweeps columns as they are on the fastest path: the path changes no figure.
func run(t *testing.T, x [][]float64, cfg sweep.Config) (*sweep.Result, []sweep.Solution) {
	t.Helper()
	cfg.Seed = 1
	path, err := paths.Choose("auto")
	if err != nil {
		t.Fatal(err)
	}
	r, solutions, err := sweep.Run(context.Background(), enginetest.Input(t, x), cfg, path, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	return r, solutions
}

// ks are the numbers from one to another.
func ks(from, to int) (k []int) {
	for ; from <= to; from++ {
		k = append(k, from)
	}
	return k
}

// elbow is the knee of the inertias of the k from one to another.
func elbow(r *sweep.Result, from, to int) int {
	var x, y []float64
	for k := from; k <= to; k++ {
		x, y = append(x, float64(k)), append(y, r.At(k).Inertia)
	}
	at, ok := validity.Elbow(x, y)
	if !ok {
		return 0
	}
	return from + at
}

// The figures of R and scikit-learn for one sweep of iris.
func irisFigures(t *testing.T) (f []figure) {
	x := iris(t)
	r, _ := run(t, x, sweep.Config{K: ks(1, 8), Restarts: 50, Gap: 2})
	f = append(f, digits("iris", "TSS", r.At(1).Inertia, "681.3706"))
	for i, want := range []string{"152.3479518", "78.85144143", "57.22847321", "46.44618205", "39.03998725"} {
		f = append(f, digits("iris", fmt.Sprintf("WSS, k=%d", i+2), r.At(i+2).Inertia, want))
	}
	for i, want := range []string{"5.830959177", "4.333019880", "3.674418413", "3.353904377", "3.145147087", "2.971439254", "2.841946559", "2.707681598"} {
		f = append(f, digits("iris", fmt.Sprintf("log W, k=%d", i+1), value(r.At(i+1).LogW), want))
	}
	three := r.At(3)
	nbclust, _ := run(t, x, sweep.Config{K: []int{3}, Compat: "nbclust"})
	spark, _ := run(t, x, sweep.Config{K: []int{3}, Compat: "spark"})
	return append(f,
		equal("iris", "sizes, k=3", three.Sizes, []int{62, 50, 38}),
		equal("iris", "silhouette or Davies-Bouldin, k=1", r.At(1).Silhouette != nil || r.At(1).DaviesBouldin != nil, false),
		digits("iris", "silhouette, k=3", value(three.Silhouette), "0.5528190124"),
		digits("iris", "squared silhouette, k=3", value(three.SilhouetteSquared), ".7356596054"),
		digits("iris", "silhouette, k=3, as Spark", value(spark.At(3).Silhouette), ".7356596054"),
		digits("iris", "simplified silhouette, k=3", value(three.SilhouetteSimplified), ".6663855565"),
		digits("iris", "Calinski-Harabasz, k=3", value(three.CalinskiHarabasz), "561.6277566"),
		digits("iris", "Davies-Bouldin, k=3", value(three.DaviesBouldin), "0.6619715465"),
		digits("iris", "Davies-Bouldin, k=3, as NbClust", value(nbclust.At(3).DaviesBouldin), ".7255872844"),
		// Squares of distances are hundredths: it is sqrt(.07 / 7.17), of which .0988073934 is sometimes written.
		digits("iris", "Dunn, k=3", value(three.Dunn), ".09880739333"),
		digits("iris", "Duda-Hart ratio", r.DudaHart.Ratio, ".2235904393"),
		digits("iris", "Duda-Hart limit", r.DudaHart.Limit, ".6815299061"),
		equal("iris", "elbow, k=1..8", elbow(r, 1, 8), 2),
		equal("iris", "elbow, k=2..8", elbow(r, 2, 8), 4),
		equal("iris", "elbow, k=2..6", elbow(r, 2, 6), 3),
		equal("iris", "elbow, k=1..8, in the sweep", *r.Elbow.K, 2),
	)
}

// The gaps of R's clusGap. For power 2 R had 1,000 references, as we have, and the band is four standard errors of one mean,
// which are 2.8 of the difference. For power 1 R had 400.
func irisGapFigures(t *testing.T) (f []figure) {
	const references = 1000
	r, _ := run(t, iris(t), sweep.Config{K: ks(1, 8), Silhouette: "none", Gap: references})
	for i, want := range []string{".0790", ".5922", ".8738", "1.0034", "1.0455", "1.0672", "1.0621", "1.0857"} {
		k := r.K[i]
		f = append(f, within("iris", fmt.Sprintf("gap, k=%d", k.K), value(k.Gap), want, 4*value(k.GapSE)/math.Sqrt(references)+.00005))
	}
	f = append(f, equal("iris", "gap: firstSEmax", r.GapChoice.FirstSEmax, 5), equal("iris", "gap: globalSEmax", r.GapChoice.GlobalSEmax, 6))
	r, _ = run(t, iris(t), sweep.Config{K: ks(1, 8), Silhouette: "none", Gap: 400, GapPower: 1})
	for i, want := range []string{".0914", ".3845", ".4902", ".5410", ".5470", ".5644", ".5690", ".5725"} {
		k := r.K[i]
		f = append(f, within("iris", fmt.Sprintf("gap of power 1, k=%d", k.K), value(k.Gap), want, 4*value(k.GapSE)/math.Sqrt(400)+.00005))
	}
	return f
}

// Stability of iris, of R's fpc and flexclust. The segments of k = 3 have 62, 50 and 38 rows.
func irisStabilityFigures(t *testing.T) (f []figure) {
	r, _ := run(t, iris(t), sweep.Config{K: ks(2, 4), Restarts: 50, Silhouette: "none", Clusterboot: 2, PredictionStrength: 500})
	for i, want := range []string{".97", ".775", ".58"} {
		f = append(f, within("iris", fmt.Sprintf("prediction strength, k=%d", i+2), value(r.K[i].PredictionStrength), want, .03))
	}
	f = append(f, equal("iris", "prediction strength: choice", *r.PredictionStrengthChoice, 2))
	// All rows of the other segments come from one segment.
	for at, want := range []map[int]string{{62: ".7204945", 50: "1.0000000", 38: "1.0000000"},
		{50: "1.0000000", 40: ".6152336", 32: "1.0000000", 28: "1.0000000"}} {
		k := r.K[at+1]
		for c, size := range k.Sizes {
			f = append(f, digits("iris", fmt.Sprintf("SLSa, k=%d, segment of %d", k.K, size), value(k.Stability.Segments[c].SLSa), want[size]))
		}
	}
	// Sizes are 62 50 38 and 50 40 32 28: the segment of 28 leaves that of 62, of which 34 go on.
	var lines [][]int
	for _, k := range r.K {
		var of []int
		for _, s := range k.Stability.Segments {
			of = append(of, s.Line)
		}
		lines = append(lines, of)
	}
	f = append(f, equal("iris", "lines of segments, k=2..4", lines, [][]int{{1, 2}, {1, 2, 3}, {2, 1, 3, 4}}))

	// The mean Jaccard of clusterboot with kmeansCBI, runs = 10, in 1,500 replicates, and the share of recoveries, by size of
	// the segment. Two runs of R are known for boot. Bands are four standard errors of the difference, from the standard
	// deviations of R's values, and half of the last digit.
	for _, c := range []struct {
		scheme          string
		replicates      int
		mean, recovered map[int]string
		sd              map[int]float64
	}{
		{"boot", 1500, map[int]string{62: ".955", 50: "1.000", 38: ".943"}, map[int]string{62: "93.7", 50: "100.0", 38: "93.2"}, map[int]float64{62: .08875, 38: .09759}},
		{"boot", 1500, map[int]string{62: ".95857", 38: ".94702"}, nil, map[int]float64{62: .08875, 38: .09759}},
		{"subset", 300, map[int]string{62: ".92500", 50: ".99995", 38: ".90884"}, nil, map[int]float64{62: .13050, 50: .00133, 38: .14111}},
		{"jitter", 300, map[int]string{62: ".99806", 50: "1.00000", 38: ".99692"}, nil, map[int]float64{62: .00524, 38: .00834}},
		{"noise", 300, map[int]string{62: ".94583", 50: ".99870", 38: ".90396"}, nil, map[int]float64{62: .07643, 50: .00762, 38: .13795}},
	} {
		r, _ := run(t, iris(t), sweep.Config{K: []int{3}, Silhouette: "none", Clusterboot: c.replicates, ClusterbootScheme: c.scheme})
		k := r.At(3)
		four := 4 * math.Sqrt(1/float64(c.replicates)+1./1500)
		for at, s := range k.Stability.Segments {
			size := k.Sizes[at]
			name := fmt.Sprintf("clusterboot %s, B=%d, segment of %d", c.scheme, c.replicates, size)
			if want, ok := c.mean[size]; ok {
				f = append(f, within("iris", name+": mean", value(s.JaccardMean), want, four*c.sd[size]+half(want)))
			}
			if want, ok := c.recovered[size]; ok {
				share := number(want) / 100
				f = append(f, within("iris", name+": % recovered", 100*float64(*s.Recovered)/float64(c.replicates), want,
					100*four*math.Sqrt(share*(1-share))+half(want)))
			}
		}
	}
	return f
}

// The species as a partition. Two copies of iris circulate: that of scikit-learn has R's values, and UCI's differs in two
// rows, of which Spark publishes its figures.
func speciesFigures(t *testing.T) []figure {
	x := iris(t)
	_, rows := fixture.Table(t, "reference/iris_r.csv")
	var names []string
	species := make([]uint8, len(rows))
	for i, row := range rows {
		if !slices.Contains(names, row[4]) {
			names = append(names, row[4])
		}
		species[i] = uint8(slices.Index(names, row[4]))
	}
	_, solutions := run(t, x, sweep.Config{K: []int{3}, Silhouette: "none"})
	against := stability.Cross(solutions[0].Labels, species, 3, 3)

	differ := 0
	for j, c := range fixture.Columns(t, "reference/iris_sklearn_raw.csv")[:4] {
		for i, v := range c {
			if v != x[j][i] {
				differ++
			}
		}
	}
	uci := make([][]float64, len(x))
	for j := range x {
		uci[j] = slices.Clone(x[j])
	}
	uci[3][34], uci[1][37], uci[2][37] = .1, 3.1, 1.5
	judge := func(x [][]float64) (ch, squared float64) {
		p := validity.FromColumns(x)
		m := validity.MomentsOf(p, species, 3)
		ch, _ = m.CalinskiHarabasz()
		squared, _ = validity.SilhouetteSquared(p, m, species)
		return ch, squared
	}
	ch, squared := judge(x)
	chUCI, squaredUCI := judge(uci)
	return []figure{
		digits("iris", "k=3 against species: ARI", against.ARI(), ".7302382723"),
		// It is 9831 / 11175, of which .8797315435 is sometimes written.
		digits("iris", "k=3 against species: Rand", against.Rand(), ".8797315436"),
		digits("iris", "k=3 against species: Jaccard", against.Jaccard(), ".6958587916"),
		digits("iris", "k=3 against species: Fowlkes-Mallows", against.FowlkesMallows(), ".8208080729"),
		digits("iris", "k=3 against species: VI", against.VariationOfInformation(), ".5266536795"),
		equal("iris, scikit-learn's copy", "values that differ from R's", differ, 0),
		digits("iris", "species: Calinski-Harabasz", ch, "487.3308764"),
		digits("iris", "species: squared silhouette", squared, "0.6566670179"),
		digits("iris, UCI's copy", "species: Calinski-Harabasz", chUCI, "486.3208"),
		digits("iris, UCI's copy", "species: squared silhouette", squaredUCI, "0.65647"),
	}
}

// Draws of R, replayed: ten pairs of flexclust::bootFlexclust and twenty replicates of fpc::clusterboot on iris, k = 3.
func replayFigures(t *testing.T) []figure {
	drawn, centers, aris := fixture.Numbers(t, "reference/iris_boot_k3_index.csv"), fixture.Numbers(t, "reference/iris_boot_k3_centers.csv"),
		fixture.Numbers(t, "reference/iris_boot_k3_ari.csv")
	if len(drawn) != 20 || len(centers) != 60 || len(aris) != 10 {
		t.Fatalf("%d resamples, %d centroids, %d pairs", len(drawn), len(centers), len(aris))
	}
	replay := &sweep.Replay{Pairs: make([][2][]int32, 10), Fitted: make([][2][][]float64, 10)}
	var want []float64
	for p := range 10 {
		for side := range 2 {
			resample := drawn[10*side+p] // those of side 1 are listed before those of side 2
			for _, i := range resample[1:] {
				replay.Pairs[p][side] = append(replay.Pairs[p][side], int32(i)-1)
			}
			for _, line := range centers[(2*p+side)*3:][:3] {
				if int(resample[0]) != side+1 || int(line[0]) != p+1 || int(line[1]) != side+1 {
					t.Fatalf("pair %d, side %d: side %v, pair %v side %v", p+1, side+1, resample[0], line[0], line[1])
				}
				replay.Fitted[p][side] = append(replay.Fitted[p][side], line[3:])
			}
		}
		want = append(want, aris[p][1])
	}
	cfg := sweep.Config{K: []int{3}, Silhouette: "none", Compat: "flexclust", Replay: replay}
	fitted, _ := run(t, iris(t), cfg)
	// R's centroids are the fixed points of Lloyd's algorithm on the resamples: a start there ends there.
	cfg.Replay = &sweep.Replay{Pairs: replay.Pairs, Starts: replay.Fitted}
	started, _ := run(t, iris(t), cfg)

	lines, jaccards := fixture.Numbers(t, "reference/iris_clusterboot_k3_partitions.txt"), fixture.Numbers(t, "reference/iris_clusterboot_k3_jaccard.csv")
	labels := func(line []float64) []uint8 {
		l := make([]uint8, len(line))
		for i, v := range line {
			l[i] = uint8(v) - 1
		}
		return l
	}
	base, lines := labels(lines[0]), lines[1:]
	var gammas, want20 []float64
	for r := range 20 {
		fit, weights := make([]uint8, len(base)), make([]uint16, len(base))
		for i, label := range labels(lines[2*r+1]) {
			row := int(lines[2*r][i]) - 1
			fit[row], weights[row] = label, 1
		}
		for c, gamma := range stability.ClusterJaccard(base, fit, 3, 3, weights) {
			gammas, want20 = append(gammas, gamma), append(want20, jaccards[c][r])
		}
	}
	return []figure{
		replayed("iris", "bootFlexclust, replayed from centroids: ARI", fitted.At(3).Stability.ARI, want),
		replayed("iris", "bootFlexclust, replayed from resamples: ARI", started.At(3).Stability.ARI, want),
		replayed("iris", "clusterboot, replayed: Jaccard", gammas, want20),
	}
}

// What is set by hand: R's rules for a curve with standard errors, and silhouettes from distances that no points have.
func handFigures(*testing.T) (f []figure) {
	curve, se := []float64{2, 3, 5, 4, 7, 8, 5, 4}, []float64{.5, .5, 1, .5, .5, 1.5, .5, .5}
	var first, tibshirani, global []int
	for _, c := range []float64{.25, 1, 2, 4} {
		r := validity.SERules(curve, se, c)
		first, tibshirani, global = append(first, r.FirstSEmax+1), append(tibshirani, r.Tibs2001SEmax+1), append(global, r.GlobalSEmax+1)
	}
	r := validity.SERules(curve, se, 1)
	f = append(f, equal("a curve", "firstSEmax, c=.25 1 2 4", first, []int{3, 3, 2, 1}),
		equal("a curve", "Tibs2001SEmax, c=.25 1 2 4", tibshirani, []int{3, 3, 1, 1}),
		equal("a curve", "globalSEmax, c=.25 1 2 4", global, []int{6, 5, 3, 1}),
		equal("a curve", "firstmax", r.FirstMax+1, 3), equal("a curve", "globalmax", r.GlobalMax+1, 6))

	distances := [6][6]float64{} // the lower triangle, by columns
	for at, v := range []float64{0, 0, 0, .4, 1, .05, 1, 1, 0, 1, 1, 0, .25, 1, 1} {
		column := 0
		for at >= 5-column {
			at -= 5 - column
			column++
		}
		row := column + 1 + at
		distances[row][column], distances[column][row] = v, v
	}
	labels := []int{0, 0, 1, 1, 2, 2}
	for i, want := range []string{"0", "1", "-.975", "-.5", "-.375", "-.5"} {
		sums := make([]float64, 3)
		for j, v := range distances[i] {
			sums[labels[j]] += v
		}
		// A sum, a mean, a difference and a ratio of numbers of at most 2 are off by four roundings at most.
		f = append(f, within("six rows", fmt.Sprintf("silhouette of row %d", i+1), validity.SilhouetteOf(sums, []int{2, 2, 2}, labels[i]), want, 4*0x1p-53))
	}
	return f
}

func ruspiniFigures(t *testing.T) (f []figure) {
	r, _ := run(t, fixture.Columns(t, "reference/ruspini.csv", "x", "y"), sweep.Config{K: ks(2, 6), Restarts: 100})
	for i, want := range [][2]string{{"89337.83214", ".582726"}, {"51063.47505", ".632705"}, {"12881.05124", ".737657"},
		{"10126.71979", ".701924"}, {"8575.406876", ".593999"}} {
		f = append(f, digits("ruspini", fmt.Sprintf("WSS, k=%d", i+2), r.K[i].Inertia, want[0]),
			digits("ruspini", fmt.Sprintf("silhouette, k=%d", i+2), value(r.K[i].Silhouette), want[1]))
	}
	return append(f, equal("ruspini", "chosen k", *r.Chosen.K, 4))
}

// The market segmentation book's yes/no answers. Its bootstrap has two runs of R behind it, with 500 pairs; the bands are
// those of such runs.
func mcdonaldsFigures(t *testing.T) (f []figure) {
	x := fixture.Columns(t, "reference/mcdonalds.csv", "yummy", "convenient", "spicy", "fattening", "greasy", "fast", "cheap", "tasty", "expensive",
		"healthy", "disgusting")
	r, _ := run(t, x, sweep.Config{K: ks(1, 4), Restarts: 1000, Silhouette: "none"})
	f = append(f, digits("mcdonalds", "TSS", r.At(1).Inertia, "2779.040606"))
	for i, want := range []string{"2145.503727", "1818.700649", "1602.899456"} {
		f = append(f, digits("mcdonalds", fmt.Sprintf("best known WSS, k=%d", i+2), r.At(i+2).Inertia, want))
	}
	const pairs = 500
	r, _ = run(t, x, sweep.Config{K: ks(2, 5), Silhouette: "none", Init: "random", Bootstrap: pairs, BootRestarts: 5, Compat: "flexclust"})
	for i, want := range []string{".920", ".740", ".655", ".593"} {
		f = append(f, within("mcdonalds", fmt.Sprintf("bootFlexclust, %d pairs: mean ARI, k=%d", pairs, i+2), value(r.K[i].Stability.ARIMean), want, .03))
	}
	return f
}

// The published segments of Australian tourists, and the best inertia that is known.
func vacmotFigures(t *testing.T) []figure {
	x := fixture.Columns(t, "reference/vacmot_with_vacmot6.csv")
	last := len(x) - 1
	labels := make([]uint8, len(x[0]))
	for i, v := range x[last] {
		labels[i] = uint8(v) - 1
	}
	x = x[:last]
	p := validity.FromColumns(x)
	m := validity.MomentsOf(p, labels, 6)
	ch, _ := m.CalinskiHarabasz()
	s, err := validity.Silhouettes(context.Background(), p, []validity.Partition{{K: 6, Labels: labels}}, nil, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := run(t, x, sweep.Config{K: []int{6}, Restarts: 1000, Silhouette: "none"})
	return []figure{
		equal("vacmot", "sizes of the six segments", m.Size, []int{246, 201, 95, 156, 129, 173}),
		digits("vacmot", "WSS of the six segments", m.Inertia(), "2665.362212"),
		digits("vacmot", "silhouette of the six segments", s[0].Mean, "0.09544633302"),
		digits("vacmot", "Calinski-Harabasz of the six segments", ch, "72.93713879"),
		digits("vacmot", "best known WSS, k=6", r.At(6).Inertia, "2660.531"),
	}
}

// The scores and names of R's package rfm: 995 customers as of 2006-12-31.
func rfmFigures(t *testing.T) (f []figure) {
	src, err := anyio.Open(context.Background(), []anyio.Spec{{Path: fixture.File(t, "reference/rfm_data_orders.csv")}},
		anyio.Options{Name: "orders", Keys: []string{"customer_id"}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := features.Fold(context.Background(), features.Config{
		Sources: []features.SourceConfig{{Name: "orders", Key: "customer_id", Time: "order_date", Amount: "revenue"}},
		Entity:  features.Entity{From: "orders", Key: "customer_id"}, AsOf: time.Date(2006, 12, 31, 0, 0, 0, 0, time.UTC),
		Columns: []features.Column{
			{Name: "recency", From: "orders", Agg: "days_since_last"},
			{Name: "n", From: "orders", Agg: "count"},
			{Name: "amount", From: "orders", Agg: "sum"},
			{Name: "R", Score: &features.Score{Of: "recency", Style: "rfm", Reversed: true}},
			{Name: "F", Score: &features.Score{Of: "n", Style: "rfm"}},
			{Name: "M", Score: &features.Score{Of: "amount", Style: "rfm"}},
			{Name: "score", Expr: "100 * R + 10 * F + M"},
			{Name: "segment", Agg: "rfm_segment", Column: "R, F, M"},
		}}, []features.Source{src}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	header, rows := fixture.Table(t, "reference/rfm_expected.csv")
	want := map[string][]string{}
	for _, row := range rows {
		want[row[0]] = row
	}
	f = append(f, equal("rfm", "customers", r.Table.Rows(), 995))
	for j, name := range header[1:] {
		same := 0
		c := r.Table.Column(name)
		for i, key := range r.Table.Keys {
			got := ""
			if c.Kind == table.Category {
				got = c.Strings[i]
			} else {
				got = strconv.FormatFloat(c.Numbers[i], 'f', -1, 64)
			}
			if row := want[key]; row != nil && row[j+1] == got {
				same++
			}
		}
		f = append(f, equal("rfm", "customers whose "+name+" is R's", same, 995))
	}
	return f
}
