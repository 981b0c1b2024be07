// Package patterns finds out which messages logs are made of: it replaces what varies
// in a text (numbers, ids, addresses, times, what stands in quotes) by placeholders, so
// that texts which one line of a program wrote become one pattern.
//
//	user 42 logged in from 10.0.0.7 in 3.5ms     user <num> logged in from <ip> in <num>ms
//	{"id": "6b1f", "took": 12}                   {"id": "<str>", "took": <num>}
//
// A text's pattern depends on nothing but the text. So patterns of different times and
// services can be compared as they are, and the same question has the same answer; the
// price is that words which vary, such as names outside of quotes, make patterns of
// their own.
package patterns
