// Package alertform reads what people say of an alert and of where it tells: the bodies of
// requests to the API, and the configuration. Both are the same fields with the same
// defaults, bounds and errors, so that what one takes the other does.
package alertform
