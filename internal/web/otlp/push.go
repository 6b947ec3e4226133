package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// DefaultInterval is between two pushes.
	DefaultInterval = 15 * time.Second
	// DefaultTimeout bounds one request; it is OTLP's own default.
	DefaultTimeout = 10 * time.Second

	firstPause = time.Second // before a second try; it doubles
	mostReply  = 64 << 10    // bytes of an answer that are read
	mostReason = 200         // bytes of a receiver's own words
)

// Options say where to push and how.
type Options struct {
	URL      string            // that takes the metrics, whole. It may hold a secret
	Headers  map[string]string // secret
	Interval time.Duration
	Timeout  time.Duration
	Plain    bool // bodies are not compressed
	TLS      *tls.Config
	Resource map[string]string // attributes: service.name ...
	Version  string
	Report   func(error) // told of the first failure in a row, and with nil that it is over
}

// Counts are what became of pushes so far. A push that the next one replaced has failed.
type Counts struct{ Delivered, Failed int64 }

// A Pusher pushes. Run may be called once; the other methods from any goroutine.
type Pusher struct {
	options Options
	from    prometheus.Gatherer
	name    string // what may be printed of the URL
	client  *http.Client
	totals  begun // confined to Run
	failing bool  // confined to Run

	delivered, failed atomic.Int64
}

// New returns a Pusher of what from gathers. Its error does not repeat the URL.
func New(from prometheus.Gatherer, o Options) (*Pusher, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("not a URL that begins with http:// or https://")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.TLS != nil {
		transport.TLSClientConfig = o.TLS
	}
	return &Pusher{
		options: o, from: from, name: u.Scheme + "://" + u.Host,
		client: &http.Client{
			Timeout: o.Timeout, Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Name is where it pushes to, without what may be secret.
func (p *Pusher) Name() string { return p.name }

// Counts are what became of pushes so far.
func (p *Pusher) Counts() Counts { return Counts{p.delivered.Load(), p.failed.Load()} }

// Run pushes until ctx ends: at every interval what is then so.
func (p *Pusher) Run(ctx context.Context) {
	defer p.client.CloseIdleConnections()
	next := time.NewTicker(p.options.Interval)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		// The next push replaces this one, so it has until then.
		until, cancel := context.WithTimeout(ctx, p.options.Interval-p.options.Interval/16)
		err := p.Push(until)
		cancel()
		if ctx.Err() != nil {
			return
		}
		p.note(err)
	}
}

// note counts, and reports the first failure and the first success after it.
func (p *Pusher) note(err error) {
	if err == nil {
		p.delivered.Add(1)
	} else {
		p.failed.Add(1)
	}
	if failing := err != nil; failing != p.failing {
		p.failing = failing
		p.options.Report(err)
	}
}

// Push sends what is so at present, and again until it is taken, refused for good, or ctx ends.
func (p *Pusher) Push(ctx context.Context) error {
	families, err := p.from.Gather()
	if len(families) == 0 && err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	for _, request := range p.totals.convert(families, p.options.Resource, p.options.Version, time.Now()) {
		// A request to export and MetricsData are the same on the wire: field 1, the metrics of each resource.
		body, err := proto.Marshal(request)
		if err == nil {
			err = p.deliver(ctx, body)
		}
		if err != nil {
			return fmt.Errorf("push metrics to %s: %w", p.name, err)
		}
	}
	return nil
}

// deliver posts one body until it is taken.
func (p *Pusher) deliver(ctx context.Context, body []byte) error {
	if !p.options.Plain {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		body = b.Bytes()
	}
	for wait := firstPause; ; wait *= 2 {
		again, err := p.post(ctx, body)
		if err == nil || again < 0 {
			return err
		}
		t := time.NewTimer(max(wait, again))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return err
		}
	}
}

// post sends once. again says when to come back at the earliest; below 0: never.
func (p *Pusher) post(ctx context.Context, body []byte) (again time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.options.URL, bytes.NewReader(body))
	if err != nil {
		return -1, errors.New("not a URL that can be asked")
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("User-Agent", "redistop/"+p.options.Version)
	if !p.options.Plain {
		req.Header.Set("Content-Encoding", "gzip")
	}
	for name, value := range p.options.Headers {
		req.Header.Set(name, value)
	}
	res, err := p.client.Do(req)
	if err != nil {
		var u *url.Error // it repeats the URL
		if errors.As(err, &u) {
			err = u.Err
		}
		return 0, err
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, mostReply)) // what is missing of it is not known, no more
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return -1, refused(answer)
	case code == http.StatusTooManyRequests, code >= 502 && code <= 504: // the ones that OTLP says may be tried again
		return retryAfter(res.Header.Get("Retry-After")), fmt.Errorf("status %d", code)
	default:
		return -1, fmt.Errorf("status %d", code)
	}
}

// refused says what a receiver did not take of a request that it took on the whole; nil: nothing.
func refused(answer []byte) error {
	var response collector.ExportMetricsServiceResponse
	if proto.Unmarshal(answer, &response) != nil {
		return nil // some answer with another content; it was a 200 all the same
	}
	n := response.GetPartialSuccess().GetRejectedDataPoints()
	if n == 0 {
		return nil
	}
	reason := strings.ToValidUTF8(response.GetPartialSuccess().GetErrorMessage(), "\uFFFD")
	return fmt.Errorf("%d data points were not taken: %q", n, reason[:min(len(reason), mostReason)])
}

func retryAfter(text string) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, 3600)) * time.Second
}
