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

// compileBodyContains returns the condition that the body contains a text, without
// regard to case, and nil; or a weaker condition, and the finder that decides on
// the rows that meet it.
//
// The engine would do this only by a regular expression, which is many times
// slower than a finder. But where it looks for a word, it skips blocks that do not
// have it without reading them. So the condition names a word of the text in all
// its spellings.
func compileBodyContains(part filter.BodyContains) (condition string, finder *filter.Finder) {
	if part == "" {
		return conditionAll, nil
	}
	text := []rune(validUTF8(string(part)))
	if countSpellings(text) == 1 {
		return quote(columnBody) + ":*" + quote(string(text)) + "*", nil
	}
	finder = filter.NewFinder(part)
	if word := longestWord(text); word != nil {
		return hasWord(spellings(word)), finder
	}
	return conditionAll, finder
}

// hasWord returns the condition that one of the words is a whole word of the body.
func hasWord(words []string) string {
	conditions := make([]string, len(words))
	for i, word := range words {
		conditions[i] = quote(columnBody) + ":" + quote(word)
	}
	return "(" + strings.Join(conditions, " or ") + ")"
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
