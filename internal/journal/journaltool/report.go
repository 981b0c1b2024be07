package journaltool

import (
	"fmt"
	"slices"

	"github.com/docketlog/docket/internal/journal"
)

// describe is what verify prints.
func describe(report *journal.Report) []string {
	lines := []string{"journal      " + report.Directory}
	bytes, sealed := int64(0), 0
	for _, s := range report.Segments {
		bytes += s.Bytes
		if s.Sealed {
			sealed++
		}
	}
	lines = append(lines, fmt.Sprintf("segments     %d (%d sealed), %d bytes written", len(report.Segments), sealed, bytes))
	if report.Entries > 0 {
		lines = append(lines, fmt.Sprintf("entries      %d readable, from %d to %d", report.Entries, report.FirstIndex, report.LastIndex))
	} else {
		lines = append(lines, "entries      none")
	}
	lines = append(lines, "checkpoint   "+describeCheckpoints(report))
	if tail := report.TornTail; tail != nil {
		lines = append(lines, fmt.Sprintf("torn tail    %s, offset %d, %d bytes: left by a crash and never acknowledged; the next start removes it",
			tail.File, tail.Offset, tail.Bytes))
	}
	if report.Healthy() {
		return append(lines, "", "The journal is healthy.")
	}
	lines = append(lines, "", "The journal is DAMAGED:")
	lost := uint64(0)
	for _, d := range report.Damages {
		lines = append(lines, "  "+d.String())
		lost += d.Lost()
	}
	lines = append(lines, "")
	switch {
	case lost == 0:
		lines = append(lines, "Nothing is lost: repair recovers everything that is not applied yet.")
	case report.MetaError != "":
		lines = append(lines, fmt.Sprintf("At most %s lost: which were applied before is not known.", entries(lost)))
	default:
		lines = append(lines, entries(lost)+" lost unless the damaged file is restored from elsewhere. Repair recovers the others.")
	}
	return append(lines, "Nothing was changed. To repair: docket-journal repair "+report.Directory)
}

func describeCheckpoints(report *journal.Report) string {
	if report.MetaError != "" {
		return "unknown (" + report.MetaError + ")"
	}
	if len(report.Checkpoints) == 0 {
		return "none: nothing is applied yet"
	}
	text, names := "", make([]string, 0, len(report.Checkpoints))
	for name := range report.Checkpoints {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		index := report.Checkpoints[name]
		behind := uint64(0)
		if report.LastIndex > index {
			behind = report.LastIndex - index
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s has applied through %d, %d to go", name, index, behind)
	}
	return text
}

// describeRepair is what repair prints.
func describeRepair(directory string, repaired *journal.Repaired) []string {
	if !repaired.Changed {
		return []string{"The journal in " + directory + " is healthy. Nothing was changed."}
	}
	if repaired.Report == nil {
		return []string{"An interrupted repair of " + directory + " is finished. Docket can be started."}
	}
	var lines []string
	for _, d := range repaired.Report.Damages {
		lines = append(lines, "damage       "+d.String())
	}
	return append(lines,
		fmt.Sprintf("recovered    %d (entries that were not applied yet; %d bytes)", repaired.Entries, repaired.Bytes),
		fmt.Sprintf("lost         %d", repaired.Lost),
		"kept         the damaged journal, in "+repaired.Kept,
		"",
		"The journal in "+directory+" is repaired. Docket can be started.")
}

func entries(count uint64) string {
	if count == 1 {
		return "1 entry is"
	}
	return fmt.Sprintf("%d entries are", count)
}
