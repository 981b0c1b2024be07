package elastic

import (
	"strings"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
)

// bodyBounds returns the bounds of a leaf about the body, of which only the words are
// indexed. Bodies without a word are undecided, also whether there is one.
func bodyBounds(leaf filter.Expression) bounds {
	switch e := leaf.(type) {
	case filter.Exists:
		return someBody()
	case filter.Equal:
		return equalBodyBounds(e.Values)
	case filter.Contains:
		some := exactly(matchNone())
		for _, part := range e.Parts {
			some = some.or(bodyTextBounds([]string{"", part, ""}))
		}
		return some
	case filter.Wildcard:
		return bodyTextBounds(e.Parts)
	case filter.Regexp:
		all := matchAll()
		for _, text := range requiredTexts(e.Pattern) {
			all = and(all, bodyTextBounds([]string{"", text, ""}).upper)
		}
		return atMost(all)
	default: // numbers and times have a digit
		return atMost(hasValue(fieldWords))
	}
}

// someBody returns the bounds of a body that is not empty.
func someBody() bounds { return bounds{upper: matchAll(), lower: hasValue(fieldWords)} }

func equalBodyBounds(values []string) bounds {
	some := exactly(matchNone())
	for _, value := range values {
		if value != "" && utf8.ValidString(value) {
			some = some.or(bodyTextBounds([]string{value}))
		}
	}
	return atMost(some.upper)
}

// bodyTextBounds returns the bounds of the body's text being some parts with any text
// between them, without regard to case.
func bodyTextBounds(parts []string) bounds {
	all, last := matchAll(), len(parts)-1
	for i, part := range parts {
		all = and(all, wordsCondition(part, i == 0, i == last))
	}
	switch text := strings.Join(parts, ""); {
	case text == "" && last > 0:
		return someBody()
	case text == "": // no value
		return exactly(matchNone())
	case last == 2 && parts[0] == "" && parts[2] == "" && isOneWord(text):
		return exactly(all)
	}
	return atMost(all)
}

// maxWords is how many whole words of a text are looked for; more say hardly more.
const maxWords = 12

// wordsCondition returns the condition that a body has the words of a part of it. The
// first and the last one may be parts of longer words, unless the body starts or ends
// there.
func wordsCondition(part string, isStart, isEnd bool) condition {
	words := wordsOf(part)
	folded := filter.Fold(part)
	all, whole := matchAll(), 0
	for i, word := range words {
		isOpenLeft := i == 0 && !isStart && strings.HasPrefix(folded, word)
		isOpenRight := i == len(words)-1 && !isEnd && strings.HasSuffix(folded, word)
		if !isOpenLeft && !isOpenRight {
			if whole++; whole <= maxWords {
				all = and(all, termIs(fieldWords, word))
			}
			continue
		}
		all = and(all, openWord(word, isOpenLeft, isOpenRight))
	}
	return all
}

// openWord returns the condition that a body has a word which goes on beyond a part of
// it.
func openWord(part string, isOpenLeft, isOpenRight bool) condition {
	letters := []rune(part)
	shortened := letters[:min(len(letters), maxPatternLetters)]
	switch {
	case !isOpenLeft:
		return hasPrefix(fieldWords, string(shortened))
	case !isOpenRight:
		return likePattern(fieldWords, "*"+string(letters[max(0, len(letters)-maxPatternLetters):]))
	default:
		return likePattern(fieldWords, "*"+string(shortened)+"*")
	}
}

// isOneWord reports whether a text is one word, and not too long to be looked for
// whole.
func isOneWord(text string) bool {
	words := wordsOf(text)
	return len(words) == 1 && words[0] == filter.Fold(text) && utf8.RuneCountInString(words[0]) <= maxPatternLetters
}
