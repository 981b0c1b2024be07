package configform_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/configform"
	"github.com/docketlog/docket/internal/requestbody"
)

func TestCheckKey(t *testing.T) {
	for _, key := range []string{"a", "0", "declined-cards", "A.b_c-1", strings.Repeat("x", 100)} {
		require.NoError(t, configform.CheckKey(key), key)
	}
	for _, key := range []string{"", "-a", ".", "a b", "a/b", "a::b", "ä", strings.Repeat("x", 101)} {
		require.Error(t, configform.CheckKey(key), key)
	}
}

func TestBody(t *testing.T) {
	var name string
	var count int64
	form := configform.Form{Of: "a thing", Others: []string{"project"}, Fields: []requestbody.Field{
		{Name: "name", As: requestbody.Text{Into: &name}}, {Name: "count", As: requestbody.Integer{Into: &count}},
	}}
	body, err := form.Body(map[string]any{"name": "<a>", "count": "7"})
	require.NoError(t, err)
	require.NoError(t, body.Read(form.Fields))
	assert.Equal(t, "<a>", name)
	assert.EqualValues(t, 7, count)
	assert.Equal(t, `"<a>"`, string(body.Members()["name"]), "texts are not written in another way") //nolint:testifylint // the text itself
	_, err = form.Body(nil)
	require.NoError(t, err)
	_, err = form.Body(map[string]any{"nam": 1})
	require.EqualError(t, configform.At("things::x", err), "things::x::nam: is no option of a thing: write project, name or count")
	_, err = form.Body(map[string]any{"name": func() {}})
	require.ErrorContains(t, err, "write only what JSON has")
}

func TestAt(t *testing.T) {
	require.NoError(t, configform.At("a", nil))
	wrong := requestbody.Wrong(requestbody.CodeInvalidInput, "must be %d", 1)
	require.EqualError(t, configform.At("a::b", wrong), "a::b: must be 1")
	require.EqualError(t, configform.At("a", wrong.In("x").In("2").In("columns")), "a::columns::2::x: must be 1")
	require.EqualError(t, configform.At("a", fmt.Errorf("wrapped: %w", wrong.In("x"))), "a::x: must be 1")
	other := errors.New("other")
	require.ErrorIs(t, configform.At("a", other), other)
}
