# Docket's commands. `make` alone prints them.

SHELL := /bin/bash
GO    ?= go
TOOL  := $(GO) tool -modfile=$(CURDIR)/tools/go.mod
# Nothing here needs a version-control stamp, and a checkout owned by another
# user would fail for want of one.
export GOFLAGS := $(filter-out -buildvcs=%,$(GOFLAGS)) -buildvcs=false

SOURCES := $(shell find cmd exporter extension internal processor receiver -name '*.go' -not -name '*_test.go' 2>/dev/null) \
           $(shell find extension -path '*/ui/*' -type f 2>/dev/null) $(wildcard extension/*/openapi/*.yaml)
COMPONENTS := $(patsubst %/metadata.yaml,%,$(wildcard */*/metadata.yaml))

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build and start Docket with everything in ./data
	bin/docket --config distribution/docket.yaml

.PHONY: build
build: bin/docket bin/docket-journal bin/docket-elasticsearch ## Build bin/docket with ocb, and the tools beside it

# ocb writes the distribution's module into build/ (ignored by git) from
# builder-config.yaml alone, and compiles it without cgo.
bin/docket: builder-config.yaml go.mod tools/go.mod $(SOURCES)
	$(TOOL) builder --config builder-config.yaml
	@mkdir -p bin
	mv -f build/docket $@ # not over the file of a Docket that is running

bin/docket-journal bin/docket-elasticsearch: go.mod $(SOURCES)
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./cmd/$(@F)

# These hold the product to times that people feel (a record is found within two
# seconds), so no other package runs beside them.
TIMED := ./internal/logstore/journaled ./testbed ./testbed/bench

# These talk to clusters and take longest, so they begin first.
LONGEST := ./internal/logstore/elastic ./extension/logsapiextension ./internal/docstore/elastic \
           ./internal/elasticsearch/elasticsearchtest ./testbed/tools

# Starts Elasticsearch and OpenSearch once for all tests that a command runs.
WITH_SERVERS := $(GO) run ./internal/elasticsearch/elasticsearchtest/with-servers --

.PHONY: test
test: build ## Run every test, with Elasticsearch 9 and OpenSearch 3
	$(MAKE) --no-print-directory -j 2 vet served-tests

# With the flag of the tests, so that what it compiles is what they need.
.PHONY: vet
vet:
	$(GO) vet -race ./...

# The servers are fetched and started while vet compiles.
.PHONY: served-tests
served-tests:
	$(WITH_SERVERS) $(MAKE) --no-print-directory tests

# Much of what tests do is waiting for servers, hence more at once than processors. What
# go test would vet by itself is vetted already.
.PHONY: tests
tests:
	$(GO) test -race -vet=off -timeout 20m -p 3 $(LONGEST) $$($(GO) list ./... | grep -vE '/(internal/logstore/journaled|testbed|testbed/bench)$$')
	$(GO) test -race -vet=off -timeout 40m -p 1 -parallel 6 $(TIMED)

# What depends on the product that is behind it and on its version.
CLUSTERED := ./internal/elasticsearch/... ./internal/docstore/elastic/... ./internal/logstore/elastic/... ./extension/logstoreextension/...

.PHONY: test-matrix
test-matrix: build ## Run what works with a cluster on Elasticsearch 9 and 8.19 and on OpenSearch 3 and 2.19
	$(WITH_SERVERS) $(GO) test -race -count 1 -timeout 60m -p 1 $(CLUSTERED)
	DOCKET_TEST_ELASTICSEARCH_VERSION=8.19.0 DOCKET_TEST_OPENSEARCH_VERSION=2.19.4 \
		$(WITH_SERVERS) $(GO) test -race -count 1 -timeout 60m -p 1 $(CLUSTERED)

# Tests of the whole product that have a long form.
LONG := ^(TestKillsLoseAndDoubleNothing|TestClusterFaultsLoseAndDoubleNothing|TestFaultsLoseAndDoubleNothing|TestEverySystemCallOfTheWritePathIsFaulted|TestEqualRequestsAroundAKillAreStoredOnce)$$

.PHONY: test-long
test-long: build ## Run what has a long form: 1,000 kills with 1,000,000 records, every fault, every damage
	DOCKET_TEST_LONG=1 $(WITH_SERVERS) $(GO) test -race -count 1 -v -timeout 120m -run '$(LONG)' ./testbed/
	DOCKET_TEST_LONG=1 $(WITH_SERVERS) $(GO) test -race -count 1 -timeout 180m -p 1 ./internal/journal/... ./internal/logstore/... ./internal/alert/...

# The collector that Docket is measured beside.
build/stockcollector/collector: testbed/bench/stockcollector/builder-config.yaml go.mod tools/go.mod $(SOURCES)
	@mkdir -p $(@D)
	$(TOOL) builder --config $<

# VictoriaLogs of the version that Docket has inside, to be measured beside it. With
# the VictoriaMetrics of go.mod in place of its own, it is the same engine throughout.
ENGINE      := github.com/VictoriaMetrics
version_of   = $$($(GO) -C $(CURDIR) list -m -f '{{.Version}}' $(1))
build/victorialogs/victoria-logs: go.mod
	@mkdir -p $(@D)
	cd $(@D) && rm -f go.mod go.sum && $(GO) mod init victorialogs && \
		$(GO) mod edit -replace $(ENGINE)/VictoriaMetrics=$(ENGINE)/VictoriaMetrics@$(call version_of,$(ENGINE)/VictoriaMetrics) && \
		$(GO) get -tool $(ENGINE)/VictoriaLogs/app/victoria-logs@$(call version_of,$(ENGINE)/VictoriaLogs) && \
		CGO_ENABLED=0 $(GO) build -trimpath -o $(@F) $(ENGINE)/VictoriaLogs/app/victoria-logs

# The results of each benchmark are in a folder, of which the report is made at the end.
# With -short, everything is run, in three minutes, and no report is written.
BENCHMARKS := $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m

.PHONY: bench
bench: build build/stockcollector/collector build/victorialogs/victoria-logs ## Measure beside others that do the same, and write docs/benchmarks.md
	rm -rf build/bench && mkdir -p build/bench
	DOCKET_BENCH_REPORT=$(CURDIR)/build/bench $(BENCHMARKS) ./testbed/bench/
	$(GO) run ./testbed/bench/machine build/bench > build/bench/report.md
	mv build/bench/report.md docs/benchmarks.md

.PHONY: bench-short
bench-short: build build/stockcollector/collector build/victorialogs/victoria-logs ## See that the measurements work, in three minutes
	$(BENCHMARKS) -short ./testbed/bench/

.PHONY: screenshots
screenshots: build ## Make the pictures of the documentation anew
	DOCKET_TEST_SCREENSHOTS=$(CURDIR)/docs/images $(GO) test -count 1 -run '^TestWebPage$$/^screenshots$$' ./testbed/

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
