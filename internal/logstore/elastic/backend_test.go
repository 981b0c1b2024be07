package elastic

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

func TestMain(m *testing.M) { elasticsearchtest.Main(m) }

// testDay is the day of newTestRecord.
func testDay() time.Time { return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC) }

// indexOf returns the name of the index of the day of a time.
func indexOf(b *Backend, t time.Time) string { return b.indexName(dayPeriod(dayOfTime(t))) }

// newBackend returns a backend that is set up, and not closed if the test does it.
func newBackend(tb testing.TB, server elasticsearchtest.Server, changes ...func(*Config)) *Backend {
	tb.Helper()
	config := Config{Client: server.Client, Product: server.Product, Prefix: server.Prefix, Indices: IndexConfig{Replicas: "0"}}
	for _, change := range changes {
		change(&config)
	}
	b, err := New(config)
	require.NoError(tb, err)
	b.now = func() time.Time { return testDay().Add(12 * time.Hour) }
	require.NoError(tb, b.Setup(tb.Context()))
	tb.Cleanup(func() { _ = b.Close() })
	return b
}

// search returns all records of project 7, whoever has applied them.
func search(tb testing.TB, b *Backend) []record.Record {
	tb.Helper()
	require.NoError(tb, b.onAll(tb.Context(), []string{b.alias()}, "_refresh"))
	found, err := b.Search(tb.Context(), logstore.Query{ProjectID: 7, Limit: 100_000})
	require.NoError(tb, err)
	return found
}

// requireSame asserts that exactly the same records were found.
func requireSame(tb testing.TB, want, got []record.Record) {
	tb.Helper()
	byID := map[string]record.Record{}
	for _, r := range got {
		byID[r.ID()] = r
	}
	require.Len(tb, byID, len(want))
	require.Len(tb, got, len(byID), "each once")
	for _, w := range want {
		g, ok := byID[w.ID()]
		require.True(tb, ok, "record %s is missing", w.ID())
		require.Equal(tb, hashOf(marshal(tb, w)), hashOf(marshal(tb, g)), "record %s differs", w.ID())
	}
}

// hashOf tells long texts apart, without showing them.
func hashOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// at moves a record to a moment.
func at(r record.Record, moment time.Time) record.Record {
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(moment))
	return r
}

func TestValidate(t *testing.T) {
	_, err := New(Config{})
	require.ErrorContains(t, err, "needs a client")
	require.ErrorContains(t, err, "the prefix of indices")
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"upper case":        {func(c *Config) { c.Prefix = "Docket" }, `not "Docket"`},
		"pattern":           {func(c *Config) { c.Prefix = "a*" }, "the prefix"},
		"hidden":            {func(c *Config) { c.Prefix = ".docket" }, "the prefix"},
		"long":              {func(c *Config) { c.Prefix = strings.Repeat("a", 101) }, "the prefix"},
		"negative size":     {func(c *Config) { c.MaxBulkBytes = -1 }, "the size of bulk requests"},
		"negative document": {func(c *Config) { c.MaxDocumentBytes = -1 }, "the size of documents"},
		"part of a day":     {func(c *Config) { c.DailyAge = time.Hour }, "must be whole days"},
		"negative days":     {func(c *Config) { c.DailyAge = -24 * time.Hour }, "must be whole days"},
		"negative shards":   {func(c *Config) { c.Indices.Shards = -1 }, "the number of shards"},
		"replicas":          {func(c *Config) { c.Indices.Replicas = "many" }, `not "many"`},
		"part of an hour":   {func(c *Config) { c.Indices.MaxAge = time.Minute }, "whole hours"},
		"negative age":      {func(c *Config) { c.Indices.MaxAge = -time.Hour }, "whole hours"},
		"range of replicas": {func(c *Config) { c.Indices.Replicas = "0-" }, "the number of replicas"},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{Prefix: "docket"}
			test.change(&config)
			require.ErrorContains(t, config.Validate(), test.want)
		})
	}
	for _, replicas := range []string{"", "0", "2", "0-1", "0-all"} {
		require.NoError(t, IndexConfig{Replicas: replicas}.validate())
	}
}

func TestClosed(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		require.NoError(t, b.Close())
		require.ErrorIs(t, b.Close(), logstore.ErrClosed)
		require.ErrorIs(t, b.Apply(t.Context(), []record.Record{newTestRecord("1")}, false), logstore.ErrClosed)
		require.ErrorIs(t, b.Sync(t.Context()), logstore.ErrClosed)
		require.ErrorIs(t, b.Setup(t.Context()), logstore.ErrClosed)
		require.ErrorIs(t, b.DeleteDay(t.Context(), testDay()), logstore.ErrClosed)
	})
}
