package record_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/record"
)

// The example and the program of docs/record.md are run as they stand there.
func TestDocumentedExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/record.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```(\\w+)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 4)
	example, canonical, hash, program := blocks[0][2], blocks[1][2], blocks[2][2], blocks[3][2]
	canonical, hash = strings.TrimSuffix(canonical, "\n"), strings.TrimSpace(hash)

	r := parseRecord(t, []byte(example))
	assert.Equal(t, canonical, string(record.AppendCanonical(nil, r)))
	assert.Equal(t, hash, hexHash([]byte(canonical)))
	assert.True(t, record.Verify(r))

	assert.Equal(t, hash+" ok\n", runPython(t, program, example))
	assert.Contains(t, runPython(t, program, strings.Replace(example, "Ada", "Eve", 1)), " differs\n")
}

func runPython(t *testing.T, program, input string) (output string) {
	t.Helper()
	command := exec.CommandContext(context.Background(), "python3", "-c", program)
	command.Stdin = strings.NewReader(input)
	content, err := command.CombinedOutput()
	require.NoError(t, err, string(content))
	return string(content)
}

// Every attribute that Docket names is on the documentation page.
func TestDocumentedNames(t *testing.T) {
	page, err := os.ReadFile("../../docs/record.md")
	require.NoError(t, err)
	source, err := os.ReadFile("names.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^\tAttribute\w+ += "(.*)"$`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		assert.Contains(t, string(page), "`"+name[1]+"`")
	}
}
