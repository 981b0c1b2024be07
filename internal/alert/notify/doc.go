// Package notify tells people and programs what alerts do.
//
//	Transition ──Deliver──▶ pending deliveries, one for each destination (documents)
//	                            └── Sender ──▶ webhook, Slack, Teams, Discord, PagerDuty, e-mail
//
// A delivery is a document whose id follows from the alert, the transition and the
// destination; so there is one of each, whoever makes it and however often. It is tried
// until it succeeds, for hours, across restarts, and whoever tries it takes it first by
// comparing and setting. A process that dies while a request is under way cannot know
// whether it arrived: then the request is made again, with the same id, by which
// receivers can tell.
package notify
