package docstore_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/docstore"
)

func FuzzValidateDocument(f *testing.F) {
	f.Add("keys", "one", []byte(`{"a":1}`))
	f.Add("alert_events", "1/2", []byte(" {} "))
	f.Add("Keys", "", []byte(`[]`))
	f.Add("k", "\x7f", []byte(`{"a":"`+"\xff"+`"}`))
	f.Fuzz(func(t *testing.T, collection, id string, body []byte) {
		err := docstore.ValidateDocument(docstore.Document{Collection: collection, ID: id, Body: body})
		if err != nil {
			require.ErrorIs(t, err, docstore.ErrInvalid)
			return
		}
		var object map[string]any
		require.NoError(t, json.Unmarshal(body, &object))
		require.NotNil(t, object)
		require.NotEmpty(t, id)
		require.NoError(t, docstore.ValidateName(collection, id))
		require.NoError(t, docstore.ValidatePrefix(collection, ""))
	})
}
