package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"redistop/internal/stats"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// pageTemplate escapes whatever it is given for the place where it stands.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"pieces": pieces, "title": title, "prose": prose, "name": name, "word": severityWordPlain, "sure": sure,
	"source": func(e stats.Evidence) string { return source(&e) }, "life": func(f stats.Finding) string { return life(&f) },
	"who":  func(c stats.Culprit) string { return strings.Join(who(&c), " · ") },
	"deed": func(c stats.Culprit) string { return deed(&c) },
}).Parse(pageText))

// htmlPage is what the template sees.
type htmlPage struct {
	*Report
	Addr, Facts, Window, Verdict, Note string
	Troubles, LookedAt                 []string
	Gaps                               []gap
	Style                              template.CSS
	Policy                             string
	Class                              string
}

// HTML is the report as one page that needs nothing beside it: no script, no picture, no other file. Its
// own policy forbids all of them.
func HTML(r *Report) ([]byte, error) {
	sum := sha256.Sum256([]byte(pageStyle))
	p := htmlPage{Report: r, Window: r.window(), Verdict: r.verdict(), Note: r.incomplete(),
		Troubles: r.troubles(), LookedAt: r.looked(), Gaps: r.gaps(), Style: template.CSS(pageStyle), Class: "good",
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
	p.Addr, p.Facts = r.server()
	switch verdictInk(r) {
	case red:
		p.Class = string(stats.Critical)
	case yellow:
		p.Class = string(stats.Warning)
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, &p); err != nil {
		return nil, fmt.Errorf("write page: %w", err)
	}
	return b.Bytes(), nil
}

func severityWordPlain(s stats.Severity) string {
	switch s {
	case stats.Critical, stats.Warning, stats.Info:
		return string(s)
	}
	return name(string(s))
}
