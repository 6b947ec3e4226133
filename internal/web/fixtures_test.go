package web

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"redistop/internal/stats"
)

var update = flag.Bool("update", false, "write the files that are made from the code")

// recorded are Snapshots of a real server.
func recorded(t testing.TB, name string) []*stats.Snapshot {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "snapshots", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*stats.Snapshot
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// complete is a Snapshot in which every fact is there.
func complete() *stats.Snapshot {
	s := &stats.Snapshot{}
	fill(reflect.ValueOf(s).Elem())
	s.Link.State = stats.Up
	s.Stale = false
	for i := range s.Findings {
		s.Findings[i].Severity, s.Findings[i].Confidence = stats.Warning, stats.Likely
		s.Findings[i].Resolved = nil
	}
	return s
}

// fill gives every exported field a value.
func fill(v reflect.Value) {
	if isMaybe(v.Type()) {
		text := map[reflect.Kind]string{reflect.Bool: "true", reflect.String: `"x"`}[v.Field(0).Kind()]
		if text == "" {
			text = "7"
		}
		v.Addr().MethodByName("UnmarshalJSON").Call([]reflect.Value{reflect.ValueOf([]byte(text))})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"maxmemory": "0"}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("x")
		if allowed := enums[v.Type()]; allowed != nil {
			v.SetString(allowed[0])
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	}
}

// serving is a Server with some Snapshots published, one a server, the servers being a, b, c ... It has no page
// unless o says so, whatever is built in.
func serving(o Options, snapshots ...*stats.Snapshot) (*Board, *Server) {
	if o.Page == nil {
		o.Page = fstest.MapFS{}
	}
	var servers []Watched
	for i := range snapshots {
		name := string(rune('a' + i))
		servers = append(servers, Watched{Name: name, Addr: "127.0.0.1:637" + name})
	}
	b := NewBoard(servers, false, time.Unix(1_700_000_000, 0))
	for i, s := range snapshots {
		if s != nil {
			b.Publish(i, s)
		}
	}
	return b, New(b, o)
}

// get asks a Server without a network; header is name, value, name, value ...
func get(s http.Handler, path string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "localhost"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func text(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// decode reads an answer that must be a 200.
func decode[T any](t testing.TB, r *http.Response) T {
	t.Helper()
	body := text(t, r)
	var v T
	if r.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", r.StatusCode, body)
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return v
}

// down is a Snapshot of a server that does not answer any more.
func down(s *stats.Snapshot) *stats.Snapshot {
	gone := *s
	gone.Stale = true
	gone.Link = stats.Link{State: stats.Down, Since: s.Time, Message: "connect to a: connection refused"}
	return &gone
}

// compare holds a file that is made from the code, and writes it with -update.
func compare(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what the code says: go test ./internal/web -update writes it", file)
	}
}
