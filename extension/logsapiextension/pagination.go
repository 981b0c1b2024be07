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
func pageOf[T any](r *http.Request, items []T) listPage[T] {
	parameters := r.URL.Query()
	limit := integerParameter(parameters, "limit", 1, defaultPageSize)
	offset := integerParameter(parameters, "offset", 0, 0)

	start := min(offset, len(items))
	end := start + min(limit, len(items)-start)
	page := listPage[T]{Count: len(items), Results: append([]T{}, items[start:end]...)}
	if end < len(items) {
		page.Next = pageLink(r, limit, end)
	}
	if offset > 0 {
		page.Previous = pageLink(r, limit, offset-limit)
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

// pageLink returns the address of another page of the request's list, with the
// request's other parameters, all sorted by name. The first page has no offset.
func pageLink(r *http.Request, limit, offset int) *string {
	parameters := r.URL.Query()
	parameters.Set("limit", strconv.Itoa(limit))
	if offset > 0 {
		parameters.Set("offset", strconv.Itoa(offset))
	} else {
		parameters.Del("offset")
	}
	return linkTo(r, parameters)
}

// linkTo returns the address of the request with other parameters.
func linkTo(r *http.Request, parameters url.Values) *string {
	link := url.URL{Scheme: schemeOf(r), Host: r.Host, Path: r.URL.Path, RawQuery: parameters.Encode()}
	text := link.String()
	return &text
}

// schemeOf returns how the client reached the server, perhaps through a proxy
// that ended its TLS.
func schemeOf(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https"
	}
	return "http"
}
