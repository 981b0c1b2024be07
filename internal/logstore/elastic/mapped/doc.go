// Package mapped reads logs that others keep in an Elasticsearch or OpenSearch cluster,
// where they are, so that people can try Docket on logs that they already have. Nothing
// is written.
//
// A document becomes a record by a Mapping, which says which fields of its source have
// the timestamp, the body and so on. All others become log attributes, and so do its _index
// and its _id. Records have ids that are UUIDs everywhere else; so they have here (idOf).
//
// How those indices are made is not Docket's choice. So the cluster is only asked for
// what is within a time and, where a filter names exact texts of fields that are keywords
// in all indices, has them; the rest of a filter, and of a question, is decided here on
// the records that were read. That is exact, as far as the timestamp has one value in
// each document, but takes longer than Docket's own indices do, and more than MaxRead
// records are too expensive. What is added while a question is answered may count or
// not.
package mapped
