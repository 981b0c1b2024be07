package journal

import (
	"github.com/hashicorp/raft-wal/metadb"

	"github.com/docketlog/docket/internal/folderformat"
)

// format is that of what this package writes: the directory's files and the layout
// of an entry. It is on disk before any other file of the journal exists, so a
// journal without it is not ours to guess at.
var format = folderformat.Format{ //nolint:gochecknoglobals // a constant
	Name: "docket-journal", Version: 1, Traces: []string{metadb.FileName},
}
