// Package distribution_test holds the checks that keep the distribution's parts
// together: the versions in go.mod, tools/go.mod and builder-config.yaml.
package distribution_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/mod/modfile"
)

// The one coherent set of collector modules. A mixed set compiles by luck: moving
// it is a change of its own.
const (
	coreModule    = "go.opentelemetry.io/collector"
	contribModule = "github.com/open-telemetry/opentelemetry-collector-contrib"
	betaVersion   = "v0.162.0"
	stableVersion = "v1.68.0"
	docketModule  = "github.com/docketlog/docket"
)

func TestGoModHoldsOneCollectorVersion(t *testing.T) {
	for _, requirement := range parseGoMod(t, "../go.mod").Require {
		assertVersion(t, requirement.Mod.Path, requirement.Mod.Version)
	}
}

// The builder writes its own version into the distribution's go.mod, so it must
// be that of the core.
func TestBuilderIsOfTheSameVersion(t *testing.T) {
	for _, requirement := range parseGoMod(t, "../tools/go.mod").Require {
		if requirement.Mod.Path == coreModule+"/cmd/builder" {
			assert.Equal(t, betaVersion, requirement.Mod.Version)
			return
		}
	}
	t.Error("tools/go.mod does not pin the builder")
}

func TestBuilderConfig(t *testing.T) {
	parts := readBuilderConfig(t)
	var ours []string
	for _, part := range parts {
		path, version, ok := strings.Cut(part.GoMod, " ")
		require.True(t, ok, "%q must be a module and a version", part.GoMod)
		if path == docketModule {
			ours = append(ours, strings.TrimPrefix(part.Import, docketModule+"/"))
			continue
		}
		assertVersion(t, path, version)
	}
	components, err := filepath.Glob("../*/*/metadata.yaml")
	require.NoError(t, err)
	var folders []string
	for _, component := range components {
		folders = append(folders, filepath.ToSlash(strings.TrimPrefix(filepath.Dir(component), "../")))
	}
	assert.ElementsMatch(t, folders, ours, "builder-config.yaml must list every component of this repository")
}

type builderPart struct {
	GoMod  string `yaml:"gomod"`
	Import string `yaml:"import"`
}

func readBuilderConfig(t *testing.T) []builderPart {
	t.Helper()
	content, err := os.ReadFile("../builder-config.yaml")
	require.NoError(t, err)
	var config struct {
		Extensions, Receivers, Processors, Exporters, Connectors, Providers []builderPart
		Telemetry                                                           builderPart
	}
	require.NoError(t, yaml.Unmarshal(content, &config))
	parts := []builderPart{config.Telemetry}
	for _, list := range [][]builderPart{
		config.Extensions, config.Receivers, config.Processors, config.Exporters, config.Connectors, config.Providers,
	} {
		parts = append(parts, list...)
	}
	return parts
}

func parseGoMod(t *testing.T, path string) *modfile.File {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := modfile.Parse(path, content, nil)
	require.NoError(t, err)
	return file
}

func assertVersion(t *testing.T, path, version string) {
	t.Helper()
	switch {
	case path == coreModule || strings.HasPrefix(path, coreModule+"/"):
		assert.Contains(t, []string{betaVersion, stableVersion}, version, path)
	case strings.HasPrefix(path, contribModule+"/"):
		assert.Equal(t, betaVersion, version, path)
	}
}
