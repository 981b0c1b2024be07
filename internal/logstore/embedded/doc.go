// Package embedded keeps records in VictoriaLogs' storage engine, used as a
// library, and is the only package that knows that engine.
//
// # What a record becomes
//
// The engine stores rows of named texts. A record becomes one row of its
// project's tenant: a column for each of its fields and top-level attributes, in
// a form that people can filter, and a shape column that holds what the texts
// leave out (the order of attributes and their types), so that a record comes
// back exactly as it went in. The shape is the same for most records of a source
// and costs next to nothing. Leaves of nested maps get columns of their own
// (attributes.context.user.name), only to be filtered by, and one more column has the
// paths of all that is in maps, which also tells what is empty there.
//
// # What the engine would lose
//
// The engine drops rows that break its limits and says so only in its log, so
// nothing that breaks one may reach it. A tenant's rows of one day have at most
// maxColumns different columns: the engine drops rows of a block that together
// have more than 2,000. A record that cannot be told exactly by columns carries
// its OTLP protobuf form in one more column, beside the columns that do fit. A
// record that is too large for a row keeps that form in part rows, which live in
// a second tenant of the project where no search looks; filters are evaluated on
// it in memory. Timestamps that the engine would refuse are clamped, with the
// exact one in a column. Where texts look like numbers, addresses or times, the engine
// keeps these instead, and may spell them in another way when they are read; a mark behind
// such a text prevents it (see mark). Ids and hashes are packed (see pack). What remains is refused for good (logstore.RefusedError),
// alone: a record without a project or with an impossible one, an id that is
// missing, very long or not UTF-8, and values of more than maxDepth levels.
//
// # What a question becomes
//
// A filter becomes a condition in the engine's language that all matching rows meet, as
// narrow as can be said in it. What it cannot say (case, numbers, regular expressions,
// what an attribute without a column is) is looked at in the columns of the rows that
// meet it. The records of rows that do not tell all that is asked for are decoded, and
// the filter is evaluated on these. See plan for this, bounds and residual for how an
// expression is divided up, and page for how the newest records are found without
// reading all.
//
// Rows can be found about a second after they are applied, those of a record all at once.
// A record that becomes findable while a question is answered counts once or not at all,
// and always as what it is.
//
// The same rows are counted for a logstore.Analyst, by the engine if nothing but a few
// columns is needed, else here, up to a number of different texts.
//
// # Whose turn it is
//
// A question is a query, which has a place among the others, and limits (Limits). What it
// asks of the engine is cut into slices of the time (see sliced), and each slice waits for
// its turn (see gate). So long queries share with each other, leave short ones alone, and
// take no more than their share from what brings records. The applier and deletions take
// no turns.
//
// # Copies
//
// The engine's files never change: it writes new ones, switches to them by a rename
// and deletes the old ones. So Snapshot shares them with its copy by hard links, and
// keeps Apply waiting only for the days that got records while it ran.
//
// # Deletion
//
// A record belongs to the day (UTC) of its timestamp, for which the engine has a
// folder. DeleteDay renames that folder out of the storage, then deletes it.
// DeleteProjects lets the engine merge the day's files into new ones that lack some
// tenants. A crash leaves a day, or the engine's files of it, as before or as after;
// Open removes what is in the way and finishes nothing, as the policy may have been
// changed. Deleted records come back only when a journal that still has them is
// replayed. Searches that run meanwhile find some of what is deleted, or none.
//
// # What a record takes on disk
//
// Of a record of OTLP logs with a message of 200 bytes and eight attributes, as make bench
// loads a million of, VictoriaLogs itself keeps 78 bytes, without a hash, an id and the time at
// which it was observed. The same columns take 79 bytes here, and beside them
//
//	hash             33.6  and a Bloom filter of 2.0; its 32 random bytes cannot take less
//	id               11.9  and 2.0; of its 16 bytes 8 are random, and the rest tells the order
//	                       in which the records of a request came
//	observed time     0    while it is as far from the timestamp as that of others is; else up
//	                       to 8 and 2.0, as a number of nanoseconds
//	level, shape      0.5  what filters ask for, and how to put the record together
//
// so 129 bytes. A Bloom filter has two bytes for each different word of a block, so that an id
// or a hash is found without reading all. Less than 78 and 32 for the hash, 9 for the id and 4
// for the filters of both is impossible with this engine, and without them neither could an
// auditor check a record nor would a repeated one be recognised.
//
// # What it costs
//
// The engine keeps a partition for each day (UTC) that has records: four goroutines,
// some 10 kB of memory, 0.3 ms when it is opened, 5 ms in the Sync after its first
// record. Searches skip the partitions outside their time range; one of all time
// that finds nothing costs 0.1 ms for each. Ten years of days are no problem, but
// records with random timestamps over centuries would be.
//
// The engine ends the process when the disk fails it. It is meant to be a crash-only
// part behind a journal.
package embedded
