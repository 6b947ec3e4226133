package report

import (
	"bytes"
	"encoding/json"
	"fmt"

	"redistop/internal/stats"
)

// JSON is the report as one object, indented. The caller makes it safe for a terminal.
func JSON(r *Report) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	whole := struct {
		*Report
		Verdict string `json:"verdict"` // the report in one line
	}{r, r.verdict() + "."}
	if r.Findings == nil {
		c := *r
		c.Findings = []stats.Finding{}
		whole.Report = &c
	}
	if err := e.Encode(whole); err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	return b.Bytes(), nil
}
