// Package logsentry reads and answers LogSentry's audit log API:
// POST /api/auditlog as documented, and POST /api/v1/event as its Laravel client
// sends it.
//
//	{"project":1,"level":4,"msg":"…","context":…,"user":…,"request":…,"app":"…"}
//
// The document calls context, user and request a "JSON encoded array". Its client
// takes that to mean a string that holds JSON, others send the object itself; all
// of these are understood.
package logsentry
