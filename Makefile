# `make demo` and `make test` do all set-up that they need; `make help` lists the rest.
GO     ?= go
BIN    := bin/segovia
DEMO   ?= demo
PEERS_VENV ?= bin/peers
TAGS   ?=
GOFLAGS := -trimpath $(if $(TAGS),-tags $(TAGS))
export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X segovia/cmd/segovia/internal/app.version=$(VERSION)
# Packages with goroutines of their own: they are tested under the race detector too.
RACE := ./engine/internal/par ./engine/pool ./engine/stability ./engine/sweep ./engine/validity ./engine/features ./engine/tiers ./engine/company ./io/anyio ./io/runstore ./kernels/cuda/driver

.PHONY: demo test bench gobench bench-peers bench-gpu peers-statistics lint build generate race assembly ptx fuzz help $(BIN)

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

assembly: ## write the assembly of kernels/simd, kernels/pairwise and kernels/probe anew
	cd kernels/_gen && $(GO) run . -out ../simd/simd_amd64.s
	cd kernels/_gen && $(GO) run ./pairwise -out ../pairwise/sums_amd64.s
	cd kernels/_gen && $(GO) run ./probe -out ../probe/probe_amd64.s

bench: $(BIN) ## the hardware paths on the same work, about two minutes; more with BENCH="--work W3 --fraction 0.1"
	$(BIN) bench $(BENCH)

gobench: ## the Go benchmarks of every package once
	$(GO) test -run '^$$' -bench . -benchtime 1x ./kernels/... ./engine/... ./bench/...

bench-peers: $(BIN) $(PEERS_VENV)/bin/python ## the same work in scikit-learn, faiss, R and others, half an hour; less with PEERS="--work W1"
	$(PEERS_VENV)/bin/python bench/peers/run.py --segovia $(BIN) $(PEERS)

bench-gpu: $(BIN) ## the work for devices, and plain Lloyd in torch, CuPy, cuML and scikit-learn on a GPU, eight minutes; PYTHON=python with them
	$(or $(PYTHON),python3) bench/peers/gpu.py --segovia $(BIN) --out $(or $(OUT),bin/gpu-results) $(PEERS)

peers-statistics: $(BIN) $(PEERS_VENV)/bin/python ## the same statistics in R and scikit-learn, some minutes; fails where they differ
	$(PEERS_VENV)/bin/python bench/peers/agreement.py --segovia $(BIN) $(PEERS)

# Without PEERS_VENV the tools are installed below bin/, which needs a package index; what cannot be had is named and left out.
bin/peers/bin/python:
	@python3 -m venv bin/peers || exit 1; \
	while read -r p; do bin/peers/bin/pip install --quiet "$$p" || echo "missing: $$p cannot be installed"; done < bench/peers/requirements.txt

FUZZTIME ?= 60s

ptx: ## compile the kernels of kernels/cuda to PTX, which needs nvcc (NVCC=path)
	cd kernels/_gen && $(GO) run ./ptx -nvcc "$${NVCC:-nvcc}"

fuzz: ## arbitrary points through each hardware path that runs here, FUZZTIME (60s) each
	$(GO) test -run '^$$' -fuzz '^FuzzConformance$$' -fuzztime $(FUZZTIME) ./kernels/ref
	$(GO) test -run '^$$' -fuzz '^FuzzConformanceAVX2$$' -fuzztime $(FUZZTIME) ./kernels/simd
	$(GO) test -run '^$$' -fuzz '^FuzzConformanceAVX512$$' -fuzztime $(FUZZTIME) ./kernels/simd
	$(GO) test -run '^$$' -fuzz '^FuzzConformance$$' -fuzztime $(FUZZTIME) ./kernels/blas
	$(GO) test -run '^$$' -fuzz '^FuzzConformance$$' -fuzztime $(FUZZTIME) ./kernels/gorgonia
	$(GO) test -run '^$$' -fuzz '^FuzzConformanceEmulated$$' -fuzztime $(FUZZTIME) ./kernels/cuda

generate: $(BIN) ## write the files of a synthetic company of 50,000 customers to generated/
	$(BIN) generate generated --customers 50000

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
