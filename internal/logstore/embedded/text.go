package embedded

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// parseText sets dst, which is empty, to the value of the given type that has the
// filter.Text text.
func parseText(dst pcommon.Value, kind pcommon.ValueType, text string) error {
	switch kind {
	case pcommon.ValueTypeStr:
		dst.SetStr(text)
	case pcommon.ValueTypeInt:
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		dst.SetInt(number)
	case pcommon.ValueTypeDouble:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		dst.SetDouble(number)
	case pcommon.ValueTypeBool:
		truth, err := strconv.ParseBool(text)
		if err != nil {
			return err
		}
		dst.SetBool(truth)
	case pcommon.ValueTypeBytes:
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		dst.SetEmptyBytes().FromRaw(data)
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		return parseJSON(dst, kind, text)
	default: // nothing
	}
	return nil
}

var errJSON = errors.New("not the JSON of a value")

func parseJSON(dst pcommon.Value, kind pcommon.ValueType, text string) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := parseJSONValue(decoder, dst); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || dst.Type() != kind {
		return errJSON
	}
	return nil
}

func parseJSONValue(decoder *json.Decoder, dst pcommon.Value) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case nil:
		return nil
	case string:
		dst.SetStr(token)
	case bool:
		dst.SetBool(token)
	case json.Number:
		kind := pcommon.ValueTypeInt
		if strings.ContainsAny(token.String(), ".e") {
			kind = pcommon.ValueTypeDouble
		}
		return parseText(dst, kind, token.String())
	case json.Delim:
		if token == '{' {
			return parseJSONMap(decoder, dst.SetEmptyMap())
		}
		return parseJSONSlice(decoder, dst.SetEmptySlice())
	}
	return nil
}

// parseJSONMap reads pairs up to the closing brace.
func parseJSONMap(decoder *json.Decoder, dst pcommon.Map) error {
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("%w: a key is no string", errJSON)
		}
		if err := parseJSONValue(decoder, dst.PutEmpty(key)); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

// parseJSONSlice reads values up to the closing bracket.
func parseJSONSlice(decoder *json.Decoder, dst pcommon.Slice) error {
	for decoder.More() {
		if err := parseJSONValue(decoder, dst.AppendEmpty()); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}
