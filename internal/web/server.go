package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"

	"redistop/internal/web/otlp"
)

// Options say how a Board is served. The zero value serves it to everybody who reaches the listener.
type Options struct {
	Version  string
	Login    *Login       // nil: none is asked for
	Sessions *SessionFile // of browsers that logged in; nil: they end with the program
	TLS      *tls.Config  // nil: plain
	Hosts    []string     // names that a request may be addressed to, beside localhost and any IP address
	Rate     float64      // requests a second from one address; 0: no limit. See limiter
	Log      *slog.Logger // a line for each request; nil: none
	Compat   bool         // metrics also by the names of redis_exporter
	Alerts   *Alerts      // nil: there is no webhook
	Readers  int          // of events at the same time; 0: DefaultReaders
	Actions  *Actions     // nil: they are refused
	Audit    *Audit       // of actions and logins; nil: there is none, and so no action is done
	Page     fs.FS        // a build of the front end; nil: the one that is built in
	Past     *Past        // nil: nothing is kept
	Running  Running
	Now      func() time.Time
}

const (
	// DefaultReaders is how many readers of events are served at the same time.
	DefaultReaders = 2000
	// otherConnections are kept for everything else.
	otherConnections = 500

	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 30 * time.Second // readers of events set their own, write by write
	idleTimeout   = time.Minute
	mostHeader    = 16 << 10 // bytes
	// mostBody is what is read of a request's body, in bytes.
	mostBody = 4 << 10
	// farewell is how long requests under way may take when the program ends.
	farewell = 5 * time.Second
)

// A Server answers requests from a Board. Its methods may be called from any goroutine.
type Server struct {
	board   *Board
	options Options
	started time.Time

	routed      *http.ServeMux
	routes      map[string]route // by pattern
	fixedTag    string           // ETag of what does not change while the program runs
	openAPIBody *body
	styleBody   *body
	registry    *prometheus.Registry
	collected   http.Handler // of /metrics
	pusher      atomic.Pointer[otlp.Pusher]
	page        *page
	limits      *limiter
	sessions    *sessions
	guesses     *guesses
	strangers   *rate.Limiter // of entries in the audit log
	crossOrigin http.CrossOriginProtection
	acting      chan struct{} // one of each action under way
	liveFrom    sync.Map      // by server: the place in its stream, an int64, at which MONITOR was last asked for

	asking   chan struct{}   // holds a token for each question to the past
	seats    atomic.Int64    // readers of events
	requests [6]atomic.Int64 // by the first digit of the status
	closing  chan struct{}   // closed when readers of events must go
	handler  http.Handler
}

// New returns a Server that is ready to answer.
func New(board *Board, o Options) *Server {
	if o.Readers == 0 {
		o.Readers = DefaultReaders
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		board: board, options: o, started: o.Now(),
		routes:      map[string]route{},
		fixedTag:    `"` + board.epoch + `"`,
		openAPIBody: fixed(openAPIDocument),
		styleBody:   fixed(styleSheet),
		page:        newPage(o.Page),
		limits:      newLimiter(o.Rate),
		asking:      make(chan struct{}, mostAsking),
		sessions:    newSessions(o.Sessions, o.Login, o.Now()),
		guesses:     newGuesses(),
		strangers:   rate.NewLimiter(strangerNotes, 5*strangerNotes),
		acting:      make(chan struct{}, mostActing),
		closing:     make(chan struct{}),
	}
	s.registry = newRegistry(s)
	s.collected = newMetricsHandler(s.registry)
	s.routed = s.mux()
	s.handler = s.guard(s.routed)
	return s
}

// Push returns what pushes the metrics, once it is run; the metrics count its pushes from then on.
func (s *Server) Push(o otlp.Options) (*otlp.Pusher, error) {
	p, err := otlp.New(s.registry, o)
	if err != nil {
		return nil, err
	}
	s.pusher.Store(p)
	return p, nil
}

func fixed(text []byte) *body { return newBody(func() ([]byte, error) { return text, nil }) }

// mux leads each path to its route, and any other to a Problem.
func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes() {
		pattern := r.path
		if pattern == "/" {
			pattern = "/{$}"
		}
		s.routes[pattern] = r
		mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { r.serve(s, w, req) })
	}
	mux.HandleFunc("/", s.pageFile)
	return mux
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers on l until ctx ends; then readers of events are told to go, and requests under way may
// end for some seconds. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    mostHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // what clients do wrong; the access log has what matters
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		close(s.closing)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		err := server.Shutdown(last)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		ended <- err
	})
	defer stop()
	err := s.accept(server, netutil.LimitListener(l, s.options.Readers+otherConnections))
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	err = <-ended
	s.sessions.keep(s.options.Now())
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

func (s *Server) accept(server *http.Server, l net.Listener) error {
	if s.options.TLS == nil {
		return server.Serve(l)
	}
	server.TLSConfig = s.options.TLS
	return server.ServeTLS(l, "", "")
}

// takeSeat lets one more reader of events in, where there is room.
func (s *Server) takeSeat() bool {
	if s.seats.Add(1) > int64(s.options.Readers) {
		s.seats.Add(-1)
		return false
	}
	return true
}

func (s *Server) leaveSeat() { s.seats.Add(-1) }

// count notes an answer.
func (s *Server) count(status int) {
	if class := status / 100; class >= 1 && class < len(s.requests) {
		s.requests[class].Add(1)
	}
}

// classes are the names of what count counts.
func (s *Server) classes(each func(class string, n float64)) {
	for i := range s.requests {
		if i >= 2 {
			each(strconv.Itoa(i)+"xx", float64(s.requests[i].Load()))
		}
	}
}
