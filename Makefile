# Docket's commands. `make` alone prints them.

SHELL := /bin/bash
GO    ?= go
TOOL  := $(GO) tool -modfile=$(CURDIR)/tools/go.mod
# Nothing here needs a version-control stamp, and a checkout owned by another
# user would fail for want of one.
export GOFLAGS := $(filter-out -buildvcs=%,$(GOFLAGS)) -buildvcs=false

SOURCES := $(shell find cmd exporter extension internal processor receiver -name '*.go' -not -name '*_test.go' 2>/dev/null) \
           $(shell find extension -path '*/ui/*' -type f 2>/dev/null)
COMPONENTS := $(patsubst %/metadata.yaml,%,$(wildcard */*/metadata.yaml))

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build and start Docket with everything in ./data
	bin/docket --config distribution/docket.yaml

.PHONY: build
build: bin/docket bin/docket-journal ## Build bin/docket with ocb, and the journal's tool

# ocb writes the distribution's module into build/ (ignored by git) from
# builder-config.yaml alone, and compiles it without cgo.
bin/docket: builder-config.yaml go.mod tools/go.mod $(SOURCES)
	$(TOOL) builder --config builder-config.yaml
	@mkdir -p bin
	cp build/docket $@

bin/docket-journal: go.mod $(SOURCES)
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./cmd/docket-journal

# These hold the product to times that people feel (a record is found within two
# seconds), so nothing else runs beside them.
TIMED := ./internal/logstore/... ./testbed/...

.PHONY: test
test: build ## Run every test
	$(GO) vet ./...
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -vE '/(internal/logstore|testbed)(/|$$)')
	$(GO) test -race -timeout 20m -p 1 $(TIMED)

# Tests of the whole product that have a long form.
LONG := ^(TestKillsLoseAndDoubleNothing|TestFaultsLoseAndDoubleNothing|TestEverySystemCallOfTheWritePathIsFaulted|TestEqualRequestsAroundAKillAreStoredOnce)$$

.PHONY: test-long
test-long: build ## Run what has a long form: 1,000 kills with 1,000,000 records, every fault, every damage
	DOCKET_TEST_LONG=1 $(GO) test -race -count 1 -timeout 120m -p 1 ./internal/journal/... ./internal/logstore/...
	DOCKET_TEST_LONG=1 $(GO) test -race -count 1 -v -timeout 120m -run '$(LONG)' ./testbed/

# The collector whose file_storage queue Docket is measured against.
build/filestorage/collector: testbed/bench/filestorage/builder-config.yaml go.mod tools/go.mod $(SOURCES)
	@mkdir -p $(@D)
	$(TOOL) builder --config $<

.PHONY: bench
bench: build build/filestorage/collector ## Measure ingest beside a bare handler and a file_storage queue
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./testbed/bench/

.PHONY: lint
lint: ## Run golangci-lint
	$(TOOL) golangci-lint run ./...

.PHONY: generate
generate: ## Regenerate what mdatagen makes from each metadata.yaml
	@for component in $(COMPONENTS); do \
		echo "$$component"; (cd $$component && $(GO) generate ./...) || exit 1; \
	done

.PHONY: clean
clean: ## Remove what was built, never ./data
	rm -rf bin build
