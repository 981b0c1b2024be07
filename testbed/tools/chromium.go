package tools

import (
	"context"
	"os/exec"
	"testing"
	"time"
)

// chromiumTimeout bounds the installation of Chromium with its downloads.
const chromiumTimeout = 5 * time.Minute

// InstallChromium returns the path of Debian's Chromium. Where there is none it installs the
// package, which takes root; it fails the test when that is not possible.
func InstallChromium(tb testing.TB) string {
	tb.Helper()
	if program, err := exec.LookPath("chromium"); err == nil {
		return program
	}
	ctx, cancel := context.WithTimeout(tb.Context(), chromiumTimeout)
	defer cancel()
	for _, arguments := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", "chromium"}} {
		if output, err := exec.CommandContext(ctx, "apt-get", arguments...).CombinedOutput(); err != nil { //nolint:gosec // named above
			tb.Fatalf("this test needs chromium, which is not here and cannot be installed (%v; as root on Debian it installs it): %s", err, output)
		}
	}
	program, err := exec.LookPath("chromium")
	if err != nil {
		tb.Fatalf("chromium is installed and cannot be found: %v", err)
	}
	return program
}
