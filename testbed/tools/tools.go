// Package tools installs the programs of others that tests run against Docket: real
// clients, and a tool that reads the API's description. None of them is part of
// Docket.
//
// Each tool is a folder here that pins it with all that it needs, to the last
// version. It is installed from the package registries that pip and npm are set up to
// use, without running anybody's install scripts, when a test first needs it, and is
// kept in build/tools, which is not under version control: later runs need no network.
package tools

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/collector"
)

// installTimeout bounds the installation of one tool, with its downloads.
const installTimeout = 5 * time.Minute

// pins are the files that say what is installed.
//
//go:embed */requirements.txt */package.json */package-lock.json
var pins embed.FS

// Python is a Python of its own with one tool.
type Python struct{ folder string }

// InstallPython returns the Python of a tool that a requirements.txt pins. It fails the
// test when the tool cannot be installed.
func InstallPython(tb testing.TB, tool string) Python {
	tb.Helper()
	return Python{install(tb, tool, func(ctx context.Context, folder string) error {
		if err := run(ctx, folder, "python3", "-m", "venv", "."); err != nil {
			return fmt.Errorf("%w\n(Python 3 with its venv module is needed, such as Debian's packages python3 and python3-venv)", err)
		}
		return fromRegistry("PIP_INDEX_URL", run(ctx, folder, filepath.Join("bin", "python"), "-m", "pip", "install",
			"--disable-pip-version-check", "--no-input", "--quiet", "--only-binary", ":all:", "--requirement", "requirements.txt"))
	})}
}

// Interpreter is the program to run scripts with.
func (p Python) Interpreter() string { return filepath.Join(p.folder, "bin", "python") }

// Script is the path of a script that the tool brings. It is to be run by the
// Interpreter: the line with which it starts names the folder that it was installed in.
func (p Python) Script(name string) string { return filepath.Join(p.folder, "bin", name) }

// InstallNode returns the folder node_modules of a tool that a package-lock.json pins.
// It fails the test when the tool cannot be installed, or there is no node to run it.
func InstallNode(tb testing.TB, tool string) string {
	tb.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			tb.Fatalf("install %s: %v (Node.js with npm is needed, such as Debian's packages nodejs and npm)", tool, err)
		}
	}
	return filepath.Join(install(tb, tool, func(ctx context.Context, folder string) error {
		return fromRegistry("npm_config_registry", run(ctx, folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"))
	}), "node_modules")
}

// install returns the folder of a tool, which fill makes of its pins if nobody did so
// before. A folder is complete or not there: it is filled under another name, and
// whoever is first gives it its own.
func install(tb testing.TB, tool string, fill func(ctx context.Context, folder string) error) string {
	tb.Helper()
	base := filepath.Join(collector.ModuleRoot(tb), "build", "tools")
	folder, err := folderOf(base, tool)
	if err != nil {
		tb.Fatalf("install %s: %v", tool, err)
	}
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(tb.Context(), installTimeout)
	defer cancel()
	if err := fillAside(base, folder, tool, func(aside string) error { return fill(ctx, aside) }); err != nil {
		tb.Fatalf("install %s: %v", tool, errors.Join(err, ctx.Err()))
	}
	tb.Logf("installed %s in %v", tool, time.Since(begin).Round(time.Millisecond))
	return folder
}

// folderOf returns the folder of a tool, whose name changes when a pin does.
func folderOf(base, tool string) (string, error) {
	digest := sha256.New()
	files, err := fs.ReadDir(pins, tool)
	if err != nil {
		return "", fmt.Errorf("read what is pinned: %w", err)
	}
	for _, file := range files {
		content, err := pins.ReadFile(path.Join(tool, file.Name()))
		if err != nil {
			return "", fmt.Errorf("read what is pinned: %w", err)
		}
		_, _ = fmt.Fprintf(digest, "%s %d\n%s", file.Name(), len(content), content) // cannot fail
	}
	return filepath.Join(base, tool+"-"+hex.EncodeToString(digest.Sum(nil))[:12]), nil
}

func fillAside(base, folder, tool string, fill func(aside string) error) error {
	if err := os.MkdirAll(base, 0o750); err != nil {
		return fmt.Errorf("make a folder for tools: %w", err)
	}
	aside, err := os.MkdirTemp(base, tool+"-unfinished-")
	if err != nil {
		return fmt.Errorf("make a folder for tools: %w", err)
	}
	defer func() { _ = os.RemoveAll(aside) }() // when it has its name, there is nothing to remove
	pinned, err := fs.Sub(pins, tool)
	if err != nil {
		return fmt.Errorf("read what is pinned: %w", err)
	}
	if err := os.CopyFS(aside, pinned); err != nil {
		return fmt.Errorf("copy what is pinned: %w", err)
	}
	if err := fill(aside); err != nil {
		return err
	}
	if err := os.Rename(aside, folder); err != nil {
		if _, found := os.Stat(folder); found == nil {
			return nil // another test process was first
		}
		return fmt.Errorf("keep what is installed: %w", err)
	}
	return nil
}

// run runs a program in a folder; the error has what it wrote.
func run(ctx context.Context, folder, program string, arguments ...string) error {
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the programs are named above
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return nil
}

// fromRegistry says what is behind most failed downloads.
func fromRegistry(variable string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\n(the first run needs a package registry: is it reachable from here? The variable %s names another)", err, variable)
}
