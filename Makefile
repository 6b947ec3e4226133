# `make` builds, `make demo` shows it, `make test` proves it.

GO ?= go

.PHONY: build page page-test demo test incidents fuzz servers bench frameworks pictures clean

# One static program: no C, no paths of this machine in it.
build: page
	@command -v $(GO) >/dev/null || { echo "make: Go 1.26 or newer is needed: https://go.dev/dl" >&2; exit 1; }
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o redistop .

# The page of redistop web, built into the program; without Node.js the program is built all the same.
page:
	@scripts/page

demo: build
	@scripts/install redis-server
	./redistop demo

# READER has the reader of Parquet files that is not ours.
READER = internal/export/testdata/reader

# The race detector wants a C compiler; the program itself does not. The incidents come last, with the machine to
# themselves: what they hold is what a built redistop says of servers in distress.
test: build
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w is due:" $$unformatted >&2; exit 1; }
	$(GO) vet ./...
	@test ! -d internal/web/page/node_modules || npm --prefix internal/web/page run --silent verify
	@scripts/install redis-server redis-cli tmux cc postgres node npm redis-py
	@test ! -d internal/web/page/node_modules || scripts/install chromium
	@scripts/servers
	@test -d $(READER)/node_modules || npm ci --silent --no-audit --no-fund --prefix $(READER)
	CGO_ENABLED=1 scripts/test -race -parallel 4 -timeout 15m $$($(GO) list ./... | grep -v /bench/incidents)
	$(GO) test -timeout 5m ./bench/incidents

# The page in a browser, before real servers; test does it too. With SHOTS=FOLDER it leaves a picture of every view there.
page-test: build
	@scripts/install chromium redis-server
	@scripts/servers
	REDISTOP_SHOTS=$(abspath $(SHOTS)) $(GO) test -count=1 -v -run '^TestPage$$' .

# What reads the command stream, and requests that act, on input that nobody thought of. The stream's starts from recorded lines of all server versions.
FUZZTIME ?= 60s
fuzz:
	$(GO) test -run '^$$' -fuzz '^FuzzMonitorLine$$' -fuzztime $(FUZZTIME) ./internal/redis
	$(GO) test -run '^$$' -fuzz '^FuzzMonitorReader$$' -fuzztime 10s ./internal/redis
	$(GO) test -run '^$$' -fuzz '^FuzzTally$$' -fuzztime 10s ./internal/stats
	$(GO) test -run '^$$' -fuzz '^FuzzQueues$$' -fuzztime 5s ./internal/usage
	$(GO) test -run '^$$' -fuzz '^FuzzBody$$' -fuzztime 5s ./internal/web

# The server versions that the tests run on, into .servers/, which is kept.
servers:
	@scripts/servers

# Short runs, in under ten minutes on a quiet machine, and noisy ones: the numbers of the README
# come from the programs themselves, with what they run by default (go run ./bench/cost, 25 minutes;
# ./bench/connections, 18; ./bench/self, 2) and from bench/limit.
bench: build
	@scripts/install redis-server redis-cli
	@scripts/servers
	$(GO) run ./bench/cost -rounds 3 -window 5s -loads pipelined
	$(GO) run ./bench/connections -for 6s -connections 10000
	$(GO) run ./bench/self -for 15s
	$(GO) run ./bench/keys -elements 100000 -budget 25%
	$(GO) run ./bench/web -for 10s -answers 3s

# What is found, and what is said where nothing is, on some fifty real servers: docs/incidents.md. Under ten
# minutes; on a busy machine its findings are about that.
incidents: build
	@scripts/install redis-server redis-cli
	@scripts/servers
	$(GO) run ./bench/incidents -write docs/incidents.md

# What the frameworks in internal/usage/frameworks.yaml leave in a server, recorded anew from runs of them, and their own
# numbers of jobs beside redistop's: by the system's packages, npm and Go modules. Six minutes with the installation.
frameworks: build servers
	@scripts/install node npm php sidekiq rq
	$(GO) run ./bench/frameworks

# The README's pictures, of the screen itself and of the page.
pictures: build servers
	@scripts/install redis-server tmux node chromium
	@scripts/pictures
	@scripts/page-pictures

clean:
	rm -rf redistop dist internal/web/page/node_modules
	find internal/web/page/dist -mindepth 1 -not -name .gitkeep -delete
