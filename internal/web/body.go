package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// decodeBody reads a body that is one JSON object with the names of T and no other. What is wrong is answered
// without a word of the body, which may hold a password; example shows what it should be.
func decodeBody[T any](w http.ResponseWriter, r *http.Request, example string) (v T, ok bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != jsonType {
		problem(w, http.StatusUnsupportedMediaType, codeMedia, "the body is to be JSON", "send Content-Type: application/json")
		return v, false
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(&v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return v, true
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		problem(w, http.StatusRequestEntityTooLarge, codeBadRequest, "the body is larger than "+strconv.Itoa(mostBody)+" bytes", "")
		return v, false
	}
	problem(w, http.StatusBadRequest, codeBadRequest, "the body is not what this path takes", "it takes "+example)
	return v, false
}

// answer sends a value that nobody may keep.
func answer(w http.ResponseWriter, v any) {
	text, err := encode(v)
	if err != nil {
		problem(w, http.StatusInternalServerError, codeInternal, err.Error(), "")
		return
	}
	h := w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.Write(text)
}
