package tenant

import "strings"

// HeaderProject is the header by which a request names its project, by id or UUID,
// where its format has no place for it.
const HeaderProject = "Docket-Project-Id"

// BearerToken returns the token of an Authorization header (RFC 6750); "" when it
// is of another scheme. The token may hold any character, since LogSentry's hold |.
func BearerToken(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
