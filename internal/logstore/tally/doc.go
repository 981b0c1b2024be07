// Package tally adds up what an Analyst answers, for backends: it counts records one by
// one and takes counts that an engine has made, bounds how many different things there
// may be, and puts them into the order of the answer.
//
// Each kind of question has a tally of its own, Buckets, Values, Keys and Groups, which
// also says what is wrong with a question. None is safe for concurrent use: whoever
// counts in parallel gives each part a tally and merges them.
package tally
