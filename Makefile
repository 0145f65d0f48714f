# `make demo` and `make test` do all set-up that they need; `make help` lists the rest.
GO     ?= go
BIN    := bin/segovia
DEMO   ?= demo
GOFLAGS := -trimpath
export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X segovia/cmd/segovia/internal/app.version=$(VERSION)
# Packages with goroutines of their own: they are tested under the race detector too.
RACE := ./engine/internal/par ./engine/pool ./engine/stability ./engine/sweep ./engine/validity ./engine/features ./engine/company ./io/anyio ./io/runstore

.PHONY: demo test bench lint build generate race assembly help $(BIN)

build: $(BIN) ## build bin/segovia

$(BIN):
	$(GO) build $(GOFLAGS) -ldflags "$(LDFLAGS)" -o $(BIN) ./cmd/segovia

demo: $(BIN) ## generate a company, run the whole nightly job on it, print where the report is
	$(BIN) demo $(DEMO)

test: lint ## everything: formatting, vet, staticcheck, unit tests, the race detector, the real command line
	$(GO) test ./...
	cd kernels/_gen && $(GO) test -count=1 ./...
	$(MAKE) --no-print-directory race

race: ## the packages with goroutines under the race detector, which needs a C compiler
	@if command -v "$${CC:-cc}" >/dev/null; then echo "CGO_ENABLED=1 $(GO) test -race -short $(RACE)"; CGO_ENABLED=1 $(GO) test -race -short $(RACE); \
	else case ",$$SEGOVIA_REQUIRE," in *,race,*) echo "SEGOVIA_REQUIRE names race, and there is no C compiler"; exit 1;; esac; \
	echo "skipped: the race detector needs a C compiler, and there is none"; fi

lint: ## formatting, vet, staticcheck
	@files=$$(gofmt -l cmd kernels engine io bench); if [ -n "$$files" ]; then echo "gofmt these: $$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

assembly: ## write the assembly of kernels/simd and kernels/pairwise anew
	cd kernels/_gen && $(GO) run . -out ../simd/score_amd64.s
	cd kernels/_gen && $(GO) run ./pairwise -out ../pairwise/sums_amd64.s

bench: ## benchmarks of the engine on this machine
	$(GO) test -run '^$$' -bench . -benchtime 1x ./kernels/... ./engine/... ./bench/...

generate: $(BIN) ## write the files of a synthetic company of 50,000 customers to generated/
	$(BIN) generate generated --customers 50000

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
