package reportio

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the template and the style sheet
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"

	"segovia/kernels/problem"
)

//go:embed page.tmpl
var pageTemplate string

//go:embed value.tmpl
var valueTemplate string

//go:embed style.css
var pageStyle string

//go:embed value.css
var valueStyle string

var styleSheet = pageStyle + valueStyle

// part is one language of the page.
type part struct {
	Lang  string
	Later bool
	HTML  template.HTML // from pageTemplate, so escaped already
}

// shell is the whole page.
type shell struct {
	Lang, Title, Policy string
	Style               template.CSS
	Parts               []part
}

// Render writes the report. An artifact that cannot be read is SEG-STA-003; a language that is neither "de" nor "en"
// SEG-CFG-003.
func Render(w io.Writer, in Input) error {
	if len(in.Languages) == 0 {
		in.Languages = []string{"de", "en"}
	}
	a, err := decodeAll(in)
	if err != nil {
		return err
	}
	sh := shell{
		Lang:   in.Languages[0],
		Style:  template.CSS(styleSheet),
		Policy: policy(),
	}
	for i, lang := range in.Languages {
		l, ok := locales[lang]
		if !ok || slices.Contains(in.Languages[:i], lang) {
			return &problem.Problem{
				ID: "SEG-CFG-003", What: fmt.Sprintf("report language %q is not possible", lang), Place: "report.languages",
				Why: "the report speaks de and en, each once", Fix: "write `languages: [de, en]`",
			}
		}
		p := &page{
			Lang: lang, L: l, in: in, seg: a.seg, segments: a.seg.Segments, sweep: a.sweep, quality: a.quality,
			value: a.value, regions: a.regions, info: map[string]featureInfo{},
		}
		for _, f := range a.seg.Features {
			p.info[f.Name] = f
		}
		p.cover = covers(a.seg.Segments, p.least())
		for _, other := range in.Languages {
			if other != lang {
				p.Other = other
			}
		}
		p.build()
		if i == 0 {
			sh.Title = p.t("title", in.Project)
		}
		html, err := p.html()
		if err != nil {
			return err
		}
		sh.Parts = append(sh.Parts, part{Lang: lang, Later: i > 0, HTML: html})
	}
	t, err := template.New("page").Funcs(funcs(&page{Lang: sh.Lang})).Parse(pageTemplate + valueTemplate)
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "shell", sh)
}

// policy forbids everything but the style sheet itself.
func policy() string {
	sum := sha256.Sum256([]byte(styleSheet))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// artifacts are what the report is made of; all but segments.json may be nil.
type artifacts struct {
	seg     *segmentsJSON
	sweep   *sweepJSON
	quality *qualityJSON
	value   *valueJSON
	regions *regionsJSON
}

func decodeAll(in Input) (a artifacts, err error) {
	a.seg = &segmentsJSON{}
	if err := decode("segments.json", in.Segments, a.seg); err != nil {
		return a, err
	}
	if a.sweep, err = decodeOptional[sweepJSON]("sweep.json", in.Sweep); err != nil {
		return a, err
	}
	if a.quality, err = decodeOptional[qualityJSON]("quality.json", in.Quality); err != nil {
		return a, err
	}
	if a.value, err = decodeOptional[valueJSON]("value.json", in.Value); err != nil {
		return a, err
	}
	a.regions, err = decodeOptional[regionsJSON]("regions.json", in.Regions)
	return a, err
}

// decodeOptional is decode for an artifact that may not be there: nil.
func decodeOptional[T any](name string, content []byte) (*T, error) {
	if len(content) == 0 {
		return nil, nil
	}
	v := new(T)
	if err := decode(name, content, v); err != nil {
		return nil, err
	}
	return v, nil
}

// html renders the page in its language.
func (p *page) html() (template.HTML, error) {
	t, err := template.New("page").Funcs(funcs(p)).Parse(pageTemplate + valueTemplate)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "part", p); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

func funcs(p *page) template.FuncMap {
	return template.FuncMap{
		"t": p.t, "id": p.id, "inc": func(i int) int { return i + 1 },
		"least":     func() string { return p.L.int(int64(p.least())) },
		"saturated": p.saturatedFrom,
		"count":     func(n int) string { return p.L.int(int64(n)) },
		"areas": func(v *regionsView, level levelView, rows []regionRow) areasView {
			return areasView{v, level, rows}
		},
	}
}
