// Package intake holds what the receiver's handler and the wire formats tell each
// other: where a record belongs, what became of it, and why a request is refused.
// Formats turn these into the words of their own API.
package intake
