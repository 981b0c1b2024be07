// Package mcptools offers operations of an HTTP API as tools to AI assistants, over the
// Model Context Protocol.
//
// The OpenAPI document of the API is all that it knows of it: an operation with the
// extension x-mcp-tool, the name of a tool, becomes that tool. Its arguments are the
// operation's parameters and the members of its body, its answer is the API's. A call
// of a tool is a request to the API with the headers by which the assistant has shown
// who it is; so keys, scopes, limits and errors are the same as over HTTP.
package mcptools
