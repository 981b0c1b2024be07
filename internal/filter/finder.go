package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Finder finds one text in many, without regard to case: what BodyContains does,
// for backends that look at the texts of bodies themselves. It is safe for
// concurrent use.
//
// It looks for the rarest letter of its text, in both cases, which takes a few
// nanoseconds for a hundred bytes, and compares what is around it.
type Finder struct {
	// anchors are the spellings of the rarest letter.
	anchors []string
	// before and after are the folded letters before, last one first, and after it.
	before, after []rune
}

// NewFinder returns a finder of the text of a BodyContains.
func NewFinder(part BodyContains) *Finder {
	folded := []rune(fold(string(part)))
	if len(folded) == 0 {
		return &Finder{anchors: []string{""}}
	}
	rarest := 0
	for i, r := range folded {
		if commonness(r) < commonness(folded[rarest]) {
			rarest = i
		}
	}
	f := &Finder{after: folded[rarest+1:]}
	for i := rarest - 1; i >= 0; i-- {
		f.before = append(f.before, folded[i])
	}
	for _, spelling := range Spellings(folded[rarest]) {
		f.anchors = append(f.anchors, string(spelling))
	}
	return f
}

// Spellings returns a letter and all that differ from it only in case.
func Spellings(r rune) []rune {
	all := []rune{r}
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		all = append(all, next)
	}
	return all
}

// byCommonness are the folded ASCII characters that logs have often, the most
// common ones first. Those with a spelling outside ASCII cost more to look for,
// and count as common.
const byCommonness = " ETAKSOINRDLCU0123456789HMPFGYB.:-_/\"=,VW"

// commonness estimates how often a folded letter is met in the texts of logs; less
// is better to look for.
func commonness(folded rune) int {
	if folded >= utf8.RuneSelf {
		return len(byCommonness) + 1
	}
	if place := strings.IndexRune(byCommonness, folded); place >= 0 {
		return len(byCommonness) - place
	}
	return 0
}

// In reports whether the text, which must be UTF-8 as that of Text is, contains
// the finder's text.
func (f *Finder) In(text string) bool {
	for _, anchor := range f.anchors {
		for at := 0; ; {
			next := strings.Index(text[at:], anchor)
			if next < 0 {
				break
			}
			start := at + next
			at = start + len(anchor)
			if isFollowed(text[at:], f.after) && isPreceded(text[:start], f.before) {
				return true
			}
		}
	}
	return false
}

// cut returns what follows the first place of the finder's text in the text, which
// must be UTF-8; ok is false if there is none.
func (f *Finder) cut(text string) (rest string, ok bool) {
	for _, anchor := range f.anchors {
		for at := 0; ; {
			next := strings.Index(text[at:], anchor)
			if next < 0 {
				break
			}
			start := at + next
			at = start + len(anchor)
			after, isFollowed := cutLetters(text[at:], f.after)
			if isFollowed && (!ok || len(after) > len(rest)) && isPreceded(text[:start], f.before) {
				rest, ok = after, true
				break // what follows a later place of this anchor is shorter
			}
		}
	}
	return rest, ok
}

// isFollowed reports whether a text starts with folded letters.
func isFollowed(text string, letters []rune) bool {
	_, ok := cutLetters(text, letters)
	return ok
}

// cutLetters returns the text after the folded letters with which it starts; ok is
// false if it does not start with them.
func cutLetters(text string, letters []rune) (rest string, ok bool) {
	for _, letter := range letters {
		if text == "" {
			return "", false
		}
		r, size := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text)
		}
		if foldLetter(r) != letter {
			return "", false
		}
		text = text[size:]
	}
	return text, true
}

// isPreceded reports whether a text ends with folded letters, the last one first.
func isPreceded(text string, letters []rune) bool {
	for _, letter := range letters {
		if text == "" {
			return false
		}
		r, size := rune(text[len(text)-1]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeLastRuneInString(text)
		}
		if foldLetter(r) != letter {
			return false
		}
		text = text[:len(text)-size]
	}
	return true
}

// foldLetter is a faster foldRune.
func foldLetter(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	case r < utf8.RuneSelf:
		return r
	default:
		return foldRune(r)
	}
}
