package embedded

import (
	"regexp"
	"strings"
	"unicode"
)

// maxSpellings is the number of spellings that are looked for. Each costs a look
// at the text; fewer are less selective.
const maxSpellings = 4

// compileBodyContains returns the condition that the body contains a text, without
// regard to case. The engine does this only by a regular expression, which is
// slow. So the condition names first a stretch of the text that has few spellings
// ("r 77 r" has 4), for the engine is fast at finding exact texts, and only
// what has one of these goes on to the regular expression.
func compileBodyContains(part string) string {
	if part == "" {
		return conditionAll
	}
	text := []rune(validUTF8(part))
	stretch := fewSpellings(text)
	conditions := make([]string, 0, maxSpellings)
	for _, spelling := range spellings(stretch) {
		conditions = append(conditions, quote(columnBody)+":*"+quote(spelling)+"*")
	}
	hasSpelling := "(" + strings.Join(conditions, " or ") + ")"
	if len(stretch) == len(text) {
		return hasSpelling
	}
	return and(hasSpelling, quote(columnBody)+":~"+quote("(?i)"+regexp.QuoteMeta(string(text))))
}

// fewSpellings returns the longest stretch of a text that has at most maxSpellings.
func fewSpellings(text []rune) []rune {
	longest := text[:1]
	for start := range text {
		count := 1
		for end := start; end < len(text); end++ {
			if count *= len(variants(text[end])); count > maxSpellings {
				break
			}
			if end+1-start > len(longest) {
				longest = text[start : end+1]
			}
		}
	}
	return longest
}

// spellings returns all texts that differ from the given one only in case.
func spellings(text []rune) []string {
	all := []string{""}
	for _, r := range text {
		var longer []string
		for _, start := range all {
			for _, variant := range variants(r) {
				longer = append(longer, start+string(variant))
			}
		}
		all = longer
	}
	return all
}

// variants returns a letter and all that differ from it only in case.
func variants(r rune) []rune {
	all := []rune{r}
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		all = append(all, next)
	}
	return all
}
