// Package eventrecord makes records of what happens to alerts, so that it can be searched,
// exported and kept as any other record of the project.
//
//	transition ── Add ──▶ document ── Store: known already? ── append ──▶ log store
//	                         └── stored ── HandOn ──▶ receiver alert_events ──▶ pipeline
//
// A transition becomes a document before it leaves the outbox of its alert, and the
// document stays until the record is durable. The record's id is the transition's, and it
// carries a key by which the log store tells whether it has it (logstore.RequestFinder),
// which it knows from the moment on in which the record is durable. So there is exactly
// one record of each transition, whenever the process dies and whoever goes on; a cluster
// keeps one record of an id in any case.
//
// If somebody takes the records beside the log store (the receiver alert_events), the
// document stays, with a mark that the log store has its record, until they have answered.
// They may get a record twice, with the same id.
//
// No alert counts these records: see Countable.
package eventrecord
