// Package alertstore keeps alerts, their history and what they have still to tell, as
// documents that all replicas share.
//
// An alert is one document: what people have set, and its state. Whoever changes it
// compares and sets, so that an edit and a check at the same moment do not undo each
// other. A change that is to be recorded and announced carries its transition in the
// document itself (Alert.Outbox); Settle then makes of it an event and deliveries, under
// ids that follow from the transition's, and takes it out. So a process that dies
// anywhere in between leaves nothing out and does nothing twice: whoever comes next
// settles again.
package alertstore
