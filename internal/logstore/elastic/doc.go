// Package elastic keeps records in an Elasticsearch or OpenSearch cluster.
//
// # Layout
//
// A record is one document in the index of its own day (UTC, by its timestamp), or in one
// that days share which are far from today (setup_period.go), under an _id made of its
// project and its id, so that a retry always meets its first copy. An index gets the
// alias by which it is read when its shards answer. The document has
//
//   - the record itself, whole, in the object "record", which is not indexed: what is
//     read is read from there;
//   - typed fields for what every record has: see layout.go;
//   - lists of texts by which attributes and bodies are found, computed here and indexed
//     as keywords, which mean the same on both products.
//
// The lists stand in for the types flattened (Elasticsearch) and flat_object
// (OpenSearch), which the mapping could have instead: those cannot be searched for a part
// of a value of one key without regard to case, nor compared as numbers, differ between
// the products, and refuse what is deep. Like them, the lists never grow the mapping.
//
// # Questions
//
// A filter becomes two conditions, an upper one that all records meet that match, and a
// lower one that only such meet. As a rule they are the same, and the cluster answers
// alone. Where they differ, what meets the upper and not the lower one is read and
// decided by filter.Matcher. So every answer is exact.
package elastic
