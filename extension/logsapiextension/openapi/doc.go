// Package openapi is the description of Docket's API that clients and tools read:
// openapi.yaml, in OpenAPI 3.1.
//
// It is the one place that says what a request may be, and the handlers are held to it
// by tests, not by a validator in front of them:
//
//   - TestEveryRouteIsInTheOpenAPIFile compares its paths and methods with the routes
//     that are served.
//   - TestSchemathesis, in the testbed, sends each route of a running Docket what the
//     file allows and what it does not, and compares what comes back: what breaks the
//     file must be refused, what keeps it must not be, and each answer must be one that
//     the file has.
//
// A validator at run time would check every request twice, and would have to be undone
// where it matters: clients of three APIs read three shapes of errors, with codes and
// names of fields of their own (a missing field is "required", a blank one "blank"), that
// no validator writes; and rules such as "date_from is not after date_to", "the
// expression is one of RE2" or "32768 characters together" are none of JSON Schema, so
// that the handlers would have to check all the same.
package openapi
