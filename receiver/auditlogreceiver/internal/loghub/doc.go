// Package loghub reads and answers LogHub's event API, POST /v1/event.
//
//	{"actor":{"type":"user","data":{"name":"…","email":"…","internal_id":"1"}},
//	 "action":"settings.updated","metadata":{"old":{…},"new":{…}},
//	 "tags":["…"],"external_id":"1","context":{"location":"…","user_agent":"…"}}
//
// The action becomes the record's event name, and its body too unless the event
// has a message of its own.
package loghub
