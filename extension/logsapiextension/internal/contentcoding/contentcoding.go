// Package contentcoding reads what codings of an answer a client takes.
package contentcoding

import (
	"net/http"
	"strconv"
	"strings"
)

// AcceptsGzip reports whether a request's Accept-Encoding has gzip, or all codings, with a
// weight that is not 0 (RFC 9110, 12.5.3). Without the header it does not.
func AcceptsGzip(header http.Header) bool {
	for accepted := range strings.SplitSeq(strings.Join(header.Values("Accept-Encoding"), ","), ",") {
		name, parameters, _ := strings.Cut(accepted, ";")
		if name = strings.TrimSpace(name); !strings.EqualFold(name, "gzip") && name != "*" {
			continue
		}
		weight, isWeight := strings.CutPrefix(strings.TrimSpace(parameters), "q=")
		quality, err := strconv.ParseFloat(weight, 64)
		return !isWeight || err == nil && quality > 0
	}
	return false
}
