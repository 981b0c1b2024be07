package elastic

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// mappingVersion is increased whenever the mapping gets another field.
const mappingVersion = 1

// templatePriority is that of the first version of the index template. It is more than
// those of the templates that come with the products.
const templatePriority = 500

// IndexConfig says how the indices of days are made. It is used for new ones.
type IndexConfig struct {
	// Shards is the number of primary shards; 0 means 1.
	Shards int
	// Replicas is the number of copies of each shard, or a range such as 0-1 of
	// which the cluster takes as many as it has nodes for; "" means 0-1.
	Replicas string
	// Codec is how documents are compressed; "" means best_compression.
	Codec string
	// MaxAge is the age at which the cluster itself deletes an index, in whole hours,
	// counted from the end of its day (Elasticsearch) or from when it was made
	// (OpenSearch); 0 means never. It needs ILM or ISM in the cluster.
	MaxAge time.Duration
}

// validReplicas is what Replicas can be.
var validReplicas = regexp.MustCompile(`^([0-9]{1,3}|[0-9]{1,3}-([0-9]{1,3}|all))$`) //nolint:gochecknoglobals // constant

func (c IndexConfig) validate() error {
	var errs []error
	if c.Shards < 0 || c.Shards > 1024 {
		errs = append(errs, fmt.Errorf("the number of shards must be 1 to 1024, or 0 for the default; not %d", c.Shards))
	}
	if c.Replicas != "" && !validReplicas.MatchString(c.Replicas) {
		errs = append(errs, fmt.Errorf("the number of replicas must be a number, or a range such as 0-1; not %q", c.Replicas))
	}
	if c.MaxAge < 0 || c.MaxAge%time.Hour != 0 {
		errs = append(errs, fmt.Errorf("the largest age of indices must be whole hours, or 0 to keep them; not %s", c.MaxAge))
	}
	return errors.Join(errs...)
}

// object is a JSON object.
type object map[string]any

func (c Config) templateName() string { return fmt.Sprintf("%s-%d", c.alias(), mappingVersion) }

func (c Config) policyName() string { return c.alias() }

// templateRequest puts the index template.
func (c Config) templateRequest(product elasticsearch.Product) Request {
	return putRequest("/_index_template/"+c.templateName(), object{
		"index_patterns": []string{c.alias() + "-*"},
		"priority":       templatePriority + mappingVersion,
		"version":        mappingVersion,
		"_meta":          object{"description": "Docket keeps a day of records in each of these indices.", "docket_version": mappingVersion},
		"template": object{
			"settings": object{"index": c.settings(product)},
			"mappings": mappings(),
		},
	})
}

// settings returns those of a new index.
func (c Config) settings(product elasticsearch.Product) object {
	settings := object{
		"number_of_shards": max(1, c.Indices.Shards),
		"codec":            "best_compression",
		// An explicit interval also keeps indices from becoming idle, in which state they
		// would show new records only to the second search.
		"refresh_interval": "1s",
		// A bulk request is answered when its documents are on disk.
		"translog": object{"durability": durabilityRequest},
	}
	if c.Indices.Codec != "" {
		settings["codec"] = c.Indices.Codec
	}
	switch replicas := c.Indices.Replicas; {
	case replicas == "":
		settings["auto_expand_replicas"] = "0-1"
	case strings.Contains(replicas, "-"):
		settings["auto_expand_replicas"] = replicas
	default:
		settings["number_of_replicas"] = replicas
	}
	if c.Indices.MaxAge > 0 && product.Name == elasticsearch.Elasticsearch {
		settings["lifecycle"] = object{"name": c.policyName()}
	}
	return settings
}

// mappings returns those of an index. See layout.go. Whatever is not listed is ignored,
// so that they never grow.
func mappings() object {
	found := object{"type": "keyword", "doc_values": false}
	counted := object{"type": "keyword"}
	kept := object{"type": "object", "enabled": false}
	return object{
		"_meta":   object{"docket_version": mappingVersion},
		"dynamic": false,
		"properties": object{
			fieldTimestamp:      object{"type": "date"},
			fieldTime:           object{"type": "long"},
			fieldObservedTime:   object{"type": "long"},
			fieldProject:        object{"type": "long"},
			fieldID:             counted,
			fieldHash:           counted,
			fieldLevel:          counted,
			fieldSeverityNumber: counted,
			fieldService:        counted,
			fieldEventName:      counted,
			fieldTraceID:        counted,
			fieldSpanID:         counted,
			fieldTerms:          counted,
			fieldFolded:         found,
			fieldNumbers:        found,
			fieldKeys:           counted,
			fieldWords:          found,
			fieldCut:            found,
			fieldBodyBytes:      object{"type": "long", "index": false},
			fieldRecord:         kept,
			fieldProtobuf:       kept,
		},
	}
}

// policyRequest puts the policy by which the cluster deletes indices.
func (c Config) policyRequest(product elasticsearch.Product) Request {
	age := fmt.Sprintf("%dh", int64(c.Indices.MaxAge/time.Hour))
	if product.Name == elasticsearch.Elasticsearch {
		return putRequest("/_ilm/policy/"+c.policyName(), object{"policy": object{"phases": object{
			"hot":    object{"actions": object{}},
			"delete": object{"min_age": age, "actions": object{"delete": object{}}},
		}}})
	}
	return putRequest("/_plugins/_ism/policies/"+c.policyName(), object{"policy": object{
		"description":   "Deletes the records of Docket by age.",
		"default_state": "kept",
		"states": []object{
			{
				"name": "kept", "actions": []object{},
				"transitions": []object{{"state_name": "deleted", "conditions": object{"min_index_age": age}}},
			},
			{"name": "deleted", "actions": []object{{"delete": object{}}}, "transitions": []object{}},
		},
		"ism_template": []object{{"index_patterns": []string{c.alias() + "-*"}, "priority": templatePriority}},
	}})
}

// putRequest returns a request to put something that can be encoded.
func putRequest(path string, body object) Request {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // it is made of texts and numbers only
	}
	return Request{Method: http.MethodPut, Path: path, Body: encoded}
}
