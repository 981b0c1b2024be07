package alertingprocessor

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/processor/alertingprocessor/internal/metadata"
)

// rulesExtension stands for the alerting extension.
type rulesExtension struct {
	component.StartFunc
	component.ShutdownFunc

	rules *tagging.Rules
	users int
}

func (e *rulesExtension) UseRules() (current func() *tagging.Rules, done func()) {
	e.users++
	return func() *tagging.Rules { return e.rules }, func() { e.users-- }
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func TestTags(t *testing.T) {
	extension := &rulesExtension{}
	sink := &consumertest.LogsSink{}
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), host{component.MustNewID("alerting"): extension}))
	assert.Equal(t, 1, extension.users)
	send := func() any {
		logs := plog.NewLogs()
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
		resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("card declined")
		require.NoError(t, p.ConsumeLogs(context.Background(), logs))
		last := sink.AllLogs()[len(sink.AllLogs())-1]
		tags, ok := last.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Get(record.AttributeAlertMatches)
		if !ok {
			return nil
		}
		return tags.AsRaw()
	}
	assert.Nil(t, send(), "before the rules are known")
	extension.rules = tagging.New([]alertstore.Alert{
		{ID: "a", ProjectID: 1, FilterVersion: 3, Settings: alertstore.Settings{Enabled: true}},
		{ID: "b", ProjectID: 2, FilterVersion: 1, Settings: alertstore.Settings{Enabled: true}},
	}, func(json.RawMessage) (filter.Expression, error) { return filter.BodyContains("DECLINED"), nil })
	assert.Equal(t, []any{"a/3"}, send())
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Zero(t, extension.users)
}

func TestStartWithoutExtension(t *testing.T) {
	for name, extensions := range map[string]host{
		"none": {}, "another": {component.MustNewID("alerting"): struct {
			component.StartFunc
			component.ShutdownFunc
		}{}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), consumertest.NewNop())
			require.NoError(t, err)
			require.ErrorContains(t, p.Start(t.Context(), extensions), "alerting extension")
			require.NoError(t, p.Shutdown(t.Context()))
		})
	}
}

func TestConfig(t *testing.T) {
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	for name, want := range map[string]string{"alerting": "alerting", "alerting/named": "alerting/other"} {
		config := createDefaultConfig().(*Config)
		sub, err := all.Sub(name)
		require.NoError(t, err)
		require.NoError(t, sub.Unmarshal(config))
		require.NoError(t, config.Validate())
		assert.Equal(t, want, config.Extension.String())
	}
	require.ErrorContains(t, (&Config{}).Validate(), "extension: write")
}
