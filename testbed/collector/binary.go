package collector

import (
	"os"
	"path/filepath"
	"testing"
)

// DocketBinary returns the path of the binary under test: that of the environment
// variable DOCKET_BINARY, or bin/docket in the module's root. It fails the test
// when there is none.
func DocketBinary(tb testing.TB) string {
	tb.Helper()
	binary := os.Getenv("DOCKET_BINARY")
	if binary == "" {
		binary = filepath.Join(ModuleRoot(tb), "bin", "docket")
	}
	if _, err := os.Stat(binary); err != nil { //nolint:gosec // whoever runs the test names the binary
		tb.Fatalf("there is no Docket to test (%v): run `make build` first, or set DOCKET_BINARY", err)
	}
	return binary
}

// ModuleRoot returns the folder of the go.mod to which the running test belongs.
func ModuleRoot(tb testing.TB) string {
	tb.Helper()
	folder, err := os.Getwd()
	if err != nil {
		tb.Fatalf("find the module's root: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			tb.Fatalf("no folder above the test's has a go.mod")
		}
		folder = parent
	}
}
