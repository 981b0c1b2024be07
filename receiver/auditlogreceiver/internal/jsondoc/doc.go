// Package jsondoc reads a JSON document strictly and straight into pcommon
// values, without a tree in between.
//
// It refuses what different readers of JSON understand differently, because an
// audit record must mean one thing: duplicate keys, invalid UTF-8, lone
// surrogates, NUL characters and numbers beyond float64. It also bounds the
// depth and the number of attributes. Each refusal is an *Error that names the
// field and the limit.
//
// Numbers keep the kind in which they are written: digits alone, within int64,
// become an int; anything with a fraction or an exponent, and integers beyond
// int64, become a double.
//
// The tokenizer is jsontext, the one that the Go project means to put into
// encoding/json/v2: it checks duplicate keys and UTF-8 itself. README.md of the
// receiver has the measurement that it was chosen by.
package jsondoc
