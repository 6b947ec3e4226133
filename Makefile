# `make` builds, `make demo` shows it, `make test` proves it.

GO ?= go

.PHONY: build demo test servers bench clean

# One static program: no C, no paths of this machine in it.
build:
	@command -v $(GO) >/dev/null || { echo "make: Go 1.26 or newer is needed: https://go.dev/dl" >&2; exit 1; }
	CGO_ENABLED=0 $(GO) build -trimpath -o redistop .

demo: build
	@scripts/install redis-server
	./redistop demo

# The race detector wants a C compiler; the program itself does not.
test: build
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w is due:" $$unformatted >&2; exit 1; }
	$(GO) vet ./...
	@scripts/install redis-server redis-cli tmux cc
	@scripts/servers
	CGO_ENABLED=1 $(GO) test -race -timeout 8m ./...

# The server versions that the tests run on, into .servers/, which is kept.
servers:
	@scripts/servers

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf redistop dist
