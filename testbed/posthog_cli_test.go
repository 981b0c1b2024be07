package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/tools"
)

// cliTimeout bounds one call of PostHog's command line, which mostly waits for Node.js.
const cliTimeout = 2 * time.Minute

// cliParallel is how many calls of it run at the same time.
const cliParallel = 2

// cliCall is a call of a tool of PostHog's command line and what it must print.
type cliCall struct {
	name, tool string
	// arguments are its JSON; %RANGE% stands for a dateRange with all seeds.
	arguments string
	// prints is the answer as JSON, of which objects may have more members than those
	// named here. %N% stands for the RFC 3339 time N minutes after the first seed.
	prints string
}

// cliCalls has every tool that reads logs.
func cliCalls() []cliCall {
	return []cliCall{
		{
			name: "query with each kind of filter", tool: "query-logs",
			arguments: `{"query": {"dateRange": %RANGE%, "severityLevels": ["error"], "serviceNames": ["api"], "searchTerm": "TIMEOUT", "orderBy": "earliest",
				"filterGroup": [{"key": "http.status", "type": "log_attribute", "operator": "exact", "value": ["500"]},
					{"key": "k8s.pod.name", "type": "log_resource_attribute", "operator": "is_not", "value": "a-1"},
					{"key": "message", "type": "log", "operator": "regex", "value": "[0-9]{2} ms$"}]}}`,
			prints: `{"results": [
				{"body": "timeout after 30 ms", "timestamp": "%2%", "severity_text": "error", "severity_number": 17, "trace_id": "00000000000000000000000000000000",
					"attributes": {"http.status": "500"}, "resource_attributes": {"service.name": "api", "k8s.pod.name": "a-2"}},
				{"body": "timeout after 45 ms", "timestamp": "%2%", "severity_text": "error"}]}`,
		},
		{
			name: "newest first, limited", tool: "query-logs",
			arguments: `{"query": {"dateRange": %RANGE%, "serviceNames": ["api", "billing"], "limit": 2, "excludeAttributes": true}}`,
			prints: `{"results": [
				{"body": "ledger is out of balance", "timestamp": "%4%", "level": "fatal"}, {"body": "card declined", "timestamp": "%3%", "level": "warn"}]}`,
		},
		{
			name: "nothing", tool: "query-logs",
			arguments: `{"query": {"dateRange": {"date_from": "-30d", "date_to": "-29d"}, "serviceNames": ["api"]}}`, prints: `{"results": []}`,
		},
		{
			name: "count", tool: "logs-count",
			arguments: `{"query": {"dateRange": %RANGE%, "severityLevels": ["error", "fatal"]}}`, prints: `{"count": 3}`,
		},
		{
			name: "count by time", tool: "logs-count-ranges",
			arguments: `{"query": {"dateRange": %RANGE%, "targetBuckets": 5}}`,
			prints: `{"interval": "1m", "ranges": [{"date_from": "%0%", "count": 1}, {"date_from": "%1%", "count": 1}, {"date_from": "%2%", "count": 2},
				{"date_from": "%3%", "count": 1}, {"date_from": "%4%", "count": 1}]}`,
		},
		{
			name: "sparkline", tool: "logs-sparkline-query",
			arguments: `{"query": {"dateRange": {"date_from": "%2%", "date_to": "%2%"}, "sparklineBreakdownBy": "service"}}`,
			prints:    `{"results": [{"time": "%2%", "service": "api", "count": 2, "bytes_uncompressed": 38}]}`,
		},
		{
			name: "services", tool: "logs-services-create",
			arguments: `{"query": {"dateRange": %RANGE%}}`,
			prints: `{"services": [
				{"service_name": "api", "log_count": 4, "error_count": 2, "error_rate": 0.5, "volume_share_pct": 66.67,
					"severity_breakdown": {"debug": 0, "info": 2, "warn": 0, "error": 2}},
				{"service_name": "billing", "log_count": 2, "error_count": 1, "error_rate": 0.5, "volume_share_pct": 33.33}]}`,
		},
		{
			name: "attributes", tool: "logs-attributes-list",
			arguments: `{"attribute_type": "resource", "search": "K8S", "dateRange": %RANGE%, "serviceNames": ["api"]}`,
			prints:    `{"count": 1, "results": [{"name": "k8s.pod.name", "propertyFilterType": "log_resource_attribute", "matchedOn": "key"}]}`,
		},
		{
			name: "attributes by their values", tool: "logs-attributes-list",
			arguments: `{"attribute_type": "resource", "search": "BILLing", "search_values": true, "dateRange": %RANGE%}`,
			prints:    `{"count": 1, "results": [{"name": "service.name", "matchedOn": "value", "matchedValue": "billing"}]}`,
		},
		{
			name: "values", tool: "logs-attribute-values-list",
			arguments: `{"attribute_type": "resource", "key": "k8s.pod.name", "value": "A", "dateRange": %RANGE%}`,
			prints:    `{"results": [{"id": "a-1", "name": "a-1", "count": 2}, {"id": "a-2", "name": "a-2", "count": 2}]}`,
		},
		{
			name: "facet without its own filter", tool: "logs-facet-values-create",
			arguments: `{"query": {"facetField": "service_name", "serviceNames": ["api"], "severityLevels": ["fatal", "error"], "dateRange": %RANGE%}}`,
			prints:    `{"results": [{"value": "api", "count": 2}, {"value": "billing", "count": 1}]}`,
		},
		{
			name: "patterns", tool: "logs-patterns",
			arguments: `{"query": {"dateRange": %RANGE%, "serviceNames": ["api"]}}`,
			prints: `{"scanned_count": 4, "total_count": 4, "sampled": false, "patterns": [
				{"estimated_count": 2, "services": ["api"]}, {"estimated_count": 2, "services": ["api"]}]}`,
		},
		{
			name: "difference of patterns", tool: "logs-patterns-diff",
			arguments: `{"query": {"dateRange": {"date_from": "%2%", "date_to": "%4%"}, "serviceNames": ["api"]}, "baselineDateRange": {"date_from": "%0%", "date_to": "%1%"}}`,
			prints: `{"current": {"total_count": 2}, "baseline": {"total_count": 2}, "entries": [
				{"classification": "new", "pattern": {"estimated_count": 2, "estimated_error_count": 2}},
				{"classification": "gone", "pattern": {"estimated_count": 2, "estimated_error_count": 0}, "baseline_estimated_count": 2}]}`,
		},
	}
}

// alertTools are those that TestPostHogsCommandLineMakesAlerts calls.
func alertTools() []string {
	return []string{
		"logs-alerts-create", "logs-alerts-destinations-create", "logs-alerts-destinations-delete-create", "logs-alerts-destroy",
		"logs-alerts-events-list", "logs-alerts-list", "logs-alerts-partial-update", "logs-alerts-retrieve", "logs-alerts-simulate-create",
	}
}

// PostHog's own command line works with Docket, with a key that may read one project.
func TestPostHogsCommandLineReadsLogs(t *testing.T) {
	t.Parallel() // no time is measured in it
	onEachBackend(t, testPostHogsCommandLineReadsLogs)
}

func testPostHogsCommandLineReadsLogs(t *testing.T, b *backend) {
	t.Helper()
	program := filepath.Join(tools.InstallNode(t, "posthog_cli"), "@posthog", "cli", "lib", "posthog-api-cli.mjs")
	docket, admin := b.start(t)
	first := time.Now().UTC().Add(-time.Hour).Truncate(10 * time.Minute)
	storeSeeds(t, admin, first)
	key, err := admin.CreateKey(t.Context(), "command line", []string{"logs:read"}, 1)
	require.NoError(t, err)
	cli := postHogCLI{program: program, docket: docket, key: key.Value, home: t.TempDir()}

	var called []string
	places := make(chan struct{}, cliParallel)
	var calls sync.WaitGroup
	for _, call := range cliCalls() {
		called = append(called, call.tool)
		calls.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			printed, err := cli.run(t.Context(), "call", "--json", call.tool, withTimes(call.arguments, first))
			if assert.NoError(t, err, call.name) {
				assertJSONHas(t, withTimes(call.prints, first), printed, call.name)
			}
		})
	}
	calls.Wait()

	text, err := cli.run(t.Context(), "tools")
	require.NoError(t, err)
	var all []string
	require.NoError(t, json.Unmarshal(text, &all))
	all = slices.DeleteFunc(all, func(tool string) bool { return tool != "query-logs" && !strings.HasPrefix(tool, "logs-") })
	slices.Sort(called)
	assert.ElementsMatch(t, append(slices.Compact(called), alertTools()...), all, "every tool for logs is called here or there")
}

// withTimes puts the seeds' times in place of what stands for them.
func withTimes(text string, first time.Time) string {
	at := func(minutes int) string { return first.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	replacements := []string{"%RANGE%", fmt.Sprintf(`{"date_from": %q, "date_to": %q}`, at(0), at(4))}
	for minutes := range 5 {
		replacements = append(replacements, fmt.Sprintf("%%%d%%", minutes), at(minutes))
	}
	return strings.NewReplacer(replacements...).Replace(text)
}

// postHogCLI calls PostHog's command line.
type postHogCLI struct {
	program, key, home string
	docket             *collector.Collector
}

// run returns what the program writes to its standard output.
func (p postHogCLI) run(ctx context.Context, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, cliTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, "node", append([]string{p.program}, arguments...)...) //nolint:gosec // the pinned program
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "POSTHOG_CLI_HOST=http://" + p.docket.Endpoints.API,
		"POSTHOG_CLI_API_KEY=" + p.key, "POSTHOG_CLI_PROJECT_ID=1",
	}
	var output, problems bytes.Buffer
	command.Stdout, command.Stderr = &output, &problems
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("posthog-cli %s: %w: %s%s", strings.Join(arguments, " "), err, &problems, &output)
	}
	return output.Bytes(), nil
}

// assertJSONHas fails the test unless a JSON text is what is wanted, where its objects
// may have more members.
func assertJSONHas(t *testing.T, wanted string, text []byte, message string) {
	t.Helper()
	var want, got any
	if assert.NoError(t, json.Unmarshal([]byte(wanted), &want), wanted) && assert.NoError(t, json.Unmarshal(text, &got), "%s: %s", message, text) {
		assert.Equal(t, want, onlyWhat(want, got), "%s: %s", message, text)
	}
}

// onlyWhat returns a decoded JSON value without the members of objects that another does
// not have.
func onlyWhat(wanted, value any) any {
	switch want := wanted.(type) {
	case map[string]any:
		got, ok := value.(map[string]any)
		if !ok {
			return value
		}
		kept := map[string]any{}
		for name, member := range got {
			if wantedMember, ok := want[name]; ok {
				kept[name] = onlyWhat(wantedMember, member)
			}
		}
		return kept
	case []any:
		got, ok := value.([]any)
		if !ok || len(got) != len(want) {
			return value
		}
		kept := make([]any, len(got))
		for i := range got {
			kept[i] = onlyWhat(want[i], got[i])
		}
		return kept
	default:
		return value
	}
}
