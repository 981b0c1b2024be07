package logsapiextension

import (
	"net/http"
	"net/url"
	"strconv"
)

// defaultPageSize is how many items a list under /api/ has if the client asks for
// no other number.
const defaultPageSize = 100

// listPage is a page of a list under /api/.
type listPage[T any] struct {
	Count    int     `json:"count"`
	Next     *string `json:"next"`
	Previous *string `json:"previous"`
	Results  []T     `json:"results"`
}

// pageOf returns the page of the items that the request asks for by limit and
// offset. As in PostHog's API, what is no usable number counts as not given.
func pageOf[T any](links links, r *http.Request, items []T) listPage[T] {
	parameters := r.URL.Query()
	limit := integerParameter(parameters, "limit", 1, defaultPageSize)
	offset := integerParameter(parameters, "offset", 0, 0)

	start := min(offset, len(items))
	end := start + min(limit, len(items)-start)
	page := listPage[T]{Count: len(items), Results: append([]T{}, items[start:end]...)}
	if end < len(items) {
		page.Next = links.toPage(r, limit, end)
	}
	if offset > 0 {
		page.Previous = links.toPage(r, limit, offset-limit)
	}
	return page
}

// integerParameter returns a parameter that is at least smallest, else fallback.
func integerParameter(parameters url.Values, name string, smallest, fallback int) int {
	value, err := strconv.Atoi(parameters.Get(name))
	if err != nil || value < smallest {
		return fallback
	}
	return value
}
