package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// mostNames bounds how often a parameter is repeated.
const mostNames = 1024

// query reads the parameters that the route of this request has. Any other, and any value that is not
// allowed, is answered with what is wrong.
func (s *Server) query(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err == nil {
		err = checkQuery(s.routes[r.Pattern].query, values)
	}
	if err != nil {
		problem(w, http.StatusBadRequest, codeBadRequest, err.Error(), "/api/v1/openapi.json lists the parameters")
		return nil, false
	}
	return values, true
}

func checkQuery(allowed []parameter, values url.Values) error {
	for name, given := range values {
		i := slices.IndexFunc(allowed, func(p parameter) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("unknown parameter %q", name)
		}
		p := allowed[i]
		if len(given) > 1 && !p.repeats || len(given) > mostNames {
			return fmt.Errorf("parameter %s: given too often", p.name)
		}
		for _, value := range given {
			if err := p.check(value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p parameter) check(value string) error {
	_, notNumber := strconv.Atoi(value)
	switch {
	case p.values != nil && !slices.Contains(p.values, value):
		return fmt.Errorf("parameter %s: not one of %q", p.name, p.values)
	case p.kind == "integer" && notNumber != nil:
		return fmt.Errorf("parameter %s: not a whole number", p.name)
	case p.kind == "boolean" && value != "true" && value != "false":
		return fmt.Errorf("parameter %s: neither true nor false", p.name)
	}
	return nil
}
