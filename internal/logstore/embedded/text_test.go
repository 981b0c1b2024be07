package embedded

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
)

func FuzzParseText(f *testing.F) {
	for _, seed := range []string{
		"", "x", "1", "-5", "1.0", "1e+300", "true", "AQI=", `{"a":1,"b":1.0,"c":[null,true,"x",{}]}`, "[]", "{}", `{"a":1,"a":2}`, "[1,", `{"a"}`, "Infinity",
	} {
		for kind := range pcommon.ValueTypeBytes + 1 {
			f.Add(int32(kind), seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind int32, text string) {
		value := pcommon.NewValueEmpty()
		if err := parseText(value, pcommon.ValueType(kind), text); err != nil || !isInvertible(value, filter.Text(value), maxInvertibleDepth) {
			return
		}
		again := pcommon.NewValueEmpty()
		require.NoError(t, parseText(again, value.Type(), filter.Text(value)))
		require.True(t, value.Equal(again), "%q: %q and %q", text, filter.Text(value), filter.Text(again))
	})
}

func TestDamagedTexts(t *testing.T) {
	for text, kind := range map[string]pcommon.ValueType{
		"x": pcommon.ValueTypeInt, "y": pcommon.ValueTypeDouble, "z": pcommon.ValueTypeBool, "?": pcommon.ValueTypeBytes,
		"": pcommon.ValueTypeMap, "{": pcommon.ValueTypeMap, "[]": pcommon.ValueTypeMap, "{}": pcommon.ValueTypeSlice,
		"[1]]": pcommon.ValueTypeSlice, "[1 2]": pcommon.ValueTypeSlice, `{"a":}`: pcommon.ValueTypeMap, "{1:2}": pcommon.ValueTypeMap,
		"[1e999]": pcommon.ValueTypeSlice, "[99999999999999999999]": pcommon.ValueTypeSlice,
	} {
		require.Error(t, parseText(pcommon.NewValueEmpty(), kind, text), text)
	}
}

func TestDamagedRows(t *testing.T) {
	good := columns{columnShape: "1s|slog.record.uid|idocket.project.id|", columnID: "id", "resource.docket.project.id": "7"}
	_, err := decodeRow(5, good)
	require.NoError(t, err)
	for column, text := range map[string]string{
		columnShape: "?", columnExact: "?", columnExactTime: "?", columnObservedTime: "x", columnFlags: "x", columnSeverityNumber: "x",
		columnTraceID: "00", columnSpanID: "zzzzzzzzzzzzzzzz", "resource.docket.project.id": "",
	} {
		bad := columns{}
		for name, value := range good {
			bad[name] = value
		}
		bad[column] = text
		_, err := decodeRow(5, bad)
		require.Error(t, err, column)
	}
}
