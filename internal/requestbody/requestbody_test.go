package requestbody_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/requestbody"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// point is an item of sample.Points.
type point struct {
	ID    string
	Width int64
	Kind  string
}

func (p *point) fields() requestbody.Kind {
	return requestbody.Nested{
		Fields: []requestbody.Field{
			{Name: "id", Required: true, As: requestbody.Text{Into: &p.ID}},
			{Name: "width", As: requestbody.Integer{Into: &p.Width, Min: new(int64(1)), Max: new(int64(10))}},
			{Name: "kind", Required: true, As: requestbody.Choice[string]{Into: &p.Kind, Of: []string{"round", "square"}}},
		},
		Check: func() *requestbody.Error {
			if p.Kind == "round" && p.Width == 2 {
				return requestbody.Wrong(requestbody.CodeInvalidInput, "must not be 2 of what is round").In("width")
			}
			return nil
		},
	}
}

// sample has a field of each kind.
type sample struct {
	Name    string
	Note    string
	Count   int64
	On      bool
	Color   string
	At      time.Time
	Filters json.RawMessage
	Tags    []string
	Points  []point
	Quiet   point
}

func (s *sample) fields() []requestbody.Field {
	return []requestbody.Field{
		{Name: "name", Required: true, As: requestbody.Text{Into: &s.Name, MaxLength: 5}},
		{Name: "note", Nullable: true, As: requestbody.Text{Into: &s.Note, MayBeBlank: true}},
		{Name: "count", Nullable: true, As: requestbody.Integer{Into: &s.Count, Min: new(int64(-3)), Max: new(int64(1 << 60))}},
		{Name: "on", Nullable: true, As: requestbody.Boolean{Into: &s.On}},
		{Name: "color", Nullable: true, As: requestbody.Choice[string]{Into: &s.Color, Of: []string{"red", "5"}}},
		{Name: "at", Nullable: true, As: requestbody.Time{Into: &s.At}},
		{Name: "filters", Nullable: true, As: requestbody.Object{Into: &s.Filters}},
		{Name: "tags", As: requestbody.List[string]{
			Into: &s.Tags, NotEmpty: true, MaxItems: 3,
			Item: func(tag *string) requestbody.Kind { return requestbody.Text{Into: tag} },
		}},
		{Name: "points", Nullable: true, As: requestbody.List[point]{Into: &s.Points, Item: (*point).fields}},
		{Name: "quiet", Nullable: true, As: s.Quiet.fields()},
	}
}

func read(t *testing.T, contentType, content string) (sample, error) {
	t.Helper()
	body, err := requestbody.Parse(contentType, []byte(content))
	require.NoError(t, err)
	var s sample
	err = body.Read(s.fields())
	return s, err
}

func TestValues(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for content, want := range map[string]sample{
		`{"name":"a"}`:                                  {},
		`{"name":"a","other":[{}]}`:                     {},
		`{"name":" \t a\n"}`:                            {},
		`{"name":12}`:                                   {Name: "12"},
		`{"name":1.50}`:                                 {Name: "1.50"},
		`{"name":"ééééé"}`:                              {Name: "ééééé"},
		`{"name":"a","name":"b"}`:                       {Name: "b"},
		`{"name":"a","note":"  "}`:                      {},
		`{"name":"a","note":null}`:                      {},
		`{"name":"a","count":10}`:                       {Count: 10},
		`{"name":"a","count":10.00}`:                    {Count: 10},
		`{"name":"a","count":1e1}`:                      {Count: 10},
		`{"name":"a","count":" +10.0 "}`:                {Count: 10},
		`{"name":"a","count":-3}`:                       {Count: -3},
		`{"name":"a","count":` + "1152921504606846976}": {Count: 1 << 60},
		`{"name":"a","count":null}`:                     {},
		`{"name":"a","on":true}`:                        {On: true},
		`{"name":"a","on":1}`:                           {On: true},
		`{"name":"a","on":1.0}`:                         {On: true},
		`{"name":"a","on":" YES "}`:                     {On: true},
		`{"name":"a","on":"t"}`:                         {On: true},
		`{"name":"a","on":"On"}`:                        {On: true},
		`{"name":"a","on":false}`:                       {},
		`{"name":"a","on":0}`:                           {},
		`{"name":"a","on":"n"}`:                         {},
		`{"name":"a","on":"OFF"}`:                       {},
		`{"name":"a","on":null}`:                        {},
		`{"name":"a","color":"red"}`:                    {Color: "red"},
		`{"name":"a","color":5}`:                        {Color: "5"},
		`{"name":"a","at":"2026-11-21T10:00:00Z"}`:      {At: at},
		`{"name":"a","at":"2026-11-21T12:00+02:00"}`:    {At: at},
		`{"name":"a","at":"2026-11-21T12:00:00+0200"}`:  {At: at},
		`{"name":"a","at":" 2026-11-21 10:00:00.5 "}`:   {At: at.Add(500 * time.Millisecond)},
		`{"name":"a","at":"2026-11-21"}`:                {At: at.Add(-10 * time.Hour)},
		`{"name":"a","at":null}`:                        {},
		`{"name":"a","filters":{"n":1.0, "b":1e400}}`:   {Filters: json.RawMessage(`{"n":1.0, "b":1e400}`)},
		`{"name":"a","filters":null}`:                   {},
		`{"name":"a","tags":["x",2]}`:                   {Tags: []string{"x", "2"}},
		`{"name":"a","points":[]}`:                      {Points: []point{}},
		`{"name":"a","points":null}`:                    {},
		`{"name":"a","points":[{"id":"i","kind":"round","width":"3","more":1}]}`: {Points: []point{{"i", 3, "round"}}},
		`{"name":"a","quiet":{"id":1,"kind":"square","width":2}}`:                {Quiet: point{"1", 2, "square"}},
		`{"name":"a","quiet":null}`:                                              {},
	} {
		t.Run(content, func(t *testing.T) {
			got, err := read(t, "application/json", content)
			require.NoError(t, err)
			if want.Name == "" {
				want.Name = "a"
			}
			require.Equal(t, want, got)
		})
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ content, code, attr string }{
		{`{}`, "required", "name"},
		{`{"Name":"a"}`, "required", "name"},
		{`{"name":null}`, "null", "name"},
		{`{"name":""}`, "blank", "name"},
		{`{"name":" \u2003\n"}`, "blank", "name"},
		{`{"name":true}`, "invalid_input", "name"},
		{`{"name":["a"]}`, "invalid_input", "name"},
		{`{"name":{"a":1}}`, "invalid_input", "name"},
		{`{"name":"abcdef"}`, "max_length", "name"},
		{`{"name":123456}`, "max_length", "name"},
		{`{"name":"a\u0000"}`, "null_characters_not_allowed", "name"},
		{`{"name":"a","count":1.5}`, "invalid_input", "count"},
		{`{"name":"a","count":"ten"}`, "invalid_input", "count"},
		{`{"name":"a","count":""}`, "invalid_input", "count"},
		{`{"name":"a","count":"1e1"}`, "invalid_input", "count"},
		{`{"name":"a","count":true}`, "invalid_input", "count"},
		{`{"name":"a","count":[1]}`, "invalid_input", "count"},
		{`{"name":"a","count":1e16}`, "invalid_input", "count"},
		{`{"name":"a","count":9e999}`, "invalid_input", "count"},
		{`{"name":"a","count":-4}`, "min_value", "count"},
		{`{"name":"a","count":1152921504606846977}`, "max_value", "count"},
		{`{"name":"a","count":92233720368547758070}`, "invalid_input", "count"},
		{`{"name":"a","on":2}`, "invalid_input", "on"},
		{`{"name":"a","on":"maybe"}`, "invalid_input", "on"},
		{`{"name":"a","on":""}`, "invalid_input", "on"},
		{`{"name":"a","on":[]}`, "invalid_input", "on"},
		{`{"name":"a","color":"Red"}`, "invalid_choice", "color"},
		{`{"name":"a","color":""}`, "invalid_choice", "color"},
		{`{"name":"a","color":[]}`, "invalid_choice", "color"},
		{`{"name":"a","color":false}`, "invalid_choice", "color"},
		{`{"name":"a","at":"soon"}`, "invalid_input", "at"},
		{`{"name":"a","at":1}`, "invalid_input", "at"},
		{`{"name":"a","at":{}}`, "invalid_input", "at"},
		{`{"name":"a","at":"2026-02-30"}`, "invalid_input", "at"},
		{`{"name":"a","filters":[]}`, "not_a_dict", "filters"},
		{`{"name":"a","filters":"{}"}`, "not_a_dict", "filters"},
		{`{"name":"a","filters":0}`, "not_a_dict", "filters"},
		{`{"name":"a","tags":null}`, "null", "tags"},
		{`{"name":"a","tags":"x"}`, "not_a_list", "tags"},
		{`{"name":"a","tags":{}}`, "not_a_list", "tags"},
		{`{"name":"a","tags":[]}`, "empty", "tags"},
		{`{"name":"a","tags":[1,2,3,4]}`, "max_length", "tags"},
		{`{"name":"a","tags":["x",null]}`, "null", "tags__1"},
		{`{"name":"a","tags":["x",""]}`, "blank", "tags__1"},
		{`{"name":"a","points":[1]}`, "invalid_input", "points__0__non_field_errors"},
		{`{"name":"a","points":[{"id":"a","kind":"square"},{}]}`, "required", "points__1__id"},
		{`{"name":"a","points":[{"id":"a","width":11,"kind":1}]}`, "max_value", "points__0__width"},
		{`{"name":"a","points":[{"id":"a","width":2,"kind":"round"}]}`, "invalid_input", "points__0__width"},
		{`{"name":"a","quiet":[]}`, "invalid_input", "quiet__non_field_errors"},
		{`{"name":"a","quiet":{"id":""}}`, "blank", "quiet__id"},

		// The first declared, not the first given.
		{`{"quiet":{"id":""},"count":"x","name":[]}`, "invalid_input", "name"},
	} {
		t.Run(test.content, func(t *testing.T) {
			_, err := read(t, "application/json", test.content)
			var wrong *requestbody.Error
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, test.code, wrong.Code)
			require.Equal(t, test.attr, wrong.Attr)
			require.Contains(t, err.Error(), "'"+test.attr+"'")
		})
	}
}

// A change leaves alone what it does not name, and needs nothing.
func TestReadPartial(t *testing.T) {
	before := sample{Name: "old", Count: 7, On: true, Tags: []string{"x"}, At: time.Unix(0, 0)}
	body, err := requestbody.Parse("application/json; charset=utf-8", []byte(`{"on":"no","at":null,"count":"8"}`))
	require.NoError(t, err)
	after := before
	require.NoError(t, body.ReadPartial(after.fields()))
	require.Equal(t, sample{Name: "old", Count: 8, Tags: []string{"x"}}, after)
	require.True(t, body.Has("at"))
	require.False(t, body.Has("name"))

	body, err = requestbody.Parse("application/json", []byte(`{"name":null}`))
	require.NoError(t, err)
	require.Error(t, body.ReadPartial(after.fields()), "what is named is checked all the same")
	require.Error(t, requestbody.Body{}.Read(after.fields()))
	require.NoError(t, requestbody.Body{}.ReadPartial(after.fields()))
}

func TestForms(t *testing.T) {
	values := url.Values{
		"name": {"first", " 1 "}, "count": {"10"}, "on": {"on"}, "filters": {` {"a":1.0} `}, "tags": {"x", "2"},
		"points": {`[{"id":"i","kind":"round"}]`}, "quiet": {`{"id":"q","kind":"square"}`}, "note": {""},
	}
	want := sample{
		Name: "1", Count: 10, On: true, Filters: json.RawMessage(`{"a":1.0}`), Tags: []string{"x", "2"},
		Points: []point{{"i", 0, "round"}}, Quiet: point{"q", 0, "square"},
	}
	got, err := read(t, "application/x-www-form-urlencoded", values.Encode())
	require.NoError(t, err)
	require.Equal(t, want, got)

	var content bytes.Buffer
	writer := multipart.NewWriter(&content)
	for name, texts := range values {
		for _, text := range texts {
			require.NoError(t, writer.WriteField(name, text))
		}
	}
	require.NoError(t, writer.Close())
	got, err = read(t, writer.FormDataContentType(), content.String())
	require.NoError(t, err)
	require.Equal(t, want, got)

	for form, code := range map[string]string{
		"":                     "required",
		"name=":                "blank",
		"name=null":            "",
		"name=a&filters=x":     "not_a_dict",
		"name=a&filters=":      "not_a_dict",
		"name=a&filters=[]":    "not_a_dict",
		"name=a&tags=one":      "",
		"name=a&tags=[1]":      "",
		"name=a&quiet=x":       "invalid_input",
		"name=a&points={}":     "invalid_input", // a list of one object, which is a text
		"name=a&on=":           "invalid_input",
		"name=a&count=&tags=1": "invalid_input",
	} {
		_, err := read(t, "application/x-www-form-urlencoded", form)
		if code == "" {
			require.NoError(t, err, form)
			continue
		}
		var wrong *requestbody.Error
		require.ErrorAs(t, err, &wrong, form)
		require.Equal(t, code, wrong.Code, form)
	}
}

func TestMembers(t *testing.T) {
	body, err := requestbody.Parse("application/json", []byte(` {"a": 1.0,"b":[null ]} `))
	require.NoError(t, err)
	require.Equal(t, map[string]json.RawMessage{"a": []byte("1.0"), "b": []byte("[null ]")}, body.Members())
	body, err = requestbody.Parse("application/x-www-form-urlencoded", []byte(`a=1&a={}`))
	require.NoError(t, err)
	require.Equal(t, map[string]json.RawMessage{"a": []byte(`"{}"`)}, body.Members())
}

func TestParseErrors(t *testing.T) {
	for _, content := range []string{`{`, ` `, `{"a":1}}`, `{'a':1}`, `{"a":NaN}`, "{\"a\":\"\xff\"}", strings.Repeat("[", 20_000)} {
		_, err := requestbody.Parse("application/json", []byte(content))
		var malformed *requestbody.ParseError
		require.ErrorAs(t, err, &malformed, content)
		require.Contains(t, err.Error(), "The body is not ")
	}
	for _, content := range []string{`[]`, `null`, `"a"`, `1`} {
		_, err := requestbody.Parse("application/json", []byte(content))
		var wrong *requestbody.Error
		require.ErrorAs(t, err, &wrong, content)
		require.Equal(t, requestbody.Error{Code: "invalid_input", Problem: "must be a JSON object"}, *wrong)
		require.EqualError(t, err, "The body must be a JSON object.")
	}
	for contentType, content := range map[string]string{
		"application/x-www-form-urlencoded": "a=%zz", "multipart/form-data; boundary=x": "--x", "multipart/form-data": "--x",
		"application/x-www-form-urlencoded; charset=utf-8": "a=%ff",
	} {
		_, err := requestbody.Parse(contentType, []byte(content))
		var malformed *requestbody.ParseError
		require.ErrorAs(t, err, &malformed, contentType)
	}
	for _, contentType := range []string{"", "text/plain", "application/xml", "application/jsonp", "application/json; ="} {
		_, err := requestbody.Parse(contentType, []byte(`{}`))
		var unread *requestbody.MediaTypeError
		require.ErrorAs(t, err, &unread, contentType)
		require.Equal(t, contentType, unread.MediaType)
		_, err = requestbody.Parse(contentType, nil)
		require.NoError(t, err, "no body is of no media type")
	}
}

// FuzzRead finds that whatever is sent, it is read or refused with a name and a code.
func FuzzRead(f *testing.F) {
	f.Add("application/json", []byte(`{"name":"a","points":[{"id":1,"kind":"round"}],"filters":{},"count":1e3,"at":"2026-01-01"}`))
	f.Add("application/x-www-form-urlencoded", []byte(`name=a&tags=1&tags=2&quiet={}`))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na\r\n--x--\r\n"))
	f.Fuzz(func(t *testing.T, contentType string, content []byte) {
		body, err := requestbody.Parse(contentType, content)
		if err != nil {
			return
		}
		for name, member := range body.Members() {
			require.True(t, json.Valid(member), name)
		}
		var s sample
		if err := body.Read(s.fields()); err != nil {
			var wrong *requestbody.Error
			require.ErrorAs(t, err, &wrong)
			require.NotEmpty(t, wrong.Code)
			require.NotEmpty(t, wrong.Attr)
			return
		}
		require.NotEmpty(t, s.Name)
		if s.Filters != nil {
			require.True(t, json.Valid(s.Filters))
		}
	})
}
