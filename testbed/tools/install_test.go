package tools_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/tools"
)

// Every tool can be installed. `make test` runs this beside the tests of other packages, so
// that those of package testbed, which need the tools, find them.
func TestToolsAreInstalled(t *testing.T) {
	for tool, script := range map[string]string{"dlt": "dlt", "schemathesis": "schemathesis"} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			python := tools.InstallPython(t, tool)
			assert.FileExists(t, python.Script(script))
			output, err := exec.CommandContext(t.Context(), python.Interpreter(), "-c", "import "+tool).CombinedOutput() //nolint:gosec // named above
			require.NoError(t, err, "%s", output)
		})
	}
	for tool, program := range map[string]string{
		"openapi_ts":  filepath.Join("@hey-api", "openapi-ts", "package.json"),
		"posthog_cli": filepath.Join("@posthog", "cli", "package.json"),
		"ui":          filepath.Join("@playwright", "test", "cli.js"),
	} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			assert.FileExists(t, filepath.Join(tools.InstallNode(t, tool), program))
		})
	}
	t.Run("Chromium", func(t *testing.T) {
		t.Parallel()
		output, err := exec.CommandContext(t.Context(), tools.InstallChromium(t), "--version").CombinedOutput() //nolint:gosec // what was installed
		require.NoError(t, err, "%s", output)
		assert.Contains(t, string(output), "Chromium")
	})
}
