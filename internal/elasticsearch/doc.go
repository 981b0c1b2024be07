// Package elasticsearch is Docket's connection to an Elasticsearch or OpenSearch
// cluster. Both speak the same protocol in what Docket uses of them; where they do
// not, callers ask Product.
//
// Requests go to one node after the other, past those that do not answer. A read that
// got no answer is sent to another node; nothing else is repeated here, for whoever asks
// knows whether asking again is safe, and when.
//
// An error is a *StatusError when the cluster answered, an *UnreachableError when it did
// not, or not to the end, and the context's own when that ended. What it means for the
// caller is told by the status alone: the two products name errors differently.
package elasticsearch
