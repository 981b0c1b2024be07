package logstoreextension

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/docketlog/docket/internal/folderformat"
)

// What the data folder holds, beside what the store of records makes there.
const (
	recordsFolder = "records"
	documentsFile = "documents.db"
)

// dataFormat is the format of a data folder as a whole, and clusterFormat that of one
// whose records and documents are in a cluster. They differ, so that a folder with
// records is never opened as one without.
var (
	dataFormat = folderformat.Format{ //nolint:gochecknoglobals // a constant
		Name: "docket-data", Version: 3, Traces: []string{recordsFolder, documentsFile, "journal"},
	}
	clusterFormat = folderformat.Format{ //nolint:gochecknoglobals // a constant
		Name: "docket-data-of-cluster", Version: 1, Traces: []string{"journal"},
	}
)

// settle checks the format of the data folder, or gives it one.
func (c *Config) settle() error {
	format, other, records := dataFormat, clusterFormat, "in a cluster"
	if c.isCluster() && c.readOnly() == nil {
		format, other, records = clusterFormat, dataFormat, "in it"
	}
	content, err := os.ReadFile(filepath.Join(c.Directory, folderformat.FileName))
	if err == nil && other.Check(c.Directory, content) == nil {
		return fmt.Errorf("the folder %s is of a Docket that keeps its records %s: configure another directory; "+
			"docs/elasticsearch.md says how records are moved", c.Directory, records)
	}
	return format.Settle(c.Directory)
}

func (c *Config) recordsDirectory() string { return filepath.Join(c.Directory, recordsFolder) }
func (c *Config) documentsFile() string    { return filepath.Join(c.Directory, documentsFile) }
