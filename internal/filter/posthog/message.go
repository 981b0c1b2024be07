package posthog

import (
	"encoding/json"
	"slices"
	"strconv"
)

// maxClipped is how many characters of what was sent a message repeats.
const maxClipped = 40

// clip returns the start of a text.
func clip(text string) string {
	if letters := []rune(text); len(letters) > maxClipped {
		return string(letters[:maxClipped]) + "…"
	}
	return text
}

func quote(text string) string { return strconv.Quote(clip(text)) }

// kindOf says what a JSON value is.
func kindOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return "the string " + quote(v)
	case json.Number:
		return "the number " + clip(v.String())
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// sortedNames returns the names of an object, so that the first problem is always the
// same.
func sortedNames(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
