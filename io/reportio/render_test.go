package reportio

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"segovia/kernels/problem"
)

func render(t testing.TB, in Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// node is an element of the page with its attributes, and the texts that people read in it.
type node struct {
	name  string
	attrs map[string]string
	part  string // language part it lies in
	text  string // its own text, without that of its children
}

// parse reads the page as strict XML, which it is beside being HTML: every element closed, every attribute quoted,
// nothing unescaped.
func parse(t testing.TB, page string) []*node {
	t.Helper()
	nodes, err := parseXML(page)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func parseXML(page string) ([]*node, error) {
	d := xml.NewDecoder(strings.NewReader(page))
	var all, stack []*node
	part := ""
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			if len(stack) != 0 {
				return nil, fmt.Errorf("%s is not closed", stack[0].name)
			}
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch x := tok.(type) {
		case xml.StartElement:
			n := &node{name: x.Name.Local, attrs: map[string]string{}}
			for _, a := range x.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			if strings.HasPrefix(n.attrs["class"], "part") {
				part = n.attrs["id"]
			}
			n.part = part
			all, stack = append(all, n), append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(x)
			}
		}
	}
}

func TestStructure(t *testing.T) {
	for name, in := range samples(t) {
		t.Run(name, func(t *testing.T) {
			page := render(t, in)
			if out := os.Getenv("REPORTIO_OUT"); out != "" { // to look at them
				if err := os.WriteFile(filepath.Join(out, name+".html"), []byte(page), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.HasPrefix(page, "<!DOCTYPE html>\n<html lang=\"de\">") {
				t.Errorf("the page begins %.60q", page)
			}
			checkPage(t, parse(t, page))
			if n := strings.Count(page, "<h1>"); n != 2 {
				t.Errorf("%d headlines, want one in each language", n)
			}
			for _, at := range regexp.MustCompile(`%!|NaN|\bInf\b|<no value>|ZgotmplZ`).FindAllStringIndex(page, -1) {
				t.Errorf("the page contains ...%.80s", page[max(0, at[0]-60):])
			}
		})
	}
}

// checkPage holds what must be true of every page: ids are unique, references lead somewhere, drawings have title and
// description, nothing runs and nothing is fetched.
func checkPage(t *testing.T, nodes []*node) {
	t.Helper()
	ids := map[string]bool{}
	for _, n := range nodes {
		if id := n.attrs["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %q twice", id)
			}
			ids[id] = true
		}
	}
	charts := 0
	for _, n := range nodes {
		switch n.name {
		case "script", "img", "iframe", "object", "embed", "link", "base", "form", "use", "image", "foreignObject":
			t.Errorf("the page has an element %s", n.name)
		case "svg":
			if n.attrs["role"] == "img" {
				charts++
			} else if n.attrs["aria-hidden"] != "true" && n.part != "" && !strings.HasPrefix(n.attrs["viewBox"], "0 0 20 20") {
				t.Error("a drawing is neither named nor hidden from readers")
			}
		}
		for a, v := range n.attrs {
			switch {
			case strings.HasPrefix(a, "on"), a == "style", a == "src", a == "srcset", a == "action":
				t.Errorf("%s has attribute %s", n.name, a)
			case a == "href":
				if !strings.HasPrefix(v, "#") || !ids[v[1:]] {
					t.Errorf("link to %q leads nowhere", v)
				}
			case a == "aria-labelledby", a == "aria-describedby":
				if !ids[v] {
					t.Errorf("%s %q does not exist", a, v)
				}
			}
		}
	}
	if charts == 0 {
		t.Error("no charts")
	}
}

func TestNothingIsFetched(t *testing.T) {
	page := render(t, newSample(5, 14).input(t))
	if m := regexp.MustCompile(`(?i)(https?:)?//[a-z]|url\(|@import|javascript:`).FindString(page); m != "" {
		t.Errorf("the page refers to %q", m)
	}
	style := page[strings.Index(page, "<style>")+len("<style>") : strings.Index(page, "</style>")]
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	for _, n := range parse(t, page) {
		if n.attrs["http-equiv"] == "Content-Security-Policy" {
			if n.attrs["content"] != want {
				t.Errorf("policy %q, want %q", n.attrs["content"], want)
			}
			return
		}
	}
	t.Error("no content security policy")
}

// TestHostileText puts markup into every text of the artifacts: it must come out as text.
func TestHostileText(t *testing.T) {
	const hostile = `<img src=x onerror=alert(1)></script></style></svg></title>"'` + "`{{.}}&lt;"
	kept := map[string]bool{ // words that mean something to the page
		"severity": true, "event": true, "revenue_class": true, "precision": true, "silhouette": true, "failed": true, "structure": true,
		"level": true,
	}
	var poison func(key string, v any) any
	poison = func(key string, v any) any {
		switch x := v.(type) {
		case string:
			if kept[key] {
				return x
			}
			return x + hostile
		case []any:
			for i := range x {
				x[i] = poison(key, x[i])
			}
		case map[string]any:
			for k := range x {
				x[k] = poison(k, x[k])
			}
			if key == "plan" {
				x["k"+hostile] = hostile
			}
		}
		return v
	}
	in := withValue(t, newSample(5, 14), func(v *valueJSON, _ *regionsJSON) {
		for i := range v.Tiers.Comparison {
			v.Tiers.Comparison[i].Level += hostile
		}
	})
	for _, a := range []*[]byte{&in.Segments, &in.Sweep, &in.Quality, &in.Value, &in.Regions} {
		var v any
		if err := json.Unmarshal(*a, &v); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(poison("", v))
		if err != nil {
			t.Fatal(err)
		}
		*a = b
	}
	in.Project, in.RunID = hostile, hostile
	in.Generated.Version, in.Generated.Window = hostile, hostile
	page := render(t, in)
	nodes := parse(t, page)
	checkPage(t, nodes)
	seen := 0
	for _, n := range nodes {
		if strings.Contains(n.text, "<img src=x onerror") {
			seen++
		}
	}
	if seen < 300 {
		t.Errorf("the hostile text is seen %d times only: it was not where it was meant to be", seen)
	}
	if strings.Contains(page, "<img") || strings.Contains(page, "</script") {
		t.Error("markup came through")
	}
}

func TestDeterminism(t *testing.T) {
	in := newSample(22, 64).input(t)
	first := render(t, in)
	for range 3 {
		if render(t, in) != first {
			t.Fatal("the same input gives other bytes")
		}
	}
}

// TestSuppression: nothing of a segment of four customers is on the page but its name.
func TestSuppression(t *testing.T) {
	s := newSample(5, 14)
	g := &s.seg.Segments[4]
	g.Customers, g.Share, g.RevenueShare, g.Revenue = 4, .0002, ptr(.07654), ptr(555555.5)
	g.Description = text{"GEHEIM", "SECRET"}
	g.OrdersPerYear, g.ContactsPerYear = ptr(4321.0), ptr(8765.0)
	g.Potential = &potential{Realised: 31415, Unrealised: 27182}
	g.Rule.Text = text{"GEHEIM", "SECRET"}
	g.Plan = map[string]any{"visit": "GEHEIM SECRET"}
	for i := range g.Features {
		g.Features[i].Mean, g.Features[i].Effect = 7654321, 9.87
	}
	g.Levels = []level{{"industry", "GEHEIM SECRET", 1, .1, 10}}
	s.sweep.K[3].Sizes = []int{9000, 6000, 4000, 996, 4}
	next := &s.seg.Segments[3]
	next.Customers, next.RevenueShare = 3063, ptr(.2468)
	// A level that only three of a large segment's customers have is one cell too few, too.
	s.seg.Segments[0].Levels = []level{{"industry", "SECRET GEHEIM", 3.0 / 5740, .0001, 5}}
	page := render(t, s.input(t))
	for _, secret := range []string{
		"SECRET", "GEHEIM", "7,654,321", "7.654.321", "7.7%", "7,7" + nbsp + "%", "4,321", "4.321", "+9.87", "+9,87", "+9.9", "+9,9", "31,415", "31.415",
		"Country: LI", "Land: LI", "Country: CH", "3,063", "3.063", "24.7%", "24,7" + nbsp + "%",
	} {
		if i := strings.Index(page, secret); i >= 0 {
			t.Errorf("the page tells %q: ...%s", secret, page[max(0, i-80):i+40])
		}
	}
	for _, said := range []string{g.Name.DE, g.Name.EN, "weniger als 10 Kunden", "fewer than 10 customers", "under 10", "unter 10", "Country: DE"} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	// The next smallest keeps its profile.
	if !strings.Contains(page, next.Description.EN) {
		t.Error("the segment that only hides its size lost its description")
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		sizes     []int
		all, size string
	}{
		{[]int{500, 300, 200}, "000", "000"},
		{[]int{500, 300, 9}, "001", "011"},
		{[]int{500, 300, 10}, "000", "000"},
		{[]int{500, 9, 9}, "011", "011"}, // 18 together: neither can be told
		{[]int{500, 40, 3, 2}, "0011", "0111"},
		{[]int{500, 4}, "01", "11"},
		{[]int{4}, "1", "1"},
		{nil, "", ""},
	} {
		var segs []segment
		for _, n := range c.sizes {
			segs = append(segs, segment{Customers: n})
		}
		got := covers(segs, 10)
		bits := func(b []bool) string {
			s := ""
			for _, x := range b {
				s += map[bool]string{true: "1", false: "0"}[x]
			}
			return s
		}
		if bits(got.all) != c.all || bits(got.size) != c.size {
			t.Errorf("sizes %v: all %s size %s, want %s %s", c.sizes, bits(got.all), bits(got.size), c.all, c.size)
		}
	}
}

// TestLanguages: both languages have every text with the same figures, and no text of the other language is on a page.
func TestLanguages(t *testing.T) {
	figure := regexp.MustCompile(`%\[\d\]s|%`)
	for key, e := range texts {
		if strings.TrimSpace(e.DE) == "" || strings.TrimSpace(e.EN) == "" {
			t.Errorf("text %q lacks a language", key)
		}
		de, en := figure.FindAllString(e.DE, -1), figure.FindAllString(e.EN, -1)
		if fmt.Sprint(de) != fmt.Sprint(en) || strings.Contains(fmt.Sprint(de), "% ") {
			t.Errorf("text %q has figures %v and %v", key, de, en)
		}
	}
	for name, in := range samples(t) {
		in.Project, in.RunID = "X", ""
		for _, lang := range []string{"de", "en"} {
			in.Languages = []string{lang}
			foreign := map[string]string{}
			for key, e := range texts {
				if e.DE != e.EN {
					foreign[map[string]text{"de": {DE: e.EN}, "en": {DE: e.DE}}[lang].DE] = key
				}
			}
			for _, e := range texts { // a word of both languages with two meanings ("Segment") is no offence
				delete(foreign, map[string]string{"de": e.DE, "en": e.EN}[lang])
			}
			for _, n := range parse(t, render(t, in)) {
				if n.attrs["lang"] == "en" && n.name == "ul" {
					continue // messages of the engine, marked as English
				}
				for _, s := range []string{n.text, n.attrs["title"], n.attrs["aria-label"]} {
					if key, bad := foreign[strings.TrimSpace(s)]; bad {
						t.Errorf("%s: the page in %s says %q (%s)", name, lang, s, key)
					}
				}
			}
		}
	}
}

// TestEveryTextIsUsed finds texts that nothing refers to, and so also most misspelt keys.
func TestEveryTextIsUsed(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f == "texts.go" || f == "evidencetexts.go" || f == "terms.go" || f == "valuetexts.go" || strings.HasSuffix(f, "_test.go") || filepath.Ext(f) != ".go" && filepath.Ext(f) != ".tmpl" {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	families := regexp.MustCompile(`^(stat|hint|class|event|gate|failed|ind|severity|check|g|m\.precision|m\.gap|m\.sil|m\.db|m\.bestof|field|dim|cuts|region\.level|est\.method|base\.learned|niche\.(above|below))\.`)
	for key := range texts {
		if !strings.Contains(source.String(), `"`+key+`"`) && !families.MatchString(key) {
			t.Errorf("text %q is not used", key)
		}
	}
}

func TestOneLanguage(t *testing.T) {
	in := newSample(5, 14).input(t)
	in.Languages = []string{"en"}
	page := render(t, in)
	if strings.Contains(page, `id="de"`) || strings.Contains(page, `hreflang`) || !strings.Contains(page, `<html lang="en">`) {
		t.Error("a page in one language speaks of another")
	}
}

func TestErrors(t *testing.T) {
	good := newSample(5, 14).input(t)
	for _, c := range []struct {
		id   string
		edit func(in *Input)
	}{
		{"SEG-STA-003", func(in *Input) { in.Segments = nil }},
		{"SEG-STA-003", func(in *Input) { in.Segments = []byte("{") }},
		{"SEG-STA-003", func(in *Input) { in.Sweep = []byte(`{"k":3}`) }},
		{"SEG-STA-003", func(in *Input) { in.Quality = []byte(`[]`) }},
		{"SEG-STA-003", func(in *Input) { in.Value = []byte(`{"segments":3}`) }},
		{"SEG-STA-003", func(in *Input) { in.Regions = []byte(`{`) }},
		{"SEG-CFG-003", func(in *Input) { in.Languages = []string{"fr"} }},
		{"SEG-CFG-003", func(in *Input) { in.Languages = []string{"de", "de"} }},
	} {
		in := good
		c.edit(&in)
		var b bytes.Buffer
		err := Render(&b, in)
		if !errors.Is(err, &problem.Problem{ID: c.id}) {
			t.Errorf("got %v, want %s", err, c.id)
		}
		if b.Len() > 0 {
			t.Errorf("%v: %d bytes were written all the same", err, b.Len())
		}
	}
}

// TestStrangeFigures replaces values of the artifacts by null, zero, huge and empty ones: the page stays whole.
func TestStrangeFigures(t *testing.T) {
	good := withValue(t, newSample(5, 14), nil)
	r := rand.New(rand.NewPCG(5, 8))
	var shake func(v any) any
	shake = func(v any) any {
		if r.IntN(40) == 0 {
			switch v.(type) {
			case float64:
				return []any{nil, 0.0, -3.0, 1e15, 1e-300}[r.IntN(5)]
			case string:
				return ""
			case []any:
				return []any{}
			default:
				return nil
			}
		}
		switch x := v.(type) {
		case []any:
			for i := range x {
				x[i] = shake(x[i])
			}
		case map[string]any:
			for _, k := range sortedNames(x) {
				x[k] = shake(x[k])
			}
		}
		return v
	}
	var rendered [5]int
	for round := range 100 {
		in := good
		// One at a time: all together are rarely readable.
		a := []*[]byte{&in.Segments, &in.Sweep, &in.Quality, &in.Value, &in.Regions}[round%5]
		var v any
		if err := json.Unmarshal(*a, &v); err != nil {
			t.Fatal(err)
		}
		shaken, err := json.Marshal(shake(v))
		if err != nil {
			t.Fatal(err)
		}
		*a = shaken
		var b bytes.Buffer
		if err := Render(&b, in); err != nil {
			if !errors.Is(err, &problem.Problem{ID: "SEG-STA-003"}) { // a count that is no whole number any more
				t.Fatalf("round %d: %v", round, err)
			}
			continue
		}
		rendered[round%5]++
		if _, err := parseXML(b.String()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	for i, n := range rendered {
		if n < 3 {
			t.Errorf("%d pages were rendered with artifact %d shaken", n, i)
		}
	}
	for _, empty := range []string{"{}", "null", `{"segments":[]}`} {
		in := good
		in.Segments, in.Sweep, in.Quality = []byte(empty), []byte("{}"), []byte("{}")
		in.Value, in.Regions = []byte("{}"), []byte("{}")
		parse(t, render(t, in))
	}
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	for i := range names { // a handful: insertion will do
		for j := i; j > 0 && names[j] < names[j-1]; j-- {
			names[j], names[j-1] = names[j-1], names[j]
		}
	}
	return names
}
