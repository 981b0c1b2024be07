package ui

import "bytes"

// withoutComments empties the lines of a script that hold nothing but a comment, which are
// a third of all: they are for those who read the source, and a browser is spared them.
// Lines keep their numbers, and lines with code all their characters.
//
// It knows no strings. In one of several lines, in backticks, no line may begin as a
// comment does; there only style sheets and lists of words are written so.
func withoutComments(script []byte) []byte {
	kept := make([]byte, 0, len(script))
	inside := false
	for line := range bytes.Lines(script) {
		text := bytes.TrimSpace(line)
		begins := !inside && bytes.HasPrefix(text, []byte("/*"))
		switch {
		case inside || begins:
			_, after, ends := bytes.Cut(text, []byte("*/"))
			if begins && ends && len(after) > 0 { // a type before an expression
				kept = append(kept, line...)
				continue
			}
			inside = !ends
			if len(after) > 0 {
				kept = append(kept, after...)
			}
		case !bytes.HasPrefix(text, []byte("//")):
			kept = append(kept, line...)
			continue
		}
		kept = append(kept, '\n')
	}
	return kept
}
