package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

func TestApplyKeepsRecordsExactly(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server, func(c *Config) { c.MaxBulkBytes = 100 << 10 })
		records := logstoretest.Records(newSeededRandom(t), 1000)
		for _, r := range records {
			r.Resource.Attributes().PutInt(record.AttributeProjectID, 7)
		}
		require.NoError(t, b.Apply(t.Context(), records, false))
		requireSame(t, records, search(t, b))
		stats := b.Stats()
		assert.Equal(t, int64(len(records)), stats.Created)
		assert.Greater(t, stats.Requests[OutcomeSuccess], int64(5))
		assert.Greater(t, stats.Bytes, int64(500<<10))
	})
}

func TestApplyTwice(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		one, two := newTestRecord("1"), newTestRecord("2")
		require.NoError(t, b.Apply(t.Context(), []record.Record{one, one}, false))
		other := newTestRecord("1")
		other.Log.Body().SetStr("another record with the id of the first")
		require.NoError(t, b.Apply(t.Context(), []record.Record{other, two}, true))
		requireSame(t, []record.Record{one, two}, search(t, b))
		assert.Equal(t, int64(2), b.Stats().Created)
		assert.Equal(t, int64(2), b.Stats().Existing)
		require.NoError(t, b.Apply(t.Context(), nil, false))
	})
}

func TestSeveralBackendsAtOnce(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		config := Config{Client: server.Client, Product: server.Product, Prefix: server.Prefix}
		var records []record.Record
		for i := range 200 {
			records = append(records, at(newTestRecord(fmt.Sprint(i)), testDay().AddDate(0, 0, i%3)))
		}
		var group sync.WaitGroup
		var created [4]int64
		for i := range created {
			group.Go(func() {
				b, err := New(config)
				if !assert.NoError(t, err) || !assert.NoError(t, b.Setup(t.Context())) {
					return
				}
				assert.NoError(t, b.Apply(t.Context(), records, false))
				created[i] = b.Stats().Created
			})
		}
		group.Wait()
		assert.Equal(t, int64(len(records)), created[0]+created[1]+created[2]+created[3])
		requireSame(t, records, search(t, newBackend(t, server)))
	})
}

// refusalsOf returns the refusals of an Apply.
func refusalsOf(tb testing.TB, err error) []logstore.Refusal {
	tb.Helper()
	var refused *logstore.RefusedError
	require.ErrorAs(tb, err, &refused)
	return refused.Refusals
}

func TestRefusedRecordsHaveStoredNeighbours(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		// An index of the day is there already, in which span ids are numbers.
		mapping := mappings()
		mapping["properties"].(object)[fieldSpanID] = object{"type": "long"}
		create(t, b, "2026.11.21", object{"mappings": mapping, "aliases": object{b.alias(): object{}}})
		clash := newTestRecord("clash")
		clash.Log.SetSpanID([8]byte{0xab})
		tooLong := newTestRecord(strings.Repeat("x", 511))
		noProject := newTestRecord("no project")
		noProject.Resource.Attributes().Clear()
		one, two := newTestRecord("1"), newTestRecord("2")
		refusals := refusalsOf(t, b.Apply(t.Context(), []record.Record{tooLong, one, clash, noProject, two}, false))
		require.Len(t, refusals, 3)
		for i, position := range []int{0, 2, 3} {
			assert.Equal(t, position, refusals[i].Position)
		}
		assert.Contains(t, refusals[0].Reason, "511 bytes")
		assert.Contains(t, refusals[1].Reason, "status 400")
		assert.Contains(t, refusals[1].Reason, "span_id")
		assert.Contains(t, refusals[2].Reason, "project")
		requireSame(t, []record.Record{one, two}, search(t, b))
		assert.Equal(t, int64(3), b.Stats().Refused)

		refusals = refusalsOf(t, b.Apply(t.Context(), []record.Record{clash}, false))
		require.Len(t, refusals, 1, "also when it has no neighbours")
	})
}

// create makes the index of a day.
func create(tb testing.TB, b *Backend, day string, body object) {
	tb.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(tb, err)
	_, err = b.client.Do(tb.Context(), http.MethodPut, "/"+b.alias()+"-"+day, nil, encoded)
	require.NoError(tb, err)
}

func setSettings(tb testing.TB, b *Backend, index string, settings object) {
	tb.Helper()
	encoded, err := json.Marshal(settings)
	require.NoError(tb, err)
	_, err = b.client.Do(tb.Context(), http.MethodPut, "/"+index+"/_settings", nil, encoded)
	require.NoError(tb, err)
}

// What keeps an index from taking documents is no fault of theirs.
func TestIndexThatTakesNothing(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		first, second := newTestRecord("1"), newTestRecord("2")
		next := at(newTestRecord("3"), testDay().AddDate(0, 0, 1))
		require.NoError(t, b.Apply(t.Context(), []record.Record{first}, false))
		index := indexOf(b, testDay())
		post := func(action string) {
			_, err := b.client.Do(t.Context(), http.MethodPost, "/"+index+"/"+action, nil, nil)
			require.NoError(t, err)
		}
		for name, test := range map[string]struct{ block, open func() }{
			"blocked": {
				func() { setSettings(t, b, index, object{"index.blocks.write": true}) },
				func() { setSettings(t, b, index, object{"index.blocks.write": nil}) },
			},
			"read only": {
				func() { setSettings(t, b, index, object{"index.blocks.read_only_allow_delete": true}) },
				func() { setSettings(t, b, index, object{"index.blocks.read_only_allow_delete": nil}) },
			},
			"closed": {func() { post("_close") }, func() { post("_open") }},
		} {
			t.Run(name, func(t *testing.T) {
				test.block()
				start := time.Now()
				err := b.Apply(t.Context(), []record.Record{second, next}, false)
				require.Error(t, err)
				var refused *logstore.RefusedError
				require.NotErrorAs(t, err, &refused)
				assert.Less(t, time.Since(start), 10*time.Second)
				test.open()
				require.NoError(t, b.Apply(t.Context(), []record.Record{second, next}, true))
			})
		}
		requireSame(t, []record.Record{first, second, next}, search(t, b))
		assert.Zero(t, b.Stats().Refused)
	})
}

// An index may be deleted at any time, by a policy or by another Docket.
func TestIndexThatIsGone(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		require.NoError(t, b.Apply(t.Context(), []record.Record{newTestRecord("1")}, false))
		_, err := b.client.Do(t.Context(), http.MethodDelete, "/"+indexOf(b, testDay()), nil, nil)
		require.NoError(t, err)
		require.NoError(t, b.Sync(t.Context()))
		two := newTestRecord("2")
		require.NoError(t, b.Apply(t.Context(), []record.Record{two}, false))
		requireSame(t, []record.Record{two}, search(t, b))
		found, err := b.inspect(t.Context(), indexOf(b, testDay()))
		require.NoError(t, err)
		assert.Equal(t, mappingVersion, found.Mappings.Meta.Version)
		assert.Contains(t, found.Aliases, b.alias())
	})
}

// mappingOf returns the mapping of an index as JSON.
func mappingOf(tb testing.TB, b *Backend, index string) string {
	tb.Helper()
	answer, err := b.client.Do(tb.Context(), http.MethodGet, "/"+index+"/_mapping", nil, nil)
	require.NoError(tb, err)
	return string(answer)
}

func TestAttributesDoNotGrowTheMapping(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		records := []record.Record{newTestRecord("first")}
		require.NoError(t, b.Apply(t.Context(), records, false))
		before := mappingOf(t, b, indexOf(b, testDay()))
		var batch []record.Record
		for i := range 1000 {
			r := newTestRecord(fmt.Sprint(i))
			for k := range 50 {
				r.Log.Attributes().PutInt(fmt.Sprintf("key%d", 50*i+k), int64(k))
			}
			batch = append(batch, r)
		}
		for i := range 6 {
			r := newTestRecord(fmt.Sprint("kind", i))
			value := r.Log.Attributes().PutEmpty("same")
			switch i {
			case 0:
				value.SetStr("text")
			case 1:
				value.SetInt(1)
			case 2:
				value.SetEmptyMap().PutStr("key", "value")
			case 3:
				value.SetEmptySlice().AppendEmpty().SetInt(1)
			case 4:
				value.SetBool(true)
			}
			batch = append(batch, r)
		}
		attributes := map[string]any{record.AttributeID: "all"}
		for i := range 50_000 {
			attributes[fmt.Sprint("key", i)] = i
		}
		all := newTestRecord("all")
		require.NoError(t, all.Log.Attributes().FromRaw(attributes))
		batch = append(batch, all)
		require.NoError(t, b.Apply(t.Context(), batch, false))
		requireSame(t, append(records, batch...), search(t, b))
		assert.Equal(t, before, mappingOf(t, b, indexOf(b, testDay())))
	})
}

func TestNastyRecordsAreStored(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		deep := newTestRecord("deep")
		nest(deep.Log.Attributes().PutEmpty("deep"), maxDepth)
		deepMaps := newTestRecord("maps")
		deepMap(deepMaps.Log.Body(), 64)
		long := newTestRecord(strings.Repeat("ä", 255))
		long.Log.Attributes().PutStr(strings.Repeat("k", 40_000), strings.Repeat("v", 40_000))
		long.Log.Attributes().PutStr("", strings.Repeat("v", 40_000))
		long.Log.Body().SetStr(strings.Repeat("b", 3<<20))
		long.Log.SetEventName(strings.Repeat("e", 40_000))
		first, last := newTestRecord("first"), newTestRecord("last")
		first.Log.SetTimestamp(0)
		last.Log.SetTimestamp(1<<64 - 1)
		control := newTestRecord("\x00\n\"\\")
		control.Log.Attributes().PutStr("\x00", "\ufeff\u2028\U0010ffff")
		records := []record.Record{deep, deepMaps, long, first, last, control}
		require.NoError(t, b.Apply(t.Context(), records, false))
		requireSame(t, records, search(t, b))
	})
}

func TestApplyEndsWithItsContext(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, b.Apply(ctx, []record.Record{newTestRecord("1")}, false), context.Canceled)
	})
}

// Documents of an index that writes its log later are durable after Sync.
func TestSyncOfAnIndexThatIsNotDurable(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		create(t, b, "2026.11.21", object{"settings": object{"index.translog.durability": "async", "index.translog.sync_interval": "1h"}})
		require.NoError(t, b.Apply(t.Context(), []record.Record{newTestRecord("1")}, false))
		before := flushes(t, b)
		require.NoError(t, b.Sync(t.Context()))
		assert.Equal(t, before+1, flushes(t, b))
		require.NoError(t, b.Sync(t.Context()))
		assert.Equal(t, before+1, flushes(t, b), "as there is nothing new")
	})
}

// flushes returns how often the index of testDay was flushed.
func flushes(tb testing.TB, b *Backend) int64 {
	tb.Helper()
	answer, err := b.client.Do(tb.Context(), http.MethodGet, "/"+indexOf(b, testDay())+"/_stats/flush", nil, nil)
	require.NoError(tb, err)
	var stats struct {
		All struct {
			Primaries struct {
				Flush struct {
					Total int64 `json:"total"`
				} `json:"flush"`
			} `json:"primaries"`
		} `json:"_all"`
	}
	require.NoError(tb, json.Unmarshal(answer, &stats))
	return stats.All.Primaries.Flush.Total
}
