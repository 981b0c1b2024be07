package logstoreextension

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/docketlog/docket/internal/logstore/retention"
)

func TestConfig(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)

	config, err := load(file, "log_store")
	require.NoError(t, err)
	assert.Equal(t, "./data", config.Directory)
	assert.EqualValues(t, 1024, config.FreeSpaceReserveMiB)
	assert.Equal(t, JournalConfig{SegmentSizeMiB: 64, MaxSizeMiB: 4096}, config.Journal)
	assert.Equal(t, EmbeddedConfig{MemoryLimitMiB: 256, Queries: defaultQueries()}, config.embedded())

	assert.Equal(t, filepath.Join("data", "records"), config.recordsDirectory())
	assert.Equal(t, filepath.Join("data", "documents.db"), config.documentsFile())

	config, err = load(file, "log_store/all")
	require.NoError(t, err)
	assert.Equal(t, &Config{
		Directory:           "/var/lib/docket",
		FreeSpaceReserveMiB: 64,
		Journal:             JournalConfig{Directory: "/mnt/fast/journal", SegmentSizeMiB: 16, MaxSizeMiB: 512},
		Retention: RetentionConfig{
			Age: 720 * time.Hour, MaxSizeMiB: 1000,
			Projects: []ProjectRetentionConfig{{ID: 3}, {ID: 7, Age: 48 * time.Hour}},
		},
		Elasticsearch: defaultElasticsearch(),
		Embedded: configoptional.Some(EmbeddedConfig{
			MemoryLimitMiB: 128,
			Queries:        QueriesConfig{MaxConcurrent: 16, MaxRecords: 0, MaxMemoryMiB: 64, CPUShareBesideIngest: 0.5},
		}),
	}, config)
	assert.Equal(t, "/mnt/fast/journal", config.Journal.Directory)

	config, err = load(file, "log_store/embedded_only")
	require.NoError(t, err)
	assert.Equal(t, EmbeddedConfig{MemoryLimitMiB: 256, Queries: defaultQueries()}, config.embedded())

	config, err = load(file, "log_store/no_reserve")
	require.NoError(t, err)
	assert.Zero(t, config.FreeSpaceReserveMiB)
}

func TestConfigErrorsSayWhatToWrite(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	for id, want := range map[string]string{
		"log_store/no_directory":      `directory: name the data folder, for example "./data"`,
		"log_store/segment_too_small": "journal: segment_size_mib: write a number from 1 to 1024, not 0",
		"log_store/segment_too_large": "journal: segment_size_mib: write a number from 1 to 1024, not 2000",
		"log_store/journal_too_small": "journal: max_size_mib: write at least twice the segment size, 128, not 127",
		"log_store/memory_too_small":  "embedded: memory_limit_mib: write at least 32, not 31",
		"log_store/reserve_too_small": "free_space_reserve_mib: write at least four times the journal's segment size, 256, or 0 for no reserve, not 255",
		"log_store/reserve_negative":  "free_space_reserve_mib: write at least four times the journal's segment size, 256, or 0 for no reserve, not -1",
		"log_store/age_too_small":     `retention: age: write at least 24h0m0s, for example "720h" for 30 days, or 0 to keep records for ever; not 30m0s`,
		"log_store/age_negative":      `retention::projects::0: age: write at least 24h0m0s`,
		"log_store/project_twice":     "retention: projects: project 3 is there twice: write one age for it",
		"log_store/project_missing":   "retention::projects::0: id: write the number of a project, not 0",
		"log_store/size_negative":     "retention: max_size_mib: write a positive number, or 0 for no limit, not -1",
		"log_store/unknown_key":       "invalid keys: dir",
	} {
		t.Run(id, func(t *testing.T) {
			_, err := load(file, id)
			require.ErrorContains(t, err, want)
		})
	}
}

func TestReadmeExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var configs []*Config
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1) {
		retrieved, err := confmap.NewRetrievedFromYAML(example[1])
		require.NoError(t, err)
		file, err := retrieved.AsConf()
		require.NoError(t, err)
		extensions, err := file.Sub("extensions")
		require.NoError(t, err)
		config, err := load(extensions, "log_store")
		require.NoError(t, err)
		configs = append(configs, config)
	}
	require.Len(t, configs, 5)
	assert.Equal(t, "/var/lib/docket", configs[0].Directory)
	assert.Equal(t, []string{"https://node-1:9200", "https://node-2:9200"}, configs[1].Elasticsearch.Get().Endpoints)
	assert.True(t, configs[2].Elasticsearch.Get().ReadOnly.HasValue())
	assert.EqualValues(t, 64, configs[3].FreeSpaceReserveMiB)
	assert.Equal(t, retention.Policy{
		DefaultAge: 90 * 24 * time.Hour, Ages: map[int64]time.Duration{3: 0, 7: 7 * 24 * time.Hour}, MaxBytes: 200_000 * mib,
	}, configs[4].Retention.policy())
}

// load reads one section into the default configuration and validates it.
func load(file *confmap.Conf, id string) (*Config, error) {
	section, err := file.Sub(id)
	if err != nil {
		return nil, err
	}
	config := createDefaultConfig().(*Config)
	if err := section.Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}
