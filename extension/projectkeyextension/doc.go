//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package projectkeyextension is the authenticator of Docket's receivers and
// APIs: it tells whom the key of a request belongs to. What a key may do is
// decided where the request is served, by asking the tenant.Identity that
// Authenticate puts into the context.
//
// Organizations, projects and keys are kept in the documents of a log_store
// extension; package internal/tenant/directory does that.
package projectkeyextension
