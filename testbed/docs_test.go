package testbed

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/collector"
)

// Every promise in docs/durability.md names the test that proves it. Here is that
// there are these tests, and that each promise names one.
func TestDurabilityNamesItsTests(t *testing.T) {
	root := collector.ModuleRoot(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "durability.md"))
	require.NoError(t, err)
	named := regexp.MustCompile(`Test[A-Z]\w+`)
	exists := testsUnder(t, root)
	for _, name := range named.FindAllString(string(page), -1) {
		assert.True(t, exists[name], "there is no %s", name)
	}
	_, promises, _ := strings.Cut(string(page), "\n## What is promised\n")
	promises, _, _ = strings.Cut(promises, "\n## Requests that are sent again\n")
	rows := 0
	for line := range strings.Lines(promises) {
		if !strings.HasPrefix(line, "| ") || strings.HasSuffix(line, "| proved by |\n") {
			continue
		}
		rows++
		assert.True(t, named.MatchString(line), "no test proves: %s", line)
	}
	assert.Greater(t, rows, 20)
}

// testsUnder returns the names of all tests below a folder.
func testsUnder(t *testing.T, root string) map[string]bool {
	t.Helper()
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	names := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "build" || entry.Name() == ".git"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		for _, found := range declaration.FindAllSubmatch(content, -1) {
			names[string(found[1])] = true
		}
		return err
	}))
	return names
}
