package reportio

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// sampleRun is a made-up company: artifacts as the engine writes them, with segments and features to order.
type sampleRun struct {
	seg     segmentsJSON
	sweep   sweepJSON
	quality qualityJSON
	in      Input
}

type planted struct {
	name, description text
	share, revenue    float64
	class             string
	stable            float64
	orders, contacts  float64
	rule              text
}

var company = []planted{
	{text{"Beratungsintensive Gelegenheitskäufer", "Much advised occasional buyers"}, text{
		"Diese Kunden werden rund zehnmal im Jahr kontaktiert, bestellen aber nur dreimal. Ihr Umsatz liegt weit unter dem Mittel, das Potenzial ist nicht ausgeschöpft.",
		"These customers are contacted about ten times a year but order only three times. Their revenue is far below average and their potential is not exhausted.",
	}, .287, .062, "low", .93, 3.1, 10.2, text{"Kontakte im Jahr über 7,5 und Umsatz (12 Monate) höchstens 4.200", "Contacts a year above 7.5 and revenue (12 months) at most 4,200"}},
	{text{"Wenig Verbrauchsmaterial, Fremdmarken", "Few consumables, third-party brands"}, text{
		"Mittlerer Umsatz, aber kaum Verbrauchsmaterial und fast nur Fremdmarken: Der Folgeverkauf geht an andere.",
		"Medium revenue, yet hardly any consumables and nearly only third-party brands: follow-up sales go elsewhere.",
	}, .218, .171, "medium", .88, 7.4, 4.0, text{"Anteil Verbrauchsmaterial höchstens 18 % und Anteil Eigenmarke höchstens 32 %", "Share of consumables at most 18% and share of own brand at most 32%"}},
	{text{"Treue Eigenmarkenkäufer ohne Betreuung", "Loyal own-brand buyers without attention"}, text{
		"Kaufen die Eigenmarke mit mittlerem Umsatz und werden selten kontaktiert. Hier ist mit wenig Aufwand mehr möglich.",
		"Buy the own brand with medium revenue and are seldom contacted. More is possible here with little effort.",
	}, .202, .186, "medium", .79, 8.8, 1.6, text{"Anteil Eigenmarke über 61 % und Kontakte im Jahr höchstens 3", "Share of own brand above 61% and contacts a year at most 3"}},
	{text{"Großkunden mit Fremdmarken", "Large accounts with third-party brands"}, text{
		"Wenige, sehr große Bestellungen, überwiegend Fremdmarken. Das Potenzial ist weitgehend realisiert.",
		"Few, very large orders, mostly third-party brands. Their potential is largely realised.",
	}, .153, .244, "high", .91, 4.2, 5.1, text{"Mittlerer Bestellwert über 2.850", "Average order value above 2,850"}},
	{text{"Spitzenkunden der Eigenmarke", "Top customers of the own brand"}, text{
		"Sehr hoher Umsatz mit Eigenmarke und Verbrauchsmaterial, viele Kampagnenkontakte. Diese Kunden tragen das Geschäft.",
		"Very high revenue with own brand and consumables, many campaign contacts. These customers carry the business.",
	}, .140, .337, "very high", .97, 21.5, 12.4, text{"Umsatz (12 Monate) über 18.400 und Anteil Verbrauchsmaterial über 44 %", "Revenue (12 months) above 18,400 and share of consumables above 44%"}},
}

var sampleFeatures = []featureInfo{
	{Name: "revenue_12m", Label: text{"Umsatz (12 Monate)", "Revenue (12 months)"}, Unit: "currency", Mean: 9120, SD: 8400, Clustered: true},
	{Name: "orders_12m", Label: text{"Bestellungen (12 Monate)", "Orders (12 months)"}, Unit: "orders", Mean: 8.1, SD: 6.9, Clustered: true},
	{Name: "consumables_share", Label: text{"Anteil Verbrauchsmaterial", "Share of consumables"}, Unit: "share", Mean: .31, SD: .19, Clustered: true},
	{Name: "own_brand_share", Label: text{"Anteil Eigenmarke", "Share of own brand"}, Unit: "share", Mean: .47, SD: .28, Clustered: true},
	{Name: "contacts_12m", Label: text{"Kontakte (12 Monate)", "Contacts (12 months)"}, Unit: "contacts", Mean: 6.8, SD: 5.2, Clustered: true},
	{Name: "basket", Label: text{"Mittlerer Bestellwert", "Average order value"}, Unit: "currency", Mean: 1310, SD: 980, Clustered: true},
	{Name: "recency_days", Label: text{"Tage seit der letzten Bestellung", "Days since the last order"}, Unit: "days", Mean: 63.4, SD: 58, Clustered: true},
	{Name: "rhythm_cv", Label: text{"Unregelmäßigkeit der Bestellungen", "Irregularity of orders"}, Mean: .83, SD: .35, Clustered: true},
	{Name: "categories", Label: text{"Zahl der Warengruppen", "Number of product groups"}, Unit: "categories", Mean: 5.2, SD: 2.6, Clustered: true},
	{Name: "returns_share", Label: text{"Anteil Rücksendungen", "Share of returns"}, Unit: "share", Mean: .041, SD: .05, Clustered: true},
	{Name: "trend_revenue", Label: text{"Umsatztrend (letztes gegen vorletztes Halbjahr)", "Revenue trend (last against previous half year)"}, Mean: 1.02, SD: .41, Clustered: true},
	{Name: "devices", Label: text{"Installierte Geräte", "Installed devices"}, Unit: "devices", Mean: 7.9, SD: 6.1, Clustered: true},
	{Name: "employees", Label: text{"Beschäftigte", "Employees"}, Unit: "employees", Mean: 143, SD: 310},
	{Name: "tenure", Label: text{"Kunde seit", "Customer for"}, Unit: "days", Mean: 2210, SD: 1300},
}

func ptr[T any](v T) *T { return &v }

// newSample makes k segments with features features.
func newSample(k, features int) *sampleRun {
	r := rand.New(rand.NewPCG(7, 11))
	s := &sampleRun{}
	total := 20000
	if k > 5 {
		total = 48213
	}
	s.seg = segmentsJSON{
		K: k, Passed: true, Customers: total, RevenueTotal: ptr(182431877.25),
		ChosenBecause: text{
			fmt.Sprintf("k = %d: 6 von 9 geprüften Segmentzahlen bestehen alle Prüfungen; darunter hat sie die beste Silhouette (0,412); an zweiter Stelle steht k = 4 (0,377).", k),
			fmt.Sprintf("k = %d: of the 9 numbers of segments tried, 6 pass every check; among these it has the best silhouette (0.412); the runner-up is k = 4 (0.377).", k),
		},
	}
	s.seg.Stability = &struct {
		ARIMean float64  `json:"ari_mean"`
		ARIMCSE *float64 `json:"ari_mcse"`
		Pairs   int      `json:"pairs"`
	}{.968, ptr(.003), 25}
	for j := range features {
		f := sampleFeatures[j%len(sampleFeatures)]
		if j >= len(sampleFeatures) {
			f.Name = fmt.Sprintf("share_group_%02d", j)
			f.Label = text{fmt.Sprintf("Umsatzanteil Warengruppe %d", j), fmt.Sprintf("Revenue share of product group %d", j)}
			f.Unit, f.Mean, f.SD = "share", .02, .03
		}
		s.seg.Features = append(s.seg.Features, f)
	}
	weights := 0.0
	for i := range k {
		weights += math.Pow(.87, float64(i))
	}
	for i := range k {
		s.seg.Segments = append(s.seg.Segments, makeSegment(r, s, i, k, total, weights))
	}
	makeSweep(r, s, k)
	makeQuality(s)
	s.in = Input{
		Project: "b2b-nightly", RunID: "20261122T010000Z-7f3a", MinCell: 10,
		Generated: Facts{
			Time: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC), AsOf: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
			Window: "365d", Version: "0.1.0", AlgorithmVersion: "v1", Seed: 20260101, Inputs: 9, HardwarePath: "ref",
			ConfigSHA256:  "9b1c5f0e77d28a4c6b0c9d1f3e5a7b9c1d3f5a7b9c1d3e5f7a9b1c3d5e7f9a1b",
			LabelHash:     "0f3e5a7b9c1d3f5a7b9c1d3e5f7a9b1c3d5e7f9a1b9b1c5f0e77d28a4c6b0c9d",
			RequireGlobal: .8, RequireSegment: .6,
		},
	}
	return s
}

func makeSegment(r *rand.Rand, s *sampleRun, i, k, total int, weights float64) segment {
	pl := company[i%len(company)]
	if k != len(company) {
		pl.share = math.Pow(.87, float64(i)) / weights
		pl.revenue = math.Pow(.87, float64((i*7+3)%k)) / weights
		if i >= len(company) {
			pl.name.DE += fmt.Sprintf(" %c", 'A'+i)
			pl.name.EN += fmt.Sprintf(" %c", 'A'+i)
		}
	}
	g := segment{
		ID: "S-" + []string{"7K2M4Q", "Q3XW2A", "M5PLTZ", "B6YC7D", "2HRNVE"}[i%5], Number: i + 1, Name: pl.name, Description: pl.description,
		Customers: int(float64(total) * pl.share), Share: pl.share, RevenueShare: ptr(pl.revenue), Revenue: ptr(182431877.25 * pl.revenue),
		RevenueClass: ptr(pl.class), OrdersPerYear: ptr(pl.orders), ContactsPerYear: ptr(pl.contacts), SLSwMean: ptr(pl.stable),
		Silhouette: ptr(.4), Plan: map[string]any{},
	}
	g.Checks.LargeEnough, g.Checks.Stable, g.Checks.Distinguishable = ptr(true), ptr(true), ptr(true)
	if i%5 != 3 {
		g.Checks.Addressable = ptr(i%5 != 1)
	}
	g.History.Event = "new"
	if i%5 == 2 {
		g.History.Event, g.History.Jaccard = "continued", ptr(.981)
	}
	for j, f := range s.seg.Features {
		e := r.NormFloat64() * 1.1 * math.Pow(.93, float64(j))
		if r.IntN(3) == 0 {
			e *= .2
		}
		mean := math.Max(f.Mean+e*f.SD*.8, f.Mean*.07)
		if f.Unit == "share" {
			mean = math.Min(mean, .97)
		}
		g.Features = append(g.Features, segmentFeature{
			Name: f.Name, Mean: mean, OverallMean: f.Mean, Median: mean * .9, Lift: ptr(mean / f.Mean), Effect: e, Rank: j + 1,
		})
	}
	if i%2 == 0 {
		g.Levels = []level{
			{"industry", []string{"Maschinenbau", "Gesundheit", "Handel"}[i%3], .34, .18, 1.9}, {"region", "Bayern", .21, .15, 1.4},
		}
	}
	g.Rule.Text, g.Rule.Coverage, g.Rule.Precision = pl.rule, .82+r.Float64()*.15, .75+r.Float64()*.2
	return g
}

func makeSweep(r *rand.Rand, s *sampleRun, chosenK int) {
	w := &s.sweep
	w.N, w.D, w.Seed, w.AlgorithmVersion, w.Precision, w.Fits = s.seg.Customers, len(s.seg.Features), 20260101, "v1", "float64", 4590
	for _, f := range s.seg.Features {
		if f.Clustered {
			w.Features = append(w.Features, f.Name)
		}
	}
	w.Convention.Scale, w.Convention.Init, w.Convention.Restarts, w.Convention.MaxIter = "zscore", "kmeans++", 10, 300
	w.Convention.Bootstrap, w.Convention.BootRestart, w.Convention.BootScheme = 25, 10, "multinomial"
	w.Convention.Silhouette = "sample:10000"
	c := &w.Convention
	c.Gap, c.GapSpace, c.GapPower, c.GapRows = 50, "pca", 2, 10000
	c.BestOf, c.Refined, c.SilhouetteDistance, c.DaviesBouldin = "inertia", true, "euclidean", "mean distance"
	c.Clusterboot, c.ClusterbootScheme, c.PredictionStrength = 100, "boot", 50
	w.Warnings = []string{"k = 9 did not converge within 300 iterations"}
	last := max(10, chosenK+3)
	w.Chosen = &chosen{K: chosenK, Rule: "stable-then-gap", Passed: true, Structure: "segments"}
	w.Elbow = &elbow{K: ptr(max(2, min(chosenK, 4))), KFromOne: ptr(2)}
	w.GapChoice = &gapChoice{FirstSEmax: 1, Tibs2001SEmax: 1, GlobalSEmax: chosenK, FirstMax: 3, GlobalMax: chosenK}
	w.DudaHart = &dudaHart{Ratio: .6472, Limit: .8647}
	w.StrengthChoice = ptr(max(chosenK, 2))
	w.OneSegment = &sweepK{K: 1, Inertia: 214000, Sizes: []int{w.N}, Converged: true, Gap: ptr(.86), GapSE: ptr(.011)}
	for k := 2; k <= last; k++ {
		far := math.Abs(float64(k - chosenK))
		stable := .968 - .045*far
		if k < chosenK {
			stable = .968 - .02*far
		}
		q := sweepK{
			K: k, Inertia: 214000 / math.Pow(float64(k), .55), Converged: true, Silhouette: ptr(.412 - .035*far), SilhouetteSE: ptr(.004),
			CalinskiHarabasz: ptr(4100 - 260*far), DaviesBouldin: ptr(.92 + .07*far), Gap: ptr(1.21 - .07*far), GapSE: ptr(.012),
			Strength: ptr(max(.93-.09*float64(max(k-chosenK, 0)), .2)), StrengthSE: ptr(.013),
			Stability: &stabilityOfK{Pairs: 25, ARIMCSE: ptr(.004 + .003*far), Replicates: 100},
		}
		sum := 0.0
		for range 25 {
			v := math.Min(1, stable+r.NormFloat64()*(.012+.012*far))
			q.Stability.ARI = append(q.Stability.ARI, v)
			sum += v
		}
		q.Stability.ARIMean = ptr(sum / 25)
		for j := range k {
			q.Sizes = append(q.Sizes, s.seg.Customers/(k+j))
			var slsw []float64
			sum := 0.0
			for range 25 {
				v := math.Min(1, stable-.02-.03*float64(j%4)+r.NormFloat64()*.02)
				slsw = append(slsw, v)
				sum += v
			}
			seg := stabilityOfSegment{
				Segment: j + 1, SLSw: slsw, SLSwMean: ptr(sum / 25), SLSwMCSE: ptr(.0061),
				JaccardMean: ptr(sum/25 - .02), JaccardMCSE: ptr(.0074), Dissolved: ptr(j % 3), Recovered: ptr(98 - 5*(j%4)),
			}
			for range 100 {
				seg.Jaccard = append(seg.Jaccard, math.Max(0, math.Min(1, sum/25-.02+r.NormFloat64()*.05)))
			}
			if k > 2 {
				seg.SLSa = ptr(1 - .11*float64(j%3))
			}
			q.Stability.Segments = append(q.Stability.Segments, seg)
		}
		w.K = append(w.K, q)
		g := gate{K: k, Passed: *q.Stability.ARIMean >= .8}
		if !g.Passed {
			g.Failed = []string{"stable_global", "stable_segments"}
		}
		w.Chosen.Gates = append(w.Chosen.Gates, g)
	}
	if chosenK > 1 {
		makeInfluence(r, w, chosenK)
	}
	w.Niches = sampleNiches()
}

// makeInfluence lets every fourth feature carry a segment.
func makeInfluence(r *rand.Rand, w *sweepJSON, k int) {
	w.Influence = &influence{K: k, Rows: 10000}
	for i, name := range w.Features {
		f := featureInfluence{Feature: name, APN: .02 + .2*r.Float64(), FOM: ptr(.4 + .5*r.Float64()), ARI: .6 + .3*r.Float64()}
		for j := range k {
			f.Jaccard = append(f.Jaccard, .55+.44*r.Float64())
			if i%4 == 0 && j == i%k {
				f.Jaccard[j] = .3127
			}
		}
		w.Influence.Features = append(w.Influence.Features, f)
	}
}

// sampleNiches are groups of 143, of 87 with 3 of them elsewhere, and of 7 customers.
func sampleNiches() []niche {
	return []niche{
		{K: 7, Customers: 143, Share: .00715, SeenAt: []int{6, 7, 8}, Stability: .912, Silhouette: .48, Within: ptr(1), WithinOf: .8182, Features: []nicheFeature{
			{"returns_share", 3.41}, {"revenue_12m", -1.22}, {"industry=Handel", .84}, {"devices", .1},
		}},
		{K: 9, Customers: 87, Share: .00435, SeenAt: []int{9}, Stability: .783, Silhouette: .31, Within: ptr(2), WithinOf: 84.0 / 87, Features: []nicheFeature{
			{"basket", 2.6}, {"orders_12m", -.7},
		}},
		{K: 10, Customers: 7, Share: .00035, SeenAt: []int{10}, Stability: .971, Silhouette: .77, Within: ptr(3), WithinOf: 5.0 / 7, Features: []nicheFeature{
			{"basket", 8.7654}, {"contacts_12m", -1.9},
		}},
	}
}

func makeQuality(s *sampleRun) {
	q := &s.quality
	q.Sources = []qualitySource{
		{Name: "customers", Files: 3, RowsRead: 20012, RowsUsed: 20000, RowsDuplicate: 12, RowsDuplicateRemoved: 12, Columns: []qualityColumn{
			{Name: "kundennr", Type: "text", Used: ptr(true)}, {Name: "umsatzsteuer_id", Type: "text", Nulls: 2101, Used: ptr(false)},
			{Name: "employees", Type: "integer", Nulls: 884, Outliers: 61, Used: ptr(true)},
		}},
		{Name: "orders", Files: 24, RowsRead: 541909, RowsWithoutKey: 13508, RowsFiltered: 8872, RowsOutsideWindow: 102400, RowsFuture: 3, RowsUnknownCustomer: 411, RowsDuplicate: 5268, RowsUsed: 416715, Columns: []qualityColumn{
			{Name: "order_date", Type: "timestamp", FirstTime: ptr("2024-11-22T00:00:00Z"), LastTime: ptr("2026-11-20T23:10:00Z"), Used: ptr(true)},
			{Name: "net_amount", Type: "decimal(12,2)", Outliers: 1830, Used: ptr(true)},
		}},
		{Name: "contacts", Files: 1, RowsRead: 141230, RowsUsed: 136012, RowsRejected: 7, RowsOutsideWindow: 5211},
	}
	q.Entity.Customers, q.Entity.Orders, q.Entity.Amount, q.Entity.Complete = int64(s.seg.Customers), ptr(int64(162044)), ptr("182431877.25"), ptr(int64(18116))
	q.Coverage = []coverage{{"country", "DE", 14210, 14003, 13001}, {"country", "AT", 3330, 3214, 3011}, {"country", "CH", 2455, 1810, 2100}, {"country", "LI", 5, 5, 4}}
	for _, f := range s.seg.Features {
		q.Features = append(q.Features, struct {
			Name    string  `json:"name"`
			Used    bool    `json:"used"`
			WhyNot  *string `json:"why_not"`
			Missing int64   `json:"missing"`
		}{f.Name, f.Clustered, nil, 884})
		if !f.Clustered {
			q.Features[len(q.Features)-1].WhyNot = ptr("profile only")
		}
	}
	q.Findings = append(q.Findings,
		sampleFinding("info", "Die Spalte „umsatzsteuer_id“ der Quelle customers wird geladen, aber nicht genutzt.", "Column “umsatzsteuer_id” of source customers is loaded but not used."),
		sampleFinding("warn", "3 Zeilen der Quelle orders liegen in der Zukunft und wurden nicht genutzt.", "3 rows of source orders lie in the future and were not used."),
		sampleFinding("warn", "Der Quelle orders fehlen Bestellungen vom 3. bis 9. August.", "Source orders has no orders from 3 to 9 August."))
}

func sampleFinding(severity, de, en string) struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Text     text   `json:"text"`
} {
	return struct {
		Code     string `json:"code"`
		Severity string `json:"severity"`
		Text     text   `json:"text"`
	}{"X", severity, text{de, en}}
}

// input turns the sample into artifacts.
func (s *sampleRun) input(t testing.TB) Input {
	t.Helper()
	in := s.in
	for _, a := range []struct {
		into *[]byte
		from any
	}{{&in.Segments, s.seg}, {&in.Sweep, s.sweep}, {&in.Quality, s.quality}} {
		b, err := json.Marshal(a.from)
		if err != nil {
			t.Fatal(err)
		}
		*a.into = b
	}
	return in
}

// samples are the cases that must all look well.
func samples(t testing.TB) map[string]Input {
	bare := newSample(5, 14)
	bare.seg.Stability, bare.seg.RevenueTotal, bare.seg.Passed = nil, nil, false
	for i := range bare.seg.Segments {
		g := &bare.seg.Segments[i]
		g.Revenue, g.RevenueShare, g.RevenueClass, g.SLSwMean, g.Checks.Stable, g.OrdersPerYear, g.ContactsPerYear = nil, nil, nil, nil, nil, nil, nil
	}
	for i := range bare.sweep.K {
		bare.sweep.K[i].Stability = nil
	}
	tiny := newSample(5, 14)
	tiny.seg.Segments[4].Customers, tiny.seg.Segments[4].Share = 4, .0002
	rare := newSample(5, 14) // as tiny, with value
	rare.seg.Segments[4].Customers, rare.seg.Segments[4].Share = 4, .0002
	bareValue := withValue(t, newSample(5, 14), func(v *valueJSON, _ *regionsJSON) {
		*v = valueJSON{Customers: v.Customers, Segments: []segmentValue{{Segment: 1}}, Groups: []group{{}}, Plans: []plan{{Segment: 1}}}
	})
	onlyRegions := withValue(t, newSample(5, 14), nil)
	onlyRegions.Value = nil
	only := newSample(5, 14).input(t)
	only.Sweep, only.Quality = nil, nil
	return map[string]Input{
		"five": newSample(5, 14).input(t), "many": newSample(22, 64).input(t), "bare": bare.input(t), "tiny": tiny.input(t), "only": only,
		"none": oneGroup("none").input(t), "continuous": oneGroup("continuous").input(t), "one": oneGroup("").input(t), "failing": failing("unclear").input(t),
		"clusterboot": clusterbootOnly().input(t), "old": oldSweep(t),
		"value": withValue(t, newSample(5, 14), nil), "value-many": withValue(t, newSample(22, 20), nil), "value-tiny": withValue(t, rare, nil),
		"value-one": withValue(t, oneGroup("none"), nil), "value-bare": bareValue, "regions": onlyRegions,
	}
}

// oneGroup is a run that found no segments; structure "" is one of an earlier version, which did not say why.
func oneGroup(structure string) *sampleRun {
	s := newSample(1, 14)
	s.seg.Stability = nil
	s.seg.ChosenBecause = text{
		"Die Daten enthalten keine Segmente: Die Gap-Statistik (globalSEmax) zieht eine einzige Gruppe vor (Gap 0,961 ± 0,010).",
		"The data hold no segments: the gap statistic (globalSEmax) prefers one group (gap 0.961 ± 0.010).",
	}
	g := &s.seg.Segments[0]
	g.Name, g.SLSwMean, g.Silhouette, g.Checks.Stable, g.Checks.Distinguishable = text{"Alle Kunden", "All customers"}, nil, nil, nil, nil
	for i := range g.Features {
		g.Features[i].Effect, g.Features[i].Mean = 0, g.Features[i].OverallMean
	}
	g.Rule.Text = text{}
	w := &s.sweep
	w.Chosen.Structure, w.GapChoice.GlobalSEmax, w.GapChoice.GlobalMax, w.DudaHart.One = structure, 1, 1, true
	w.OneSegment.Gap, w.Niches = ptr(1.4), w.Niches[:1]
	w.Niches[0].Within, w.Niches[0].WithinOf = ptr(1), 1
	return s
}

// failing is a run that was published although it failed its checks.
func failing(structure string) *sampleRun {
	s := newSample(5, 14)
	s.seg.Passed, s.sweep.Chosen.Passed, s.sweep.Chosen.Structure = false, false, structure
	for i := range s.sweep.Chosen.Gates {
		s.sweep.Chosen.Gates[i].Passed, s.sweep.Chosen.Gates[i].Failed = false, []string{"stable_global", "distinguishable"}
	}
	return s
}

// clusterbootOnly is a run without pairs: nothing of them is known.
func clusterbootOnly() *sampleRun {
	s := newSample(5, 14)
	s.seg.Stability, s.sweep.Convention.Bootstrap = nil, 0
	for i := range s.seg.Segments {
		s.seg.Segments[i].SLSwMean = nil
	}
	for _, k := range s.sweep.K {
		st := k.Stability
		st.Pairs, st.ARI, st.ARIMean, st.ARIMCSE = 0, []float64{}, nil, nil
		for j := range st.Segments {
			st.Segments[j].SLSw, st.Segments[j].SLSwMean, st.Segments[j].SLSwMCSE = []float64{}, nil, nil
		}
	}
	return s
}

// oldSweep has a sweep.json without all that later versions added.
func oldSweep(t testing.TB) Input {
	in := newSample(5, 14).input(t)
	var v map[string]any
	if err := json.Unmarshal(in.Sweep, &v); err != nil {
		t.Fatal(err)
	}
	drop(v, "one_segment", "gap_choice", "duda_hart", "prediction_strength_choice", "niches", "influence", "structure", "k_from_one",
		"silhouette_se", "gap", "gap_se", "prediction_strength", "prediction_strength_se", "slsw_mcse", "jaccard", "jaccard_mean", "jaccard_mcse",
		"dissolved", "recovered", "slsa", "replicates", "gap_space", "gap_power", "gap_rows", "compat", "best_of", "refined", "silhouette_distance",
		"davies_bouldin", "boot_se", "clusterboot", "clusterboot_scheme", "replay")
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	in.Sweep = b
	return in
}

// drop removes keys at every depth. The figure davies_bouldin of each k, which is as old as the file, goes with its
// convention.
func drop(v any, keys ...string) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			drop(e, keys...)
		}
	case map[string]any:
		for _, key := range keys {
			delete(x, key)
		}
		for _, e := range x {
			drop(e, keys...)
		}
	}
}
