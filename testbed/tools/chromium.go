package tools

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"
)

const (
	// chromiumTimeout bounds the installation of Chromium with its downloads.
	chromiumTimeout = 5 * time.Minute
	// shell is Debian's package of the Chromium that has no window, and its program. It
	// shows pages as chromium does, in two thirds of the processor time: chromium makes
	// a window for each of Playwright's contexts, tabs and all, although nobody sees it.
	shell, chromium = "chromium-headless-shell", "chromium"
)

// InstallChromium returns the path of Debian's Chromium, of its shell without a window if
// that is there or can be installed, which takes root. It fails the test when there is
// neither.
func InstallChromium(tb testing.TB) string {
	tb.Helper()
	if program, err := exec.LookPath(shell); err == nil {
		return program
	}
	ctx, cancel := context.WithTimeout(tb.Context(), chromiumTimeout)
	defer cancel()
	begin := time.Now()
	problem := installPackage(ctx, shell)
	if program, err := exec.LookPath(shell); problem == nil && err == nil {
		tb.Logf("installed %s in %v", shell, time.Since(begin).Round(time.Millisecond))
		return program
	}
	program, err := exec.LookPath(chromium)
	if err != nil {
		tb.Fatalf("this test needs %s or %s, neither of which is here, and cannot install the first (as root on Debian it does): %v",
			shell, chromium, problem)
	}
	return program
}

func installPackage(ctx context.Context, name string) error {
	for _, arguments := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", name}} {
		if output, err := exec.CommandContext(ctx, "apt-get", arguments...).CombinedOutput(); err != nil { //nolint:gosec // named above
			return errors.Join(fmt.Errorf("apt-get %v: %w\n%s", arguments, err, output), ctx.Err())
		}
	}
	return nil
}
