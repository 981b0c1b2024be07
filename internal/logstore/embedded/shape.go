package embedded

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// shape is what the columns of a row leave out of its record: the type of the
// body, and the keys of the attributes in order, each with the type of its value.
// Its text is
//
//	1 <type of the body> | <log> | <resource> | <scope>
//
// without the spaces, where each section is a list, separated by commas, of a
// type's letter followed by the key. In keys, a backslash stands before \ , and |.
type shape struct {
	body     pcommon.ValueType
	sections [sectionCount][]shapeEntry
}

type shapeEntry struct {
	kind pcommon.ValueType
	key  string
}

const shapeVersion = '1'

// letterOf returns the letter of a type.
func letterOf(kind pcommon.ValueType) byte {
	switch kind {
	case pcommon.ValueTypeStr:
		return 's'
	case pcommon.ValueTypeInt:
		return 'i'
	case pcommon.ValueTypeDouble:
		return 'd'
	case pcommon.ValueTypeBool:
		return 'b'
	case pcommon.ValueTypeMap:
		return 'm'
	case pcommon.ValueTypeSlice:
		return 'l'
	case pcommon.ValueTypeBytes:
		return 'x'
	default:
		return 'n'
	}
}

func kindOf(letter byte) (pcommon.ValueType, bool) {
	for _, kind := range []pcommon.ValueType{
		pcommon.ValueTypeStr, pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool,
		pcommon.ValueTypeMap, pcommon.ValueTypeSlice, pcommon.ValueTypeBytes, pcommon.ValueTypeEmpty,
	} {
		if letterOf(kind) == letter {
			return kind, true
		}
	}
	return 0, false
}

// appendShapeStart starts the text of a shape.
func appendShapeStart(dst []byte, body pcommon.ValueType) []byte {
	return append(dst, shapeVersion, letterOf(body))
}

// appendShapeEntry adds the next attribute of a section, which starts with a bar.
func appendShapeEntry(dst []byte, first bool, kind pcommon.ValueType, key string) []byte {
	if !first {
		dst = append(dst, ',')
	}
	return appendShapeKey(append(dst, letterOf(kind)), key)
}

// appendShapeKey adds a key as it is in a shape.
func appendShapeKey(dst []byte, key string) []byte {
	for i := range len(key) {
		if c := key[i]; c == '\\' || c == ',' || c == '|' {
			dst = append(dst, '\\')
		}
		dst = append(dst, key[i])
	}
	return dst
}

// String returns the text that parseShape reads.
func (s shape) String() string {
	text := appendShapeStart(nil, s.body)
	for _, section := range s.sections {
		text = append(text, '|')
		for i, entry := range section {
			text = appendShapeEntry(text, i == 0, entry.kind, entry.key)
		}
	}
	return string(text)
}

var errShape = errors.New("damaged shape")

// parseShape reads the text of a shape.
func parseShape(text string) (shape, error) {
	var s shape
	if len(text) < 2 || text[0] != shapeVersion {
		return s, fmt.Errorf("%w: it does not start with version %c", errShape, shapeVersion)
	}
	var ok bool
	if s.body, ok = kindOf(text[1]); !ok {
		return s, fmt.Errorf("%w: unknown type %q of the body", errShape, text[1])
	}
	rest := text[2:]
	for section := range s.sections {
		if rest, ok = strings.CutPrefix(rest, "|"); !ok {
			return s, fmt.Errorf("%w: section %d is missing", errShape, section)
		}
		var err error
		if s.sections[section], rest, err = parseShapeSection(rest); err != nil {
			return s, err
		}
	}
	if rest != "" {
		return s, fmt.Errorf("%w: it goes on after its end", errShape)
	}
	return s, nil
}

// parseShapeSection reads the entries up to the next bar or the end.
func parseShapeSection(text string) (entries []shapeEntry, rest string, err error) {
	if text == "" || text[0] == '|' {
		return nil, text, nil
	}
	for {
		if text == "" {
			return nil, "", fmt.Errorf("%w: an entry is missing", errShape)
		}
		kind, ok := kindOf(text[0])
		if !ok {
			return nil, "", fmt.Errorf("%w: unknown type %q", errShape, text[0])
		}
		var key string
		if key, text, err = parseShapeKey(text[1:]); err != nil {
			return nil, "", err
		}
		entries = append(entries, shapeEntry{kind, key})
		if text == "" || text[0] == '|' {
			return entries, text, nil
		}
		text = text[1:] // the comma
	}
}

// parseShapeKey reads a key up to the next comma, bar or the end.
func parseShapeKey(text string) (key, rest string, err error) {
	end := strings.IndexAny(text, `\,|`)
	if end < 0 {
		return text, "", nil
	}
	if text[end] != '\\' {
		return text[:end], text[end:], nil
	}
	var unescaped strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ',', '|':
			return unescaped.String(), text[i:], nil
		case '\\':
			if i++; i == len(text) || !strings.ContainsRune(`\,|`, rune(text[i])) {
				return "", "", fmt.Errorf("%w: a backslash stands before nothing special", errShape)
			}
		}
		unescaped.WriteByte(text[i])
	}
	return unescaped.String(), "", nil
}
