package logsapiextension

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// links makes the addresses that answers have.
type links struct {
	// behindProxy is true when what the headers X-Forwarded-Proto and X-Forwarded-Host
	// say comes from a proxy of the operator's, and not from any client.
	behindProxy bool
}

// toPage returns the address of another page of the request's list, with the
// request's other parameters, all sorted by name. The first page has no offset.
func (l links) toPage(r *http.Request, limit, offset int) *string {
	parameters := r.URL.Query()
	parameters.Set("limit", strconv.Itoa(limit))
	if offset > 0 {
		parameters.Set("offset", strconv.Itoa(offset))
	} else {
		parameters.Del("offset")
	}
	link := l.to(r, parameters)
	return &link
}

// to returns the address of the request with other parameters, as the client
// reached it.
func (l links) to(r *http.Request, parameters url.Values) string {
	link := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: parameters.Encode()}
	if r.TLS != nil {
		link.Scheme = "https"
	}
	if l.behindProxy {
		if scheme := forwarded(r, "X-Forwarded-Proto"); scheme == "http" || scheme == "https" {
			link.Scheme = scheme
		}
		if host := forwarded(r, "X-Forwarded-Host"); host != "" {
			link.Host = host
		}
	}
	return link.String()
}

// forwarded returns what the first of several proxies has put into a header.
func forwarded(r *http.Request, header string) string {
	first, _, _ := strings.Cut(r.Header.Get(header), ",")
	return strings.TrimSpace(first)
}
