// Package ledger keeps account of records that are sent to a Docket while it is
// killed again and again, and compares the account with what is stored.
//
//	book := ledger.New(seed)
//	load := book.Post(ctx, client, 16) // until load.Stop()
//	… kill and restart …
//	err := book.Settle(ctx, client, time.Minute)
//	report, err := book.Audit(ctx, client)
//
// Every record has a number, from 0, which stands in its message. What a Docket
// answered for a number says what it owes:
//
//	answer                    the record must be stored
//	200                       once, with the id and the hash of the answer
//	429 or 503                never: it said that nothing was stored
//	none (killed meanwhile)   once or never
//	any other                 the audit names it: nothing justifies one
//
// The package knows Docket's public contracts only.
package ledger
