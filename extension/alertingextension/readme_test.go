package alertingextension

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// The examples of the README and of docs/alerts.md are such as can be started.
func TestExamples(t *testing.T) {
	variables := strings.NewReplacer(
		"${env:ON_CALL_URL}", "https://example.com/hook", "${env:ON_CALL_SECRET}", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	for _, path := range []string{"README.md", "../../docs/alerts.md"} {
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
		require.Len(t, blocks, 1, path)
		var all map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(variables.Replace(blocks[0][1])), &all))
		conf, err := confmap.NewFromStringMap(all).Sub("extensions::alerting")
		require.NoError(t, err)
		config := createDefaultConfig().(*Config)
		require.NoError(t, conf.Unmarshal(config))
		require.NoError(t, confmap.Validate(config), path)
		alerts, err := config.provisioned()
		require.NoError(t, err)
		require.Len(t, alerts, 1)
		assert.Len(t, alerts[0].Destinations, 1)
	}
}
