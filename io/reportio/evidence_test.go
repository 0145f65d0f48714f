package reportio

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inLanguage renders the page in one language.
func inLanguage(t *testing.T, in Input, lang string) string {
	t.Helper()
	in.Languages = []string{lang}
	return render(t, in)
}

// seen returns what people read, without markup, each run of blanks as one.
func seen(page string) string {
	body := page[strings.Index(page, "<body>"):]
	plain := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")
	plain = strings.NewReplacer(nbsp, " ", "\u00ad", "").Replace(html.UnescapeString(plain))
	return strings.Join(strings.Fields(plain), " ")
}

func section(t *testing.T, page, id string) string {
	t.Helper()
	at := strings.Index(page, `<section id="`+id+`">`)
	if at < 0 {
		return ""
	}
	end := strings.Index(page[at:], "</section>")
	return "<body>" + page[at:at+end]
}

func mustSay(t *testing.T, what, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q: %.1500s", what, w, text)
		}
	}
}

func mustNotSay(t *testing.T, what, text string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if i := strings.Index(text, w); i >= 0 {
			t.Errorf("%s says %q: ...%s", what, w, text[max(0, i-80):min(len(text), i+60)])
		}
	}
}

// TestEvidence: each section says what sweep.json knows, in both languages.
func TestEvidence(t *testing.T) {
	s := newSample(5, 14)
	five := &s.sweep.K[3]
	five.Stability.ARIMean, five.Stability.ARIMCSE = ptr(.9612), ptr(.0042)
	seg := &five.Stability.Segments[1]
	seg.SLSwMean, seg.SLSwMCSE, seg.JaccardMean, seg.JaccardMCSE = ptr(.7012), ptr(.021), ptr(.5512), ptr(.031)
	seg.Dissolved, seg.Recovered, seg.SLSa = ptr(41), ptr(17), ptr(.6345)
	s.seg.Segments[1].SLSwMean = seg.SLSwMean
	in := s.input(t)
	for _, c := range []struct {
		lang, section string
		wanted        []string
	}{
		{"en", "number", []string{
			"0.961 ± 0.004", "0.701 ± 0.021", "0.551 ± 0.031", "1.210 ± 0.012", "0.860 ± 0.011", "0.930 ± 0.013", "0.412 ± 0.004",
			"whiskers: ± 1 standard error", "What each indicator says", "Gap near its maximum 5 segments", "Gap near its first peak no segments",
			"Gap without a clear rise no segments", "Maximum of the gap 5 segments", "First peak of the gap 3 segments", "globalSEmax", "firstSEmax",
			"Tibs2001SEmax", "globalmax", "firstmax", "Bend of the scatter 4 segments", "Bend of the scatter, from 1 on 2 segments",
			"Test of Duda and Hart at least two two groups against one: ratio 0.647, limit 0.865", "Prediction strength 5 segments", "Silhouette 5 segments",
		}},
		{"de", "number", []string{
			"0,961 ± 0,004", "0,701 ± 0,021", "0,551 ± 0,031", "1,210 ± 0,012", "0,860 ± 0,011", "Striche: ± 1 Standardfehler", "Was die Kennzahlen für sich sagen",
			"Gap nahe dem Höchstwert 5 Segmente", "Gap nahe dem ersten Gipfel keine Segmente", "Knick der Streuung 4 Segmente", "mindestens zwei",
			"Verhältnis 0,647, Grenze 0,865", "Vorhersagestärke 5 Segmente",
		}},
		{"en", "stability", []string{
			"2 Few consumables, third-party brands blurred edge 0.70 ± 0.02 not reliable 0.55 ± 0.03 17 of 100 41 of 100 0.63", "From 0.85 highly stable",
			"with doubtful members", "not to be trusted", "anew 100 times",
		}},
		{"de", "stability", []string{
			"unscharfer Rand 0,70 ± 0,02 nicht verlässlich 0,55 ± 0,03 17 von 100 41 von 100 0,63", "Ab 0,85 sehr stabil", "zweifelhaften Mitgliedern", "nicht zu trauen",
		}},
		{"en", "overview", []string{"blurred edge 0.70 ± 0.02"}},
		{"en", "influence", []string{
			"“Much advised occasional buyers” hangs on a single feature. It is lost without: Revenue (12 months) (0.31).", "Computed on a random sample of 10,000 customers",
			"APN", "ARI", "FOM", "Average order value",
		}},
		{"de", "influence", []string{"„Beratungsintensive Gelegenheitskäufer“ hängt an einem einzelnen Merkmal. Verloren geht es ohne: Umsatz (12 Monate) (0,31)."}},
		{"en", "methods", []string{
			"smallest scatter (inertia)", "by Hartigan’s exchanges", "none; its own hold", "100 replicates with 10 restarts each, scheme boot",
			"50 splits with 10 restarts each", "sample of 10,000 customers, Euclidean", "with mean distances to the centroid",
			"gap statistic of a random sample of 10,000 customers", "on a random sample of 10,000 customers", "double precision",
			"Gap statistic Compares", "Jaccard value (clusterboot)", "SLSa", "Prediction strength The customers", "Small group (niche)", "APN and FOM", "± (standard error)",
			"did not converge",
		}},
		{"de", "methods", []string{
			"kleinste Streuung (Inertia)", "keine; es gelten die eigenen", "Gap-Statistik einer Zufallsstichprobe von 10.000 Kunden", "mit mittleren Abständen zum Zentrum",
			"Kleine Gruppe (Nische)", "Vorhersagestärke Die Kunden",
		}},
	} {
		page := inLanguage(t, in, c.lang)
		mustSay(t, c.lang+" "+c.section, seen(section(t, page, c.lang+"-"+c.section)), c.wanted...)
	}
	page := inLanguage(t, in, "en")
	mustSay(t, "the head", seen(page), "agree at 0.97 ± 0.003 on average", "± 0.003; mean ARI of 25 pairs", "± 0.004; silhouette of a sample")
	if n := strings.Count(page, `class="error"`); n != 3*(10+9+9+9) { // gap from k = 1, ARI, silhouette, prediction strength
		t.Errorf("%d strokes of whiskers", n)
	}
}

// TestConventions: what was asked for otherwise is named.
func TestConventions(t *testing.T) {
	s := newSample(5, 14)
	c := &s.sweep.Convention
	c.Compat, c.BestOf, c.Refined, c.SilhouetteDistance, c.DaviesBouldin = "flexclust", "distance", false, "squared euclidean", "root mean square"
	c.Bootstrap, c.BootSE, c.Replay, c.ClusterbootScheme, c.Silhouette, c.GapRows = 100, .005, true, "jitter", "exact", s.sweep.N
	s.sweep.Influence.Rows, s.sweep.Precision = s.sweep.N, "grid"
	mustSay(t, "methods", seen(section(t, inLanguage(t, s.input(t), "en"), "en-methods")),
		"flexclust", "smallest sum of distances", "Refined no", "exact, squared Euclidean distances", "root mean square", "given (replay)", "scheme jitter",
		"25 of at most 100, with 10 restarts each; ended once every standard error was at most 0.005", "fixed-point grid", "Influence of features on all customers")
	text := seen(inLanguage(t, s.input(t), "en"))
	mustNotSay(t, "the page", text, "random sample of 20,000")
}

// TestNoSegments: one group is said plainly at the top, and nothing compares it with others.
func TestNoSegments(t *testing.T) {
	for _, c := range []struct{ structure, de, en, deLead, enLead string }{
		{"none", "20.000 Kunden bilden eine einzige Gruppe: Es gibt keine Segmente.", "20,000 customers form a single group: there are no segments.",
			"Jede Aufteilung in Segmente wäre willkürlich.", "Any division into segments would be arbitrary."},
		{"continuous", "20.000 Kunden gehen fließend ineinander über: keine getrennten Segmente.", "20,000 customers shade into one another: no separate segments.",
			"Schnitte durch ein zusammenhängendes Ganzes", "cuts through one connected whole"},
		{"", "20.000 Kunden bilden keine getrennten Segmente.", "20,000 customers do not form separate segments.", "ohne klare Grenzen", "without clear borders"},
		{"fixed", "20.000 Kunden in einer einzigen Gruppe.", "20,000 customers in a single group.", "", ""},
	} {
		in := oneGroup(c.structure).input(t)
		for lang, wanted := range map[string][]string{
			"de": {c.de, c.deLead, "Die Gap-Statistik (globalSEmax) zieht eine einzige Gruppe vor", "Die Kunden insgesamt", "Test von Duda und Hart keine Segmente"},
			"en": {c.en, c.enLead, "the gap statistic (globalSEmax) prefers one group", "The customers as a whole", "Test of Duda and Hart no segments"},
		} {
			page := inLanguage(t, in, lang)
			text := seen(page)
			mustSay(t, c.structure, text, wanted...)
			mustNotSay(t, c.structure, text, "100.0%", "Liegt ganz im Segment", "Lies wholly in segment")
			for _, id := range []string{"overview", "profiles", "influence", "rules"} {
				if section(t, page, lang+"-"+id) != "" {
					t.Errorf("%s: a page of one group has a section %s", c.structure, id)
				}
			}
			for _, chart := range []string{"flow", "sizes", "heat", "lines", "boxes-s"} {
				if strings.Contains(page, `"`+lang+"-"+chart+`-t"`) {
					t.Errorf("%s: a page of one group draws %s", c.structure, chart)
				}
			}
			if !strings.Contains(page, `class="chosen"><th scope="row" class="num">1</th>`) {
				t.Errorf("%s: k = 1 is not marked as chosen", c.structure)
			}
		}
	}
}

// TestFailing: a solution that was published although it failed is marked before anything else.
func TestFailing(t *testing.T) {
	for structure, why := range map[string][2]string{
		"unclear": {"Keine Segmentzahl hat alle Prüfungen bestanden.", "No number of segments passed every check."},
		"fixed":   {"Die Segmentzahl ist in der Konfiguration festgelegt", "The number of segments was fixed by the configuration"},
	} {
		in := failing(structure).input(t)
		de, en := inLanguage(t, in, "de"), inLanguage(t, in, "en")
		mustSay(t, "de", seen(de), "Prüfungen nicht bestanden", "insgesamt nicht stabil", "ein Segment ist nicht unterscheidbar", why[0], "gezeigt, nicht bestanden",
			"20.000 Kunden in fünf Segmenten, die ihre Prüfungen nicht bestehen.")
		mustSay(t, "en", seen(en), "Checks not passed", "not stable as a whole", "a segment is not distinguishable", why[1], "shown, not passed",
			"20,000 customers in five segments that fail their checks.")
		if at := strings.Index(en, `class="alert"`); at < 0 || at > strings.Index(en, "<h1>") {
			t.Error("the mark does not stand before the headline")
		}
	}
	if page := render(t, newSample(5, 14).input(t)); strings.Contains(page, `class="alert"`) {
		t.Error("a solution that passed is marked")
	}
}

// TestNiches: groups below the least cell, and those that would let one be reckoned, are described in words only.
func TestNiches(t *testing.T) {
	in := newSample(5, 14).input(t)
	en, de := seen(section(t, inLanguage(t, in, "en"), "en-niches")), seen(section(t, inLanguage(t, in, "de"), "de-niches"))
	mustSay(t, "en", en, "143 customers 0.7%", "82% of it lies in segment 1 Much advised occasional buyers", "Share of returns far above average +3.4 SD",
		"Revenue (12 months) below average −1.2 SD", "Industry: Handel above average +0.8 SD", "Seen at 6, 7, 8 segments, most clearly at 7", "highly stable 0.91",
		"87 customers 0.4% stable 0.78 Lies mostly in segment 2", "A few customers", "Lies mostly in segment 3", "Average order value far above average Contacts (12 months) below average",
		"fewer than 10 customers could be made out")
	mustSay(t, "de", de, "143 Kunden 0,7 %", "Liegt zu 82 % im Segment 1", "Anteil Rücksendungen weit über dem Mittel +3,4 SD", "Zu sehen bei 6, 7, 8 Segmenten, am klarsten bei 7",
		"Wenige Kunden", "weniger als 10 Kunden")
	mustNotSay(t, "en", en, " 7 customers", "8.8", "97%", "71%", "Installed devices")

	for what, edit := range map[string]func(s *sampleRun){
		"the rest of the segment is small": func(s *sampleRun) {
			s.seg.Segments[0].Customers, s.sweep.Niches[0].WithinOf = 121, 117.0/143
		},
		"its segment hides its size": func(s *sampleRun) { s.seg.Segments[0].Customers = 7 },
	} {
		s := newSample(5, 14)
		edit(s)
		s.sweep.Niches = s.sweep.Niches[:1]
		text := seen(section(t, inLanguage(t, s.input(t), "en"), "en-niches"))
		mustSay(t, what, text, "Lies mostly in segment 1")
		mustNotSay(t, what, text, "82%")
	}
	s := newSample(5, 14)
	s.sweep.Niches = []niche{}
	if page := render(t, s.input(t)); strings.Contains(page, `id="en-niches"`) {
		t.Error("a section without groups")
	}
}

// TestInfluence: nothing is said of a handful, and a page without the figures has no such section.
func TestInfluence(t *testing.T) {
	s := newSample(5, 14)
	s.seg.Segments[4].Customers = 4
	for i := range s.sweep.Influence.Features {
		s.sweep.Influence.Features[i].Jaccard[4] = .25
	}
	text := seen(section(t, inLanguage(t, s.input(t), "en"), "en-influence"))
	mustNotSay(t, "influence", text, "0.25", "“Top customers of the own brand” hangs")
	for i, f := range s.sweep.Influence.Features {
		for j := range f.Jaccard {
			s.sweep.Influence.Features[i].Jaccard[j] = .9
		}
	}
	mustSay(t, "influence", seen(section(t, inLanguage(t, s.input(t), "en"), "en-influence")), "No segment hangs on a single feature")
	s.sweep.Influence.Features[0].Jaccard[1], s.sweep.Influence.Features[3].Jaccard[1] = .2, .4
	mustSay(t, "influence", seen(section(t, inLanguage(t, s.input(t), "en"), "en-influence")), "hangs on each of two features", "Revenue (12 months) (0.20)", "Share of own brand (0.40)")
	s.sweep.Influence = nil
	if page := render(t, s.input(t)); strings.Contains(page, `id="en-influence"`) {
		t.Error("a section without figures")
	}
}

// TestClusterbootOnly: without pairs, the segments are judged by clusterboot.
func TestClusterbootOnly(t *testing.T) {
	page := inLanguage(t, clusterbootOnly().input(t), "en")
	text := seen(page)
	mustSay(t, "the page", text, "Recovery of each segment (Jaccard)", "Clusterboot learns the segments anew", "98 of 100")
	mustNotSay(t, "the page", seen(section(t, page, "en-stability")), "SLSw", "Each pair of repeats", "not tested")
	mustNotSay(t, "the overview", seen(section(t, page, "en-overview")), "not tested")
}

// TestOldSweep: what a file of an earlier version does not know is left out, not made up.
func TestOldSweep(t *testing.T) {
	page := inLanguage(t, oldSweep(t), "en")
	text := seen(page)
	mustSay(t, "the page", text, "very stable segments", "Bend of the scatter 4 segments", "Repeatability (ARI)")
	mustNotSay(t, "the page", seen(section(t, page, "en-number")), "Gap", "Duda", "Prediction strength", "Jaccard")
	mustNotSay(t, "the stability", seen(section(t, page, "en-stability")), "Jaccard", "SLSa")
	mustNotSay(t, "the methods", strings.Split(seen(section(t, page, "en-methods")), "What the terms mean")[0], "Conventions of another tool", "Refined", "Clusterboot", "Influence")
}

func TestReading(t *testing.T) {
	p := &page{Lang: "en", L: locales["en"]}
	for _, c := range []struct {
		v    float64
		word string
	}{{.85, "highly stable"}, {.8499, "stable"}, {.75, "stable"}, {.7499, "blurred edge"}, {.6, "blurred edge"}, {.5999, "not reliable"}, {0, "not reliable"}} {
		if got := p.read(&c.v, nil); got.Word != c.word || got.Error != "" {
			t.Errorf("%v reads %+v, want %q", c.v, got, c.word)
		}
	}
	var got []string
	for _, e := range []float64{0, .000004, .0004, .0006, .004, .006, .0251, .3} {
		got = append(got, strings.ReplaceAll(p.plusMinus(&e, 2), nbsp, " "))
	}
	if want := []string{"± 0.00", "± <0.001", "± <0.001", "± 0.001", "± 0.004", "± 0.01", "± 0.03", "± 0.30"}; !slices.Equal(got, want) {
		t.Errorf("standard errors %q, want %q", got, want)
	}
}
