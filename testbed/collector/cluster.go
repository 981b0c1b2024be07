package collector

import (
	"path/filepath"
	"testing"
)

// InCluster returns options for a Docket that keeps its records and documents in the
// cluster at the URL, in indices whose names begin with the prefix. The arguments, if
// any, are added.
func InCluster(tb testing.TB, url, indexPrefix string, arguments ...string) Options {
	tb.Helper()
	config := filepath.Join(ModuleRoot(tb), "distribution", "elasticsearch.yaml")
	return Options{
		Arguments: append([]string{
			"--config", config, "--set=extensions::log_store::elasticsearch::index_prefix=" + indexPrefix,
		}, arguments...),
		Cluster: url,
	}
}
