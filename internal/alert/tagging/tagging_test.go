package tagging_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/record"
)

func compile(filters json.RawMessage) (filter.Expression, error) {
	return posthog.ParseAlert(filters, dates.Clock{})
}

func alertOf(id string, projectID, version int64, isEnabled bool, filters string) alertstore.Alert {
	return alertstore.Alert{
		ID: id, ProjectID: projectID, FilterVersion: version,
		Settings: alertstore.Settings{Enabled: isEnabled, Filters: json.RawMessage(filters)},
	}
}

func TestTag(t *testing.T) {
	rules := tagging.New([]alertstore.Alert{
		alertOf("b", 1, 2, true, `{"serviceNames":["checkout"]}`),
		alertOf("a", 1, 1, true, `{"serviceNames":["checkout","other"]}`),
		alertOf("off", 1, 1, false, `{"serviceNames":["checkout"]}`),
		alertOf("bad", 1, 1, true, `{"unknown":1}`),
		alertOf("other", 1, 1, true, `{"serviceNames":["other"]}`),
		alertOf("c", 2, 1, true, `{"serviceNames":["checkout"]}`),
	}, compile)
	assert.Equal(t, 4, rules.Len())

	tagsFor := func(projectID int64, service string) any {
		r := record.New()
		r.Resource.Attributes().PutStr("service.name", service)
		r.Log.Attributes().PutStr(record.AttributeAlertMatches, "forged")
		rules.Tag(r, projectID, nil)
		found, ok := r.Log.Attributes().Get(record.AttributeAlertMatches)
		if !ok {
			return nil
		}
		return found.AsRaw()
	}
	assert.Equal(t, []any{"b/2", "a/1"}, tagsFor(1, "checkout"))
	assert.Equal(t, []any{"a/1", "other/1"}, tagsFor(1, "other"))
	assert.Equal(t, []any{"c/1"}, tagsFor(2, "checkout"))
	assert.Nil(t, tagsFor(1, "nobody"))
	assert.Nil(t, tagsFor(3, "checkout"))
}
