package posthog_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter/posthog"
)

// Every operator and key of the documentation must be understood, and every operator
// that messages name must be documented.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../../docs/search.md")
	require.NoError(t, err)
	quoted := regexp.MustCompile("`([a-z_]+)`")
	cells := func(header string) (names []string) {
		_, table, ok := strings.Cut(string(page), header)
		require.True(t, ok, header)
		table, _, _ = strings.Cut(table, "\n\n")
		for line := range strings.Lines(table) {
			for _, name := range quoted.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
				names = append(names, name[1])
			}
		}
		return names
	}

	operators := cells("| `operator` | `value` | finds records")
	for _, operator := range operators {
		_, err := posthog.ParseFilterGroup([]byte(`[{"type":"log_attribute","key":"k","operator":"`+operator+`"}]`), clock())
		require.NoError(t, err, operator)
	}
	_, err = posthog.ParseFilterGroup([]byte(`[{"type":"log_attribute","key":"k","operator":"x"}]`), clock())
	_, named, _ := strings.Cut(err.Error(), "send one of ")
	assert.Subset(t, operators, strings.Split(named, ", "))

	_, keys, _ := strings.Cut(string(page), "| `log` | ")
	keys, _, _ = strings.Cut(keys, "\n")
	for _, key := range quoted.FindAllStringSubmatch(keys, -1) {
		_, err := posthog.ParseFilterGroup([]byte(`[{"type":"log","key":"`+key[1]+`","operator":"is_set"}]`), clock())
		require.NoError(t, err, key)
	}

	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	query, err := posthog.ParseQuery([]byte(example), clock())
	require.NoError(t, err)
	assert.NotNil(t, query.Filter)
}
