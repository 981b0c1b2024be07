package text_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter/text"
)

// Every example of the documentation must be understood.
func TestDocumentedExamples(t *testing.T) {
	page, err := os.ReadFile("../../../docs/search.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "| write | to find records |\n| --- | --- |\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")
	row := regexp.MustCompile("^\\| `(.*?)` \\|")
	for line := range strings.Lines(table) {
		example := row.FindStringSubmatch(line)
		require.NotNil(t, example, line)
		t.Run(example[1], func(t *testing.T) {
			e, err := text.Parse(example[1], clock())
			require.NoError(t, err)
			written, ok := text.Format(e)
			assert.True(t, ok, written)
		})
	}
}
