package embedded

import (
	"strings"
	"unicode"

	"github.com/docketlog/docket/internal/filter"
)

// maxSpellings is the number of spellings of a word that are looked for. For
// each, the engine looks at a Bloom filter per block; only those that a block may
// have cost a look at its texts.
const maxSpellings = 64

// containsBounds returns the bounds of a filter.Contains of a column's text.
//
// The engine would do this only by a regular expression, which is many times slower
// than a filter.Finder. But where it looks for a word, it skips blocks that do not have
// it without reading them. So the upper bound names a word of the text in all its
// spellings.
func containsBounds(column string, parts []string) bounds {
	conditions := make([]string, len(parts))
	isExact := true
	for i, part := range parts {
		condition, isExactPart := containsCondition(column, part)
		conditions[i] = condition
		isExact = isExact && isExactPart
	}
	condition := or(conditions...)
	if isExact {
		return exactly(condition)
	}
	return atMost(and(has(column), condition))
}

// containsCondition returns a condition that all texts meet that contain a part in
// whatever case; isExact is true when no others do.
func containsCondition(column, part string) (condition string, isExact bool) {
	if part == "" {
		return has(column), true
	}
	text := []rune(validUTF8(part))
	if countSpellings(text) == 1 {
		if mayBeInNumber(part) {
			return or(substring(column, part), isStoredAsNumber(column)), false
		}
		return substring(column, string(text)), !strings.Contains(part, mark)
	}
	if word := longestWord(text); word != nil {
		return hasWord(column, spellings(word)), false
	}
	return conditionAll, false
}

// wildcardCondition returns a condition that all texts meet that are the parts with
// any text between them.
func wildcardCondition(column string, parts []string) string {
	conditions := make([]string, 0, len(parts))
	for _, part := range parts {
		if part != "" {
			condition, _ := containsCondition(column, part)
			conditions = append(conditions, condition)
		}
	}
	return and(conditions...)
}

// hasWord returns the condition that one of the words is a whole word of a column.
func hasWord(column string, words []string) string {
	conditions := make([]string, len(words))
	for i, word := range words {
		conditions[i] = quote(column) + ":" + quote(word)
	}
	return or(conditions...)
}

// longestWord returns the longest of the words that every text has which contains
// the given one; nil if there is none with at most maxSpellings. The first and the
// last word of the text are not among them, as they may be parts of longer ones.
func longestWord(text []rune) []rune {
	var longest []rune
	start := -1 // of the word, unless it is unclear
	for i, r := range text {
		switch isLetter, isBorder := wordLetter(r); {
		case isBorder:
			if start >= 0 && i-start > len(longest) && countSpellings(text[start:i]) <= maxSpellings {
				longest = text[start:i]
			}
			start = i + 1
		case !isLetter:
			start = -1
		}
	}
	return longest
}

// wordLetter reports whether the engine takes all spellings of a letter for letters
// of words, or all for borders of words. There is one where it depends, U+0345, and
// U+FFFD is neither.
func wordLetter(r rune) (isLetter, isBorder bool) {
	isLetter, isBorder = true, r != unicode.ReplacementChar
	for _, spelling := range filter.Spellings(r) {
		if spelling == '_' || unicode.IsLetter(spelling) || unicode.IsDigit(spelling) {
			isBorder = false
		} else {
			isLetter = false
		}
	}
	return isLetter, isBorder
}

// countSpellings returns how many texts differ from the given one only in case,
// itself included, or a number above maxSpellings.
func countSpellings(text []rune) int {
	count := 1
	for _, r := range text {
		if count *= len(filter.Spellings(r)); count > maxSpellings {
			break
		}
	}
	return count
}

// spellings returns all texts that differ from the given one only in case, itself
// included.
func spellings(text []rune) []string {
	all := []string{""}
	for _, r := range text {
		var longer []string
		for _, start := range all {
			for _, spelling := range filter.Spellings(r) {
				longer = append(longer, start+string(spelling))
			}
		}
		all = longer
	}
	return all
}

// mayBeInNumber reports whether a text without letters may be a part of a number. In
// columns that it stores as numbers, the engine finds only texts that it takes for
// numbers of about that size themselves: not the 00 in 500 and not the 5 in -5.
func mayBeInNumber(text string) bool { return strings.Trim(text, "0123456789.+-_") == "" }

// isStoredAsNumber returns the condition that rows are in a block in which the engine
// stores a column as numbers.
func isStoredAsNumber(column string) string {
	types := []string{"uint8", "uint16", "uint32", "uint64", "int64", "float64"}
	conditions := make([]string, len(types))
	for i, name := range types {
		conditions[i] = isOfType(column, name)
	}
	return or(conditions...)
}

// isOfType returns the condition that rows are in a block in which the engine stores a
// column in the way of that name.
func isOfType(column, name string) string { return quote(column) + ":value_type(" + name + ")" }
