//go:build unix

package elasticsearchtest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

// TestProcess ends a server in each way, and finds its data after that.
func TestProcess(t *testing.T) {
	for _, product := range []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch} {
		t.Run(string(product), func(t *testing.T) {
			t.Parallel()
			process := elasticsearchtest.Start(t, product, "", elasticsearchtest.Options{
				Settings: map[string]string{"action.auto_create_index": "false"},
			})
			require.Equal(t, product, process.Product.Name)
			path := "/" + process.Prefix + "-kept"
			put := func(path string) error {
				_, err := process.Client.Do(t.Context(), http.MethodPut, path, nil, []byte(`{}`))
				return err
			}
			require.True(t, elasticsearch.IsMissing(put(path+"/_doc/1")), "the server has the settings")
			require.NoError(t, put(path))
			require.NoError(t, put(path+"/_doc/1"))
			url := process.URL
			for name, end := range map[string]func(){"stop": process.Stop, "kill": process.Kill} {
				end()
				_, isUnreachable := errors.AsType[*elasticsearch.UnreachableError](put(path + "/_doc/2"))
				require.True(t, isUnreachable, name)
				process.Restart()
				require.Equal(t, url, process.Process.URL())
				_, err := process.Client.Do(t.Context(), http.MethodGet, path+"/_doc/1", nil, nil)
				require.NoError(t, err, name)
			}

			impatient := process.NewClient(t, elasticsearch.Config{Timeout: 300 * time.Millisecond})
			process.Pause()
			var err error
			require.Eventually(t, func() bool { // the system stops each of its threads when it comes to it
				_, err = impatient.Detect(t.Context())
				return err != nil
			}, 10*time.Second, 10*time.Millisecond)
			_, isUnreachable := errors.AsType[*elasticsearch.UnreachableError](err)
			require.True(t, isUnreachable, "%v", err)
			process.Resume()
			_, err = process.Client.Detect(t.Context())
			require.NoError(t, err)
		})
	}
}
