package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// Release is a version of a product.
type Release struct {
	Product elasticsearch.Name
	// Version is complete, such as 9.1.0.
	Version string
}

// ReleaseToTest returns the version of the product to be tested: that of the environment
// variable DOCKET_TEST_ELASTICSEARCH_VERSION or DOCKET_TEST_OPENSEARCH_VERSION, or the one
// that is tested when nobody asks for another.
func ReleaseToTest(product elasticsearch.Name) Release {
	version, fallback := "DOCKET_TEST_ELASTICSEARCH_VERSION", "9.1.0"
	if product == elasticsearch.OpenSearch {
		version, fallback = "DOCKET_TEST_OPENSEARCH_VERSION", "3.4.0"
	}
	if asked := os.Getenv(version); asked != "" {
		return Release{product, asked}
	}
	return Release{product, fallback}
}

// Variable is the name of the environment variable with the URL of a running server that
// tests of the product shall use.
func Variable(product elasticsearch.Name) string {
	return "DOCKET_TEST_" + strings.ToUpper(string(product)) + "_URL"
}

// Products are all products.
func Products() []elasticsearch.Name {
	return []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch}
}

func (r Release) String() string { return string(r.Product) + "-" + r.Version }

// artifact is what Maven calls the archive.
func (r Release) artifact() string {
	group := "org.elasticsearch.distribution.integ-test-zip"
	if r.Product == elasticsearch.OpenSearch {
		group = "org.opensearch.distribution.integ-test-zip"
	}
	return fmt.Sprintf("%s:%s:%s:zip", group, r.Product, r.Version)
}

// major is the first number of the version, 0 if there is none.
func (r Release) major() int {
	number, _, _ := strings.Cut(r.Version, ".")
	major, _ := strconv.Atoi(number) // 0 is an answer
	return major
}

// javaVersions are the oldest and the newest Java that run the release.
func (r Release) javaVersions() (oldest, newest int) {
	const unbounded = 1 << 30
	switch {
	case r.Product == elasticsearch.OpenSearch && r.major() < 3:
		return 11, 23 // it needs the security manager, which later ones do not have
	case r.Product == elasticsearch.Elasticsearch && r.major() < 9:
		return 17, unbounded
	default:
		return 21, unbounded
	}
}
