package projectkeyextension

import (
	"strings"

	"github.com/docketlog/docket/internal/tenant"
)

// Names of the headers, as net/http spells them. gRPC has them in lower case,
// and confighttp's request_params as they are configured.
const (
	headerAuthorization = "Authorization"
	headerToken         = "Token"          // LogHub
	headerOrganization  = "Organization"   // LogHub
	headerProjectMash   = "X-Cm-Projectid" // CodeMash
)

// credentialsOf reads the headers of a request. A bearer token wins over LogHub's
// header, and Docket's project header over CodeMash's.
func credentialsOf(headers map[string][]string) tenant.Credentials {
	credentials := tenant.Credentials{
		Token:        tenant.BearerToken(header(headers, headerAuthorization)),
		Organization: header(headers, headerOrganization),
		Project:      header(headers, tenant.HeaderProject),
	}
	if credentials.Token == "" {
		credentials.Token = header(headers, headerToken)
	}
	if credentials.Project == "" {
		credentials.Project = header(headers, headerProjectMash)
	}
	return credentials
}

// header returns the first value of a header, in whatever case its name is. Of
// several spellings, net/http's wins, then the first in byte order.
func header(headers map[string][]string, name string) string {
	if values := headers[name]; len(values) > 0 {
		return strings.TrimSpace(values[0])
	}
	var value, found string
	for spelling, values := range headers {
		if len(values) > 0 && strings.EqualFold(spelling, name) && (found == "" || spelling < found) {
			value, found = values[0], spelling
		}
	}
	return strings.TrimSpace(value)
}
