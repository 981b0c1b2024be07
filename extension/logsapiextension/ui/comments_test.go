package ui

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithoutComments(t *testing.T) {
	for script, expected := range map[string]string{
		"":                                            "",
		"let a = 1;\n":                                "let a = 1;\n",
		"// one\nlet a; // two\n  // three\n":         "\nlet a; // two\n\n",
		"/** one */\nlet a;\n":                        "\nlet a;\n",
		"/**\n * one\n * // two\n */\nlet a;\n":       "\n\n\n\nlet a;\n",
		"  /** @type {A} */ (a).b();\n":               "  /** @type {A} */ (a).b();\n",
		"/*\none */ let a;\n":                         "\n let a;\n",
		"let a = /[/*]/; /* one\n":                    "let a = /[/*]/; /* one\n",
		"let a = 'x /* y';\nlet b;\n":                 "let a = 'x /* y';\nlet b;\n",
		"let a;":                                      "let a;",
		"let a = `\n  // b\n`;\n":                     "let a = `\n\n`;\n", // as the comment of withoutComments says
		"/* one */ // two\nlet url = 'http://b';\n\n": "/* one */ // two\nlet url = 'http://b';\n\n",
	} {
		assert.Equal(t, expected, string(withoutComments([]byte(script))), script)
	}
}

// Lines keep their numbers, so that what a browser reports can be found in the source. That
// the scripts still work is what the testbed sees: it drives the page as it is served.
func TestLinesKeepTheirNumbers(t *testing.T) {
	require.NoError(t, fs.WalkDir(Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".js" {
			return err
		}
		content, err := Files.ReadFile(name)
		require.NoError(t, err)
		written, served := strings.Split(string(content), "\n"), strings.Split(string(withoutComments(content)), "\n")
		require.Len(t, served, len(written), name)
		for i, line := range served {
			if line != "" {
				assert.Equal(t, written[i], line, "%s:%d", name, i+1)
			}
		}
		return nil
	}))
}
