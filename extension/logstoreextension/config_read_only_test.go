package logstoreextension

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/docketlog/docket/internal/logstore/elastic/mapped"
)

func TestReadOnlyConfig(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	for _, id := range []string{"log_store", "log_store/elasticsearch"} {
		config, err := load(file, id)
		require.NoError(t, err)
		assert.Nil(t, config.readOnly(), id)
	}

	config, err := load(file, "log_store/read_only")
	require.NoError(t, err)
	view := config.readOnly()
	require.NotNil(t, view)
	assert.Equal(t, "logs-*", view.Index)
	assert.EqualValues(t, 1, view.ProjectID)
	assert.Equal(t, mapped.DefaultMaxRead, view.MaxReadRecords)
	assert.Equal(t, mapped.Mapping{
		Timestamp: "@timestamp", Body: "message", Level: "log.level", Service: "service.name", EventName: "event.action",
		TraceID: "trace.id", SpanID: "span.id",
	}, view.Fields.mapping())

	config, err = load(file, "log_store/read_only_all")
	require.NoError(t, err)
	view = config.readOnly()
	require.NotNil(t, view)
	assert.Equal(t, "app-*,web-*", view.Index)
	assert.EqualValues(t, 3, view.ProjectID)
	assert.Equal(t, 5000, view.MaxReadRecords)
	assert.Equal(t, mapped.Mapping{Timestamp: "time", Body: "msg", Service: "app", TraceID: "trace", SpanID: "span", ID: "uid"}, view.Fields.mapping())
	assert.EqualValues(t, 64, config.embedded().MemoryLimitMiB, "of what is in the data folder")
}

func TestReadOnlyConfigErrorsSayWhatToWrite(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	for id, want := range map[string]string{
		"read_only_nothing":       `read_only: index: name the indices to read, for example "logs-*"`,
		"read_only_no_name":       `index: write names of indices, for example "logs-*" or "app-*,web-*"; there is none that is ""`,
		"read_only_path":          `there is none that is "logs/_search"`,
		"read_only_no_project":    "project_id: write the number of a project, not 0",
		"read_only_no_time":       `fields: timestamp: name the field with the time, for example "@timestamp"`,
		"read_only_reads_nothing": "max_read_records: write a positive number, not 0",
		"read_only_unknown_field": "invalid keys: message",
	} {
		t.Run(id, func(t *testing.T) {
			_, err := load(file, "log_store/"+id)
			require.ErrorContains(t, err, want)
		})
	}
}
