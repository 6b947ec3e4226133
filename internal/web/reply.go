package web

import (
	"net/http"
	"strconv"
	"strings"
)

const jsonType = "application/json"

// gzipFrom is the size from which compressing pays, in bytes.
const gzipFrom = 1 << 10

// revalidate lets a client keep an answer, but ask again whether it is still the answer.
const revalidate = "no-cache"

// send answers with a body that is the same for everybody until tag changes.
func send(w http.ResponseWriter, r *http.Request, contentType, tag string, b *body) {
	sendCached(w, r, contentType, tag, revalidate, b)
}

// sendCached is send with what Cache-Control shall say.
func sendCached(w http.ResponseWriter, r *http.Request, contentType, tag, cache string, b *body) {
	h := w.Header()
	h.Set("Cache-Control", cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	text, err := b.plain()
	if err == nil && b.gzipped != nil && len(text) >= gzipFrom && acceptsGzip(r) {
		if text, err = b.gzipped(); err == nil {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", "W/"+tag) // the same content in other bytes
		}
	}
	if err != nil {
		problem(w, http.StatusInternalServerError, codeInternal, err.Error(), "")
		return
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.Write(text)
}

// sendValue answers with a value that belongs to this request alone.
func sendValue(w http.ResponseWriter, r *http.Request, tag string, v any) {
	send(w, r, jsonType, tag, newBody(func() ([]byte, error) { return encode(v) }))
}

// matches says whether the client has what tag stands for. Comparison is weak, as RFC 9110 wants it here.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}

// acceptsGzip says whether the client names gzip and does not rule it out.
func acceptsGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(q), "q="), "0.") != "" || q == ""
		}
	}
	return false
}
