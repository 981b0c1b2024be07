package folderformat_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/folderformat"
)

var format = folderformat.Format{Name: "docket-test", Version: 3, Traces: []string{"records", "index.db"}}

func TestSettle(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  string // the error, without the directory in front
	}{
		"new":              {},
		"something else":   {files: map[string]string{"lost+found": "", "LOCK": ""}},
		"same version":     {files: map[string]string{"FORMAT": "docket-test 3\n", "records": "x"}},
		"torn first start": {files: map[string]string{"FORMAT.new": "docket-t"}},
		"newer": {
			files: map[string]string{"FORMAT": "docket-test 4\n"},
			want: " has format version 4 of docket-test, this program supports version 3: " +
				"start the version of Docket that wrote it, or move the folder away",
		},
		"another kind": {
			files: map[string]string{"FORMAT": "docket-journal 3\n"},
			want: ` has format version "docket-journal 3\n" of docket-test, this program supports version 3: ` +
				"start the version of Docket that wrote it, or move the folder away",
		},
		"empty file": {
			files: map[string]string{"FORMAT": ""},
			want: ` has format version "" of docket-test, this program supports version 3: ` +
				"start the version of Docket that wrote it, or move the folder away",
		},
		"incomplete copy": {
			files: map[string]string{"records": "x"},
			want: " holds records, but no file FORMAT: a copy or a restored backup is not complete; " +
				"copy it again, or move the folder away",
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			for file, content := range test.files {
				require.NoError(t, os.WriteFile(filepath.Join(directory, file), []byte(content), 0o600))
			}
			err := format.Settle(directory)
			if test.want != "" {
				require.EqualError(t, err, directory+test.want)
				return
			}
			require.NoError(t, err)
			content, err := os.ReadFile(filepath.Join(directory, folderformat.FileName))
			require.NoError(t, err)
			assert.Equal(t, "docket-test 3\n", string(content))
			require.NoError(t, format.Settle(directory), "settling again changes nothing")
		})
	}
}

func TestCheckTellsAnotherVersionFromAnotherKind(t *testing.T) {
	for content, want := range map[string]folderformat.Error{
		"docket-test 4\n":                  {Found: "4", IsVersion: true},
		"docket-test -1":                   {Found: "-1", IsVersion: true},
		"docket-test four":                 {Found: `"docket-test four"`},
		"docket-tests 3\n":                 {Found: `"docket-tests 3\n"`},
		"":                                 {Found: `""`},
		strings.Repeat("\x00", 1000) + "3": {Found: `"` + strings.Repeat(`\x00`, 40) + `"`},
	} {
		want.Directory, want.Name, want.Supported = "/data", "docket-test", 3
		assert.Equal(t, &want, format.Check("/data", []byte(content)))
	}
	assert.NoError(t, format.Check("/data", []byte(format.Content())))
}

func TestSettleNeedsTheDirectory(t *testing.T) {
	err := format.Settle(filepath.Join(t.TempDir(), "missing"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
