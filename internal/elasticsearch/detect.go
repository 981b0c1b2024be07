package elasticsearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// headerElastic is in all answers of Elasticsearch, with the value "Elasticsearch".
	headerElastic = "X-Elastic-Product"
	// headerOpenSearch is in all answers of OpenSearch from 3.0, with its version.
	headerOpenSearch = "X-Opensearch-Version"
)

// Detect asks the cluster what it runs. It does not ask whether that is supported; but an
// answer of something else altogether is an *UnsupportedError.
//
// It asks for the version of the node that answers, which needs the privilege to monitor
// the cluster; if it is not allowed to, or the answer does not name the product, for the
// banner of the node.
func (c *Client) Detect(ctx context.Context) (Product, error) {
	product, err := c.detectByNode(ctx)
	if status := StatusOf(err); err != nil && (status == 0 || status == http.StatusUnauthorized || mayPass(status)) {
		return Product{}, fmt.Errorf("find out what the cluster runs: %w", err)
	}
	if err == nil && product.Name != "" && product.Major != 0 {
		return product, nil
	}
	product, bannerErr := c.detectByBanner(ctx)
	if bannerErr == nil {
		return product, nil
	}
	if err != nil {
		return Product{}, fmt.Errorf("find out what the cluster runs: %w; %w", err, bannerErr)
	}
	return Product{}, fmt.Errorf("find out what the cluster runs: %w", bannerErr)
}

// mayPass says of a status that the same request may have another one later.
func mayPass(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// detectByNode may return a product without a name or without a version.
func (c *Client) detectByNode(ctx context.Context) (Product, error) {
	body, header, err := c.do(ctx, http.MethodGet, "/_nodes/_local", url.Values{"filter_path": {"nodes.*.version"}}, nil)
	if err != nil {
		return Product{}, err
	}
	var answer struct {
		Nodes map[string]struct{ Version string }
	}
	if json.Unmarshal(body, &answer) != nil {
		return Product{}, nil //nolint:nilerr // something else answers, and the banner will tell
	}
	for _, node := range answer.Nodes {
		return newProduct(nameIn(header), node.Version), nil
	}
	return Product{}, nil
}

func (c *Client) detectByBanner(ctx context.Context) (Product, error) {
	body, header, err := c.do(ctx, http.MethodGet, "/", nil, nil)
	if err != nil {
		return Product{}, err
	}
	var banner struct {
		Version struct {
			Number, Distribution string
			Flavor               string `json:"build_flavor"`
		}
	}
	if json.Unmarshal(body, &banner) != nil {
		return Product{}, &UnsupportedError{Found: "neither Elasticsearch nor OpenSearch"}
	}
	name := nameIn(header)
	if banner.Version.Distribution == string(OpenSearch) {
		name = OpenSearch
	}
	product := newProduct(name, banner.Version.Number)
	switch {
	case product.Name == "" || product.Major == 0:
		return Product{}, &UnsupportedError{Found: "neither Elasticsearch nor OpenSearch"}
	case banner.Version.Flavor == "serverless":
		return Product{}, &UnsupportedError{Found: "Elasticsearch Serverless"}
	}
	return product, nil
}

// nameIn returns the name of the product whose answer has the header, or "".
func nameIn(header http.Header) Name {
	switch {
	case header.Get(headerOpenSearch) != "":
		return OpenSearch
	case header.Get(headerElastic) == "Elasticsearch":
		return Elasticsearch
	default:
		return ""
	}
}

// newProduct reads a version such as 9.1.0 or 9.2.0-SNAPSHOT. What is no number is 0.
func newProduct(name Name, version string) Product {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	product := Product{Name: name}
	product.Major, _ = strconv.Atoi(major)
	product.Minor, _ = strconv.Atoi(minor)
	return product
}
