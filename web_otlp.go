package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"redistop/internal/web"
	"redistop/internal/web/otlp"
)

// pushing is the flags of web that say where metrics are pushed.
type pushing struct {
	url     string
	headers []string // NAME=VALUE
}

func (p *pushing) addTo(cmd *cobra.Command, title string) {
	f := cmd.Flags()
	f.StringVar(&p.url, "otlp", "", "push the metrics to `URL`, every 15 s, by OTLP over HTTP")
	f.StringArrayVar(&p.headers, "otlp-header", nil, "with the header `NAME=VALUE`; may be repeated")
	group(cmd, title, "otlp", "otlp-header")
	for _, free := range []string{"otlp", "otlp-header"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

// start pushes the metrics of a server until ctx ends, where a flag or OpenTelemetry's own variables say where
// to. It returns what runs, nil: nothing, and the receiver's name.
func (p *pushing) start(server *web.Server, at net.Addr) (run func(context.Context), to string, err error) {
	o, err := p.options(at)
	if err != nil || o.URL == "" {
		return nil, "", err
	}
	o.Report = func(err error) {
		text := "metrics are pushed again"
		if err != nil {
			text = err.Error()
		}
		fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(text))
	}
	pusher, err := server.Push(o)
	if err != nil {
		return nil, "", usageError(fmt.Errorf("--otlp: %w", err))
	}
	return pusher.Run, pusher.Name(), nil
}

// options joins the flags to what the environment says; a flag outranks it.
func (p *pushing) options(at net.Addr) (otlp.Options, error) {
	o, err := otlp.Environment(os.Getenv)
	if err != nil {
		return o, usageError(err)
	}
	if p.url != "" {
		o.URL = otlp.Base(p.url)
	}
	if len(p.headers) > 0 {
		if o.Headers, err = splitHeaders(p.headers); err != nil {
			return o, usageError(fmt.Errorf("--otlp-header: %w", err))
		}
	}
	o.Version = version()
	for name, value := range map[string]string{"service.name": "redistop", "service.version": o.Version, "service.instance.id": instance(at)} {
		o.Resource[name] = cmp.Or(o.Resource[name], value)
	}
	return o, nil
}

// splitHeaders reads NAME=VALUE. Its error repeats none.
func splitHeaders(texts []string) (map[string]string, error) {
	all := map[string]string{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, errors.New("NAME=VALUE goes here")
		}
		all[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return all, otlp.CheckHeaders(all)
}

// instance tells this program from another one: its host and port, so that it is the same after a restart.
func instance(at net.Addr) string {
	host, err := os.Hostname()
	_, port, errPort := net.SplitHostPort(at.String())
	if err != nil || errPort != nil {
		return at.String()
	}
	return net.JoinHostPort(host, port)
}
