// Package codemash reads and answers CodeMash's log API, POST /{version}/logs.
//
//	{"message":"…","level":"Information","items":{"key":"value"}}
//
// Its .NET client writes Message, Level and Items: the keys are matched without
// regard to case. Errors have ServiceStack's shape, as CodeMash's own have.
package codemash
