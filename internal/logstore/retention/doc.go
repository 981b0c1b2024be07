// Package retention deletes old records: those past the age that a policy gives
// their project, and the oldest days of all when the store takes more of the disk
// than it may.
//
// Records are deleted by days (UTC) of their timestamps, a day when its last
// moment is past the age. So a record goes up to a day after it reaches its age,
// never before, and the files of a day have to be written anew at most once for
// each age. A day whose projects are all past their ages goes as a whole, which
// costs next to nothing.
//
// A deletion that fails or is cut off by a crash is made up for by the next run.
// The journal is not touched: a record that it still has when it is replayed may
// come back, until the next run.
package retention
