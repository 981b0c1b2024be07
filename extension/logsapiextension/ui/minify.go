package ui

import (
	"bytes"

	tdewolff "github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"
)

// minified returns a script without its comments, its white space and the long names of its
// variables, which are half of it: they are for those who read the source, and a browser is
// spared them. Names of classes and of what others may call stay, so that a stack trace
// still tells where something went wrong.
//
// What is no script stays as it is, and a browser says what is wrong with it.
func minified(script []byte) []byte {
	var shorter bytes.Buffer
	if err := (&js.Minifier{}).Minify(tdewolff.New(), &shorter, bytes.NewReader(script), nil); err != nil {
		return script
	}
	return shorter.Bytes()
}
