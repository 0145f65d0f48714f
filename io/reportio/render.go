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

//go:embed style.css
var styleSheet string

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
	seg, sweep, quality, err := decodeAll(in)
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
			Lang: lang, L: l, in: in, seg: seg, segments: seg.Segments, sweep: sweep, quality: quality,
			info: map[string]featureInfo{},
		}
		for _, f := range seg.Features {
			p.info[f.Name] = f
		}
		p.cover = covers(seg.Segments, p.least())
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
	t, err := template.New("page").Funcs(funcs(&page{Lang: sh.Lang})).Parse(pageTemplate)
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

func decodeAll(in Input) (*segmentsJSON, *sweepJSON, *qualityJSON, error) {
	var seg segmentsJSON
	if err := decode("segments.json", in.Segments, &seg); err != nil {
		return nil, nil, nil, err
	}
	var sweep *sweepJSON
	if len(in.Sweep) > 0 {
		sweep = &sweepJSON{}
		if err := decode("sweep.json", in.Sweep, sweep); err != nil {
			return nil, nil, nil, err
		}
	}
	var quality *qualityJSON
	if len(in.Quality) > 0 {
		quality = &qualityJSON{}
		if err := decode("quality.json", in.Quality, quality); err != nil {
			return nil, nil, nil, err
		}
	}
	return &seg, sweep, quality, nil
}

// html renders the page in its language.
func (p *page) html() (template.HTML, error) {
	t, err := template.New("page").Funcs(funcs(p)).Parse(pageTemplate)
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
		"least": func() string { return p.L.int(int64(p.least())) },
	}
}
