package logstoreextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension"

	"github.com/docketlog/docket/extension/logstoreextension/internal/metadata"
	"github.com/docketlog/docket/internal/journal"
)

// NewFactory returns the factory of the log_store extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config {
	return &Config{
		Directory:           "./data",
		FreeSpaceReserveMiB: defaultFreeSpaceReserveMiB,
		Journal: JournalConfig{
			SegmentSizeMiB: journal.DefaultSegmentBytes / mib,
			MaxSizeMiB:     journal.DefaultMaxBytes / mib,
		},
		Embedded:      configoptional.Default(defaultEmbeddedConfig()),
		Elasticsearch: defaultElasticsearch(),
	}
}

func create(_ context.Context, settings extension.Settings, config component.Config) (extension.Extension, error) {
	return newStore(config.(*Config), settings), nil
}
