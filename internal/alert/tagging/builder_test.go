package tagging_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// What has not changed is not read again, and what has is.
func TestBuildReadsWhatHasChanged(t *testing.T) {
	var read []string
	builder := tagging.NewBuilder(func(filters json.RawMessage) (filter.Expression, error) {
		read = append(read, string(filters))
		return compile(filters)
	})
	one := alertOf("a", 1, 1, true, `{"serviceNames":["checkout"]}`)
	other := alertOf("b", 1, 1, true, `{"serviceNames":["other"]}`)
	wrong := alertOf("c", 2, 1, true, `{"unknown":1}`)
	relative := alertOf("d", 3, 1, true, `{"q":"timestamp>-1h"}`)
	build := func(alerts ...alertstore.Alert) (*tagging.Rules, []string) {
		read = nil
		rules := builder.Build(alerts)
		return rules, slices.Sorted(slices.Values(read))
	}
	tags := func(rules *tagging.Rules, service string) any {
		r := record.New()
		r.Resource.Attributes().PutStr("service.name", service)
		rules.Tag(r, 1, nil)
		found, ok := r.Log.Attributes().Get(record.AttributeAlertMatches)
		if !ok {
			return nil
		}
		return found.AsRaw()
	}
	rules, got := build(one, other, wrong, relative)
	assert.Len(t, got, 4)
	assert.Equal(t, 3, rules.Len())
	_, got = build(one, other, wrong, relative)
	assert.Equal(t, []string{`{"q":"timestamp>-1h"}`}, got, "which is another one by now")
	other.FilterVersion, other.Filters = 2, json.RawMessage(`{"serviceNames":["checkout","third"]}`)
	rules, got = build(other, one)
	assert.Equal(t, []string{`{"serviceNames":["checkout","third"]}`}, got)
	assert.Equal(t, []any{"b/2", "a/1"}, tags(rules, "checkout"))
	one.Enabled = false
	rules, got = build(other, one)
	assert.Empty(t, got)
	assert.Equal(t, []any{"b/2"}, tags(rules, "checkout"))
	assert.Nil(t, tags(rules, "other"))
	one.Enabled = true
	rules, _ = build(one)
	assert.Equal(t, []any{"a/1"}, tags(rules, "checkout"))
	rules, _ = build()
	assert.Nil(t, tags(rules, "checkout"))
}
