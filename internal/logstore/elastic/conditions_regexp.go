package elastic

import (
	"cmp"
	"regexp"
	"regexp/syntax"
	"slices"
)

// maxRequiredTexts is how many texts are looked for that a pattern requires.
const maxRequiredTexts = 3

// requiredTexts returns texts that are, in some case, in whatever a pattern finds: the
// longest of those that are easy to tell.
func requiredTexts(pattern *regexp.Regexp) []string {
	tree, err := syntax.Parse(pattern.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	texts := literalsOf(tree.Simplify())
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return texts[:min(len(texts), maxRequiredTexts)]
}

// literalsOf returns the texts that an expression requires, in their order.
func literalsOf(tree *syntax.Regexp) []string {
	switch tree.Op {
	case syntax.OpLiteral:
		return []string{string(tree.Rune)}
	case syntax.OpCapture, syntax.OpPlus:
		return literalsOf(tree.Sub[0])
	case syntax.OpConcat:
		return literalsOfConcat(tree.Sub)
	default:
		return nil
	}
}

// literalsOfConcat joins literals with nothing but conditions of the place between them.
func literalsOfConcat(parts []*syntax.Regexp) []string {
	var texts []string
	joined := ""
	end := func() {
		if joined != "" {
			texts = append(texts, joined)
		}
		joined = ""
	}
	for _, part := range parts {
		switch part.Op {
		case syntax.OpLiteral:
			joined += string(part.Rune)
		case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
			syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		default:
			end()
			texts = append(texts, literalsOf(part)...)
		}
	}
	end()
	return texts
}
