package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

const (
	// tries is how often one message is sent; between two tries the time doubles, from firstPause on.
	tries      = 6
	firstPause = time.Second
	// mostPause bounds what a receiver may ask for by Retry-After.
	mostPause   = time.Minute
	hookTimeout = 10 * time.Second
	mostReply   = 4 << 10 // bytes
	mostText    = 1000    // letters of the line for people
)

// A Webhook is where Alerts are sent. Its URL is a secret: whoever has it can post.
type Webhook struct {
	url      string
	name     string // what may be printed of it
	client   *http.Client
	complain func(error)                                      // a message was given up
	pause    func(ctx context.Context, d time.Duration) error // waits
}

// NewWebhook reads the URL. Neither its error nor any other repeats more of it than scheme and host.
// complain is told what could not be delivered.
func NewWebhook(text string, complain func(error)) (*Webhook, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("not a URL that begins with http:// or https://")
	}
	return &Webhook{
		url: text, name: u.Scheme + "://" + u.Host, complain: complain, pause: pause,
		client: &http.Client{
			Timeout:       hookTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Send delivers one Alert. What may be better next time is tried again; a receiver that refuses is not
// asked again.
func (h *Webhook) Send(ctx context.Context, a Alert) error {
	text, err := encode(a)
	if err != nil {
		return err
	}
	wait := firstPause
	for try := 1; ; try++ {
		again, err := h.post(ctx, text)
		if err == nil {
			return nil
		}
		if again < 0 || try == tries {
			return fmt.Errorf("send %s to webhook %s: %w", a.Event, h.name, err)
		}
		if err := h.pause(ctx, max(wait, again)); err != nil {
			return err
		}
		wait *= 2
	}
}

// post sends once. again says when to come back at the earliest; below 0: never.
func (h *Webhook) post(ctx context.Context, text []byte) (again time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(text))
	if err != nil {
		return -1, errors.New("not a URL that can be asked")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "redistop")
	res, err := h.client.Do(req)
	if err != nil {
		return 0, withoutURL(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, mostReply)) // so that the connection can be used again
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return 0, nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return retryAfter(res.Header.Get("Retry-After")), fmt.Errorf("status %d", code)
	default:
		return -1, fmt.Errorf("status %d", code)
	}
}

// withoutURL takes the URL out of an error of http.Client.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter is the number of seconds that a receiver asks for, within bounds.
func retryAfter(text string) time.Duration {
	d, err := time.ParseDuration(text + "s")
	if err != nil {
		return 0
	}
	return min(max(d, 0), mostPause)
}

// alertText is a line for people. Slack acts on <…> and &: a client that calls itself <!channel> must not
// call everybody.
func alertText(event, server string, f stats.Finding) string {
	text := fmt.Sprintf("[%s] %s: %s", f.Severity, server, f.Title)
	switch event {
	case Worsened:
		text = fmt.Sprintf("[%s, worse than before] %s: %s", f.Severity, server, f.Title)
	case Resolved:
		text = fmt.Sprintf("[resolved] %s: %s", server, f.Title)
	case Opened:
		if len(f.Remedy) > 0 {
			text += ". To do: " + f.Remedy[0] // remedies begin with a small letter, or with a command
		}
	}
	text = redis.PrintableCut(text, mostText)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
