package web

import "net/http"

// About is the answer of /api/v1/about: what this program offers.
type About struct {
	Version string `json:"version"`
	Page    bool   `json:"page"` // the page is built in
	Offered
}

// Offered is what a caller may do, and what it has to send.
type Offered struct {
	Actions    bool   `json:"actions"`        // connections can be killed, and MONITOR asked for
	Login      string `json:"login"`          // what a person has to give: none, token or password
	CSRF       string `json:"csrf,omitempty"` // the header X-Redistop-CSRF of requests that change something; absent: it needs none
	ShowValues bool   `json:"show_values"`    // of slow and live commands
}

func (s *Server) offered(r *http.Request) Offered {
	return Offered{
		Actions: s.options.Actions != nil, Login: s.options.Login.kind(), CSRF: callerOf(r).csrf, ShowValues: s.board.showValues,
	}
}

func (s *Server) about(w http.ResponseWriter, r *http.Request) {
	answer(w, About{Version: s.options.Version, Page: s.page.built(), Offered: s.offered(r)})
}
