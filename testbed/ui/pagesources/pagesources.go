// Package pagesources runs the programs of Node.js that check the web page.
package pagesources

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/tools"
)

// timeout bounds each run of a program.
const timeout = 20 * time.Minute

// Sources is a copy of the page and its tests, beside the programs that check them,
// which leave files of their own.
type Sources struct {
	folder string
}

// Copy returns a copy that is removed at the end of the test.
func Copy(tb testing.TB) Sources {
	tb.Helper()
	sources := Sources{folder: tb.TempDir()}
	root := collector.ModuleRoot(tb)
	for _, path := range []string{
		filepath.Join("extension", "logsapiextension", "ui"), filepath.Join("testbed", "ui"), filepath.Join("internal", "record", "testdata"),
	} {
		if err := os.CopyFS(filepath.Join(sources.folder, path), os.DirFS(filepath.Join(root, path))); err != nil {
			tb.Fatalf("copy the page: %v", err)
		}
	}
	if err := os.Symlink(tools.InstallNode(tb, "ui"), filepath.Join(sources.folder, "node_modules")); err != nil {
		tb.Fatalf("give the page its programs: %v", err)
	}
	return sources
}

// Page is the folder of the page.
func (s Sources) Page() string {
	return filepath.Join(s.folder, "extension", "logsapiextension", "ui")
}

// Tests is the folder of its tests.
func (s Sources) Tests() string { return filepath.Join(s.folder, "testbed", "ui") }

// Run runs a program, a path in node_modules, in a folder, and returns what it printed. It
// fails the test when the program finds something wrong. Without a program, it is node
// itself.
func (s Sources) Run(tb testing.TB, folder string, environment []string, program string, arguments ...string) (printed []byte) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), timeout)
	defer cancel()
	if program != "" {
		arguments = append([]string{filepath.Join(s.folder, "node_modules", program)}, arguments...)
	}
	command := exec.CommandContext(ctx, "node", arguments...) //nolint:gosec // the pinned programs
	command.Dir = folder
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "CI=1", "NO_COLOR=1"}, environment...)
	printed, err := command.CombinedOutput()
	if err != nil {
		tb.Fatalf("%v\n%s", err, printed)
	}
	return printed
}

// Playwright runs a project of playwright.config.mjs in Chromium, against the Docket that
// the environment names (DOCKET_UI_URL, DOCKET_UI_KEY and others).
func (s Sources) Playwright(tb testing.TB, environment []string, project string) (printed []byte) {
	tb.Helper()
	environment = append(environment, "DOCKET_UI_CHROMIUM="+tools.InstallChromium(tb))
	return s.Run(tb, s.Tests(), environment, "@playwright/test/cli.js", "test", "--project", project)
}
