package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"redistop/internal/canary"
	"redistop/internal/doctor"
	"redistop/internal/observe"
	"redistop/internal/server"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// serving is the flags of web.
type serving struct {
	listen          string
	auth            string // a file
	tlsCert, tlsKey string
	hosts           []string
	rate            float64
	log             bool
	values          bool
	compat          bool
	webhook         string
	severity        string
	interval        time.Duration
	budget          float64
	own, noSample   bool
	noProbe         bool
	canary          []canary.Kind
	noMessages      bool
	held            int64
	keeping         keeping
	recording       *recording // of run
	pushing         pushing
	acting          acting
	config          config
	doctor          doctor.Options // by that file
	publishing      publishing
	telling         *telling // of run; nil: nothing is published
}

// mostServers bounds the servers of one program.
const mostServers = 256

func newWeb() *cobra.Command {
	var conn connection
	var s serving
	cmd := &cobra.Command{
		Use:   "web [[NAME=]ADDRESS ...]",
		Short: "watch servers and serve what is seen: API, events, metrics",
		Long: `Watch one or more servers and serve what is seen of them: an overview page, a
JSON API, server-sent events, and metrics for Prometheus. A server is known by
its NAME; without one, by host:port or the name of its socket. Without any,
those of the configuration file are watched ("servers:" with a line
"name: address" each), else 127.0.0.1:6379. The flags under Server, Login and
TLS hold for all; a URI may have a login of its own.

It listens on 127.0.0.1. Any other address needs --auth, and should have TLS.
--auth names a file that holds a token of at least 16 bytes, or USER:PASSWORD
with a password of at least 12; REDISTOP_WEB_AUTH in the environment may hold
the same. Clients send it as Authorization: Bearer TOKEN, or log in.

--publish tells Redis's own subscribers who is online: a JSON object on the
channel __redis__:cli every 10 s, and at once when somebody comes or goes.

Nothing can be changed through it unless --allow-actions is given: then who is
let in can close a connection, and see every command for up to a minute. Each
such action, and each login, is a line in the audit log.

--webhook gets a JSON object for each finding that opens, worsens or is
resolved, and for each server that does not answer for 30 s, with a text that
Slack shows.

What the command line leaves open is taken from the environment (REDISTOP_LISTEN
for --listen, REDISTOP_TLS_CERT for --tls-cert; commas between the values of a
flag that repeats), else from the configuration file ("web:" with a line
"listen: VALUE" each), else it is the default.`,
		Example: `  redistop web
  redistop web cache=10.0.0.5 queue=10.0.0.6:6380 --user watcher --askpass
  redistop web --listen :7979 --auth auth --tls-cert web.pem --tls-key web.key
  redistop web --allow-actions --auth auth
  curl -s localhost:7979/api/v1/last_observation | jq .servers[0]`,
		Annotations: map[string]string{"exit": `Exit code: 0 ok, 1 error, 2 wrong use; 128 + N when signal N ended it (130:
Ctrl-C). A server that cannot be reached ends nothing: the answers say so.
`},
		Args:              usageArgs(cobra.MaximumNArgs(mostServers)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			said, err := s.settle(cmd.Flags(), args, os.Getenv)
			if err != nil {
				return err
			}
			for _, slip := range misspelled(cmd.Flags(), os.Environ()) {
				fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(slip))
			}
			s.doctor = said.Options
			targets, names, err := conn.several(cmd.Flags(), args, said.servers)
			if err != nil {
				return err
			}
			if err := s.publishing.resolve(cmd.Flags(), &conn); err != nil {
				return err
			}
			return s.run(cmd.Context(), targets, names)
		},
	}
	cmd.Flags().SortFlags = false
	s.addTo(cmd)
	conn.addTo(cmd)
	return cmd
}

func (s *serving) addTo(cmd *cobra.Command) {
	s.interval, s.budget, s.held = 2*time.Second, 0.01, 8<<20
	s.rate, s.severity = 100, string(stats.Warning)
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:7979", "serve on `HOST:PORT`")
	f.StringVar(&s.auth, "auth", "", "ask for the token or USER:PASSWORD in `FILE`")
	f.StringVar(&s.tlsCert, "tls-cert", "", "serve TLS with the certificate in `FILE`, read again when it changes")
	f.StringVar(&s.tlsKey, "tls-key", "", "with its key in `FILE`")
	f.StringArrayVar(&s.hosts, "allowed-host", nil, "go by the name `HOST` too; localhost and addresses are always allowed")
	f.Var(&checked[float64]{&s.rate, parseRate, func(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }}, "rate", "let one address make `N` requests a second; 0: any number")
	f.BoolVar(&s.log, "log", false, "log each request to standard error")
	group(cmd, "Serving", "listen", "auth", "tls-cert", "tls-key", "allowed-host", "rate", "log")

	s.acting.addTo(cmd)

	f.BoolVar(&s.values, "show-values", false, "show the arguments of slow and live commands, not only their keys")
	f.BoolVar(&s.compat, "metrics-compat", false, "also give metrics the names that redis_exporter gives them")
	f.StringVar(&s.webhook, "webhook", "", "tell `URL` of findings")
	f.Var(&checked[string]{&s.severity, oneOf([]string{"info", "warning", "critical"}), quote}, "webhook-severity", "from `SEVERITY` on: info, warning or critical")
	group(cmd, "Content", "show-values", "metrics-compat", "webhook", "webhook-severity")
	s.pushing.addTo(cmd, "Content")
	s.keeping.addTo(cmd)

	f.VarP(&checked[time.Duration]{&s.interval, parseInterval, time.Duration.String}, "interval", "i", "look every `TIME`, 500ms to 60s")
	f.Var(&checked[float64]{&s.budget, parseBudget, percent}, "budget", "take at most `SHARE` of each server's time")
	f.BoolVar(&s.own, "own", false, "show our own connections and commands too")
	f.BoolVar(&s.noSample, "no-sample", false, "no samples of the command stream: the counters alone")
	f.BoolVar(&s.noProbe, "no-probe", false, "no PINGs that feel how long clients wait")
	f.BoolVar(&s.noMessages, "no-messaging", false, "do not look for streams, queues and channels")
	f.Var(&checked[int64]{&s.held, parseHeld, mebibytes}, "held", "let a server hold `SIZE` of that stream for us")
	group(cmd, "Watching", "interval", "budget", "own", "no-sample", "no-probe", "no-messaging", "held")
	addCanary(cmd, &s.canary)
	s.config.addTo(cmd, "Watching")
	s.publishing.addTo(cmd)

	for _, file := range []string{"auth", "tls-cert", "tls-key"} {
		mustRegister(cmd.MarkFlagFilename(file))
	}
	mustRegister(cmd.RegisterFlagCompletionFunc("webhook-severity", cobra.FixedCompletions([]string{"info", "warning", "critical"}, cobra.ShellCompDirectiveNoFileComp)))
	for _, free := range []string{"listen", "allowed-host", "rate", "webhook", "interval", "budget", "held"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

func parseRate(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n == 0 || n >= 0.1 && n <= 1e6) {
		return 0, fmt.Errorf("not a number from 0.1 to 1000000, or 0")
	}
	return n, nil
}

// several are the servers to watch and the names to know them by: those of the arguments, else the one of
// the flags, else those of the configuration, else the default.
func (c *connection) several(flags *pflag.FlagSet, args []string, configured []namedAddress) ([]server.Target, []web.Watched, error) {
	var wanted []namedAddress
	for _, arg := range args {
		name, address, named := splitName(arg)
		if named && !web.CheckName(name) {
			return nil, nil, usagef("name %q: 1 to 64 letters, digits, dots, dashes or underscores", oneLine(name))
		}
		wanted = append(wanted, namedAddress{name, address})
	}
	if len(args) == 0 && !flags.Changed("host") && !flags.Changed("port") && !flags.Changed("socket") && !flags.Changed("uri") {
		wanted = configured
	}
	if len(wanted) == 0 {
		t, err := c.target(flags, nil)
		return []server.Target{t}, []web.Watched{{Name: defaultName(t), Addr: t.String()}}, err
	}
	var targets []server.Target
	var names []web.Watched
	taken := map[string]bool{}
	for _, w := range wanted {
		t, err := c.target(flags, []string{w.address})
		if err != nil {
			return nil, nil, err
		}
		name := cmp.Or(w.name, defaultName(t))
		switch {
		case !web.CheckName(name):
			return nil, nil, usagef("name %q: it needs a plain one, NAME=ADDRESS", oneLine(name))
		case taken[name]:
			return nil, nil, usagef("two servers by the name %s: give them names, NAME=ADDRESS", name)
		}
		taken[name] = true
		targets, names = append(targets, t), append(names, web.Watched{Name: name, Addr: t.String()})
	}
	return targets, names, nil
}

// splitName takes NAME= off an argument. A name has no colon and no slash, which every address with an =
// in it has before that.
func splitName(arg string) (name, address string, named bool) {
	name, address, ok := strings.Cut(arg, "=")
	if !ok || strings.ContainsAny(name, ":/@") {
		return "", arg, false
	}
	return name, address, true
}

// defaultName is host:port, or the name of a socket without its folder and .sock.
func defaultName(t server.Target) string {
	if t.Network != "unix" {
		return t.Address
	}
	name := t.Address[strings.LastIndexByte(t.Address, '/')+1:]
	return strings.TrimSuffix(name, ".sock")
}

// run watches the targets and serves until ctx ends.
func (s *serving) run(ctx context.Context, targets []server.Target, names []web.Watched) error {
	options, err := s.options()
	if err != nil {
		return err
	}
	listener, err := s.open(options.Login != nil)
	if err != nil {
		return err
	}
	defer listener.Close()
	board := web.NewBoard(names, s.values, time.Now())
	if options.Alerts, err = s.alerts(board); err != nil {
		return err
	}
	store, kept, err := s.keeping.open(ctx)
	if err != nil {
		return err
	}
	defer writeUntil(ctx, store)()
	s.recording = newRecording(store, names)
	options.Past, options.Actions = past(store), s.recording.noting(options.Actions)
	options.Running = web.Running{Interval: s.interval, Publishing: s.publishing.on,
		PublishError: func() map[string]string { return s.telling.trouble() }} // asked once it is served, which is after telling is set
	site := web.New(board, options)
	push, receiver, err := s.pushing.start(site, listener.Addr())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	s.telling = s.publishing.tell(ctx, targets, names, working.Go)
	for i, target := range targets {
		working.Go(func() { s.watch(ctx, board, i, names[i].Name, target) })
	}
	if options.Alerts != nil {
		working.Go(func() { options.Alerts.Run(ctx) })
	}
	fmt.Fprintf(os.Stderr, "redistop: web: %s, %d %s watched\n", s.url(listener.Addr()), len(targets), plural(len(targets), "server is", "servers are"))
	fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(kept))
	if push != nil {
		working.Go(func() { push(ctx) })
		fmt.Fprintf(os.Stderr, "redistop: web: metrics are pushed to %s\n", receiver)
	}
	if err := site.Serve(ctx, listener); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// watch publishes what is seen of one server. It returns when the connection is closed.
func (s *serving) watch(ctx context.Context, board *web.Board, place int, name string, target server.Target) {
	observer := observe.Start(ctx, observe.Config{
		Target: target, Interval: s.interval, Budget: s.budget, ShowOwn: s.own, Eager: true,
		Sample: !s.noSample, Held: s.held, Probe: !s.noProbe, Doctor: s.doctor, Messages: !s.noMessages, Beside: s.telling.beside(place), Canary: s.canary,
	})
	recorder := s.recording.servers[name]
	s.acting.watchers.add(name, observer)
	for snapshot := range observer.Snapshots() {
		// Who hears of a Snapshot may ask at once who spoke, so that is recorded before. The first waits for the store, and nobody for it.
		first := !recorder.began()
		if first {
			board.Publish(place, snapshot)
		}
		online := recorder.record(ctx, snapshot)
		if !first {
			board.Publish(place, snapshot)
		}
		if s.telling != nil {
			s.telling.hear(ctx, place, online)
		}
	}
}

// options are what the flags make of web.Options.
func (s *serving) options() (web.Options, error) {
	o := web.Options{Version: version(), Rate: s.rate, Compat: s.compat, Hosts: s.names(), Actions: s.acting.actions(!s.noSample)}
	if s.log {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	var err error
	if o.Login, err = s.login(); err != nil {
		return o, err
	}
	if file := s.sessionFile(); o.Login != nil && file != "" {
		o.Sessions = web.NewSessionFile(file, func(err error) { fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(err.Error())) })
	}
	if o.Audit, err = s.acting.audit(); err != nil {
		return o, err
	}
	if s.acting.allowed && o.Login == nil {
		fmt.Fprintln(os.Stderr, "redistop: web: every user of this machine may kill connections and see commands; --auth asks for a login")
	}
	if (s.tlsCert == "") != (s.tlsKey == "") {
		return o, usagef("--tls-cert and --tls-key go together")
	}
	if s.tlsCert != "" {
		if o.TLS, err = web.TLS(s.tlsCert, s.tlsKey); err != nil {
			return o, usageError(fmt.Errorf("--tls-cert and --tls-key: %w", err))
		}
	}
	return o, nil
}
