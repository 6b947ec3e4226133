package web

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

//go:embed overview.html
var overviewHTML string

//go:embed style.css
var styleSheet []byte

// mostShown bounds the findings on the page.
const mostShown = 50

var overviewPage = template.Must(template.New("overview").Funcs(template.FuncMap{
	"safe": redis.Printable, "rate": showRate, "bytes": showBytes, "whole": showWhole,
	"share": showShare, "usec": showUsec, "span": showSpan, "full": full,
}).Parse(overviewHTML))

// overview is what the page shows.
type overview struct {
	Servers  []Observation
	Findings []ServerFinding
	More     int // findings that are left out
	Up       int
	Now      time.Time
	Version  string
	Actions  bool   // are allowed
	Without  string // how to get the page; "": it is there
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	g := s.board.now()
	o := overview{Now: s.options.Now().UTC(), Version: s.options.Version, Actions: s.options.Actions != nil}
	if !s.page.built() {
		o.Without = howToGetPage
	}
	for _, m := range g.moments {
		row := observe(m)
		if row.State == stats.Up {
			o.Up++
		}
		o.Servers = append(o.Servers, row)
	}
	o.Findings = collectFindings(g.moments, stats.Info, false)
	o.More = max(0, len(o.Findings)-mostShown)
	o.Findings = o.Findings[:len(o.Findings)-o.More]

	var page bytes.Buffer
	if err := overviewPage.Execute(&page, o); err != nil {
		problem(w, http.StatusInternalServerError, codeInternal, "make page: "+err.Error(), "")
		return
	}
	tag := `"` + s.board.id(g.seq) + "-" + strconv.FormatInt(o.Now.Unix(), 36) + `"` // the page says the time
	send(w, r, "text/html; charset=utf-8", tag, fixed(page.Bytes()))
}

func (s *Server) style(w http.ResponseWriter, r *http.Request) {
	send(w, r, "text/css; charset=utf-8", s.fixedTag, s.styleBody)
}

// fullness is how near a server is to its maxmemory.
type fullness struct {
	Share stats.Maybe[float64] // 0..1, and above while it evicts
	Max   stats.Maybe[int64]
}

// full is nil where there is no limit.
func full(o Observation) *fullness {
	used, known := o.UsedBytes.Get()
	limit, limited := o.MaxBytes.Get()
	if !known || !limited || limit <= 0 {
		return nil
	}
	return &fullness{stats.Some(float64(used) / float64(limit)), o.MaxBytes}
}

// notKnown stands for a fact that is absent.
const notKnown = "n/a"

func showRate(v stats.Maybe[float64]) string {
	n, ok := v.Get()
	if !ok {
		return notKnown
	}
	return short(n, 1000, "", "k", "M", "G", "T")
}

func showBytes(v stats.Maybe[int64]) string {
	n, ok := v.Get()
	if !ok {
		return notKnown
	}
	return short(float64(n), 1024, " B", " KiB", " MiB", " GiB", " TiB", " PiB")
}

func showWhole(v stats.Maybe[int64]) string {
	n, ok := v.Get()
	if !ok {
		return notKnown
	}
	return strconv.FormatInt(n, 10)
}

func showShare(v stats.Maybe[float64]) string {
	n, ok := v.Get()
	if !ok {
		return notKnown
	}
	return strconv.FormatFloat(n*100, 'f', digits(n*100), 64) + " %"
}

func showUsec(v stats.Maybe[float64]) string {
	n, ok := v.Get()
	if !ok {
		return notKnown
	}
	return short(n, 1000, " µs", " ms", " s")
}

// short writes a number with three digits or so and the unit of its size.
func short(n, step float64, units ...string) string {
	i := 0
	for ; n >= step && i < len(units)-1; i++ {
		n /= step
	}
	return strconv.FormatFloat(n, 'f', digits(n), 64) + units[i]
}

// digits is how many places after the point are worth showing.
func digits(n float64) int {
	switch {
	case n == 0 || n >= 100:
		return 0
	case n >= 10:
		return 1
	}
	return 2
}

// showSpan writes seconds as 3d 4h, 5h 6m, 7m 8s.
func showSpan(v stats.Maybe[int64]) string {
	n, ok := v.Get()
	if !ok {
		return notKnown
	}
	d := time.Duration(n) * time.Second
	if days := n / 86400; days > 0 {
		return strconv.FormatInt(days, 10) + "d " + strconv.FormatInt(n%86400/3600, 10) + "h"
	}
	text := d.String() // 5h6m7s
	if d >= time.Hour {
		text = strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
	}
	return text
}
