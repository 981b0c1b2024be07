// Package embedtoken makes and checks the tokens with which the browser of a customer's
// user reads the audit table that an app embeds: signed, short-lived, and bound to one
// project, one external_id and one origin.
//
// A token is `phe_`, the claims as JSON in base64url, a dot, and HMAC-SHA256 of all before
// it in base64url. It is kept nowhere. The secret that signs is a document, so that each
// replica takes what another has signed, and a restart ends no table.
package embedtoken
