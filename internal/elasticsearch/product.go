package elasticsearch

import "fmt"

// Name is the name of a product.
type Name string

// The products.
const (
	Elasticsearch Name = "elasticsearch"
	OpenSearch    Name = "opensearch"
)

// supported says in words what Product.Supported checks.
const supported = "Elasticsearch 8.19 and later 8.x, Elasticsearch 9, OpenSearch 2.19 and later 2.x, and OpenSearch 3"

// Product is what a cluster runs.
type Product struct {
	Name Name
	// Major and Minor are those of the version.
	Major, Minor int
}

func (p Product) String() string {
	name := "Elasticsearch"
	if p.Name == OpenSearch {
		name = "OpenSearch"
	}
	return fmt.Sprintf("%s %d.%d", name, p.Major, p.Minor)
}

// Supported returns nil if Docket works with the product, or an *UnsupportedError.
func (p Product) Supported() error {
	last, first := 8, 9
	if p.Name == OpenSearch {
		last, first = 2, 3
	}
	if p.Major == first || p.Major == last && p.Minor >= 19 {
		return nil
	}
	return &UnsupportedError{Found: p.String()}
}

// UnsupportedError says that Docket does not work with what answers at the URLs of a
// cluster. It stays so until somebody changes that.
type UnsupportedError struct {
	// Found says what answers.
	Found string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("the cluster runs %s, which Docket does not work with: it needs one of %s", e.Found, supported)
}
