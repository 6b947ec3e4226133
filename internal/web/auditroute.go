package web

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"strconv"

	"redistop/internal/redis"
)

// AuditList is the answer of /api/v1/audit.
type AuditList struct {
	Entries []AuditEntry `json:"entries"` // the newest first; one for each action
}

// The bounds of limit, and of a text in an entry.
const (
	fewEntries  = 100
	mostEntries = 1000
	mostSubject = 200
)

func (s *Server) audit(w http.ResponseWriter, r *http.Request) {
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	limit := fewEntries
	if text := query.Get("limit"); text != "" {
		limit, _ = strconv.Atoi(text) // query has looked at it
	}
	switch {
	case limit < 1 || limit > mostEntries:
		problem(w, http.StatusBadRequest, codeBadRequest, "parameter limit: not a number from 1 to 1000", "")
		return
	case s.options.Audit == nil:
		problem(w, http.StatusNotFound, codeNotFound, "no audit log is kept", "start redistop web with --audit-log FILE")
		return
	}
	entries, err := s.options.Audit.Tail(limit)
	if err != nil {
		problem(w, http.StatusInternalServerError, codeInternal, redis.Printable(err.Error()), "")
		return
	}
	answer(w, AuditList{entries})
}

// note writes an entry on a request, with what the request tells. Its error matters where something is to be done.
// Of strangers no more is written than strangerNotes, so that they cannot keep the disk busy.
func (s *Server) note(r *http.Request, e AuditEntry) error {
	if s.options.Audit == nil {
		return nil
	}
	if e.ID == "" {
		e.ID = newID()
	}
	e.Time, e.From = s.options.Now().UTC(), r.RemoteAddr
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		e.From = at.Addr().Unmap().String()
	}
	e.Subject, e.Outcome = redis.PrintableCut(e.Subject, mostSubject), redis.PrintableCut(e.Outcome, mostSubject)
	if e.Who == unknownCaller && !s.strangers.AllowN(s.options.Now(), 1) {
		return nil
	}
	return s.options.Audit.Write(e)
}

// strangerNotes is how many entries a second may be about callers that nobody knows, and five times that at once.
const strangerNotes = 20

// newID tells one action from another.
func newID() string { return rand.Text()[:12] }
