// Package filtertest makes random records and random filters that fit each other, so
// that filters find some of the records but not all. It is for property tests: that
// two ways to evaluate a filter agree, record by record.
//
// Both draw on the same small vocabulary of keys and values, chosen to be awkward:
// empty texts, numbers in many spellings, letters with more than two cases, text that
// is not UTF-8, keys with dots beside maps with the same path, duplicates of keys. Keys
// in filters are always UTF-8, as those of requests are.
package filtertest
