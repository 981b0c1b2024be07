package collector

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of processor times in /proc, the same on every Linux
// (USER_HZ is 100 in its interface to programs, whatever the kernel uses).
const clockTick = 10 * time.Millisecond

// Usage is what a process uses of the machine.
type Usage struct {
	// ResidentBytes is the physical memory it holds now (RSS).
	ResidentBytes int64
	// MappedBytes are those of them that are files' pages, mapped into its memory. The kernel
	// takes them back without asking when somebody else needs the room.
	MappedBytes int64
	// CPU is the processor time it has used since its start.
	CPU time.Duration
}

// ReadUsage returns what a process uses. It reads /proc, so it works on Linux only.
func ReadUsage(pid int) (Usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, fmt.Errorf("read the usage of process %d: %w", pid, err)
	}
	usage, err := parseStat(string(stat), int64(os.Getpagesize()))
	if err != nil {
		return Usage{}, fmt.Errorf("read the usage of process %d: %w", pid, err)
	}
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err == nil {
		usage.MappedBytes, err = parseStatm(string(statm), int64(os.Getpagesize()))
	}
	if err != nil {
		return Usage{}, fmt.Errorf("read the usage of process %d: %w", pid, err)
	}
	return usage, nil
}

// parseStatm reads a line as proc_pid_statm(5) describes it: the third field is the resident
// pages of files.
func parseStatm(statm string, pageSize int64) (mappedBytes int64, err error) {
	fields := strings.Fields(statm)
	if len(fields) < 3 {
		return 0, fmt.Errorf("%q is not a line of /proc/PID/statm", statm)
	}
	pages, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("field 3 of /proc/PID/statm: %w", err)
	}
	return pages * pageSize, nil
}

// parseStat reads a line as proc_pid_stat(5) describes it: utime and stime are
// fields 14 and 15, rss in pages is field 24. The second field, the command in
// parentheses, may hold spaces, so counting starts after it, with field 3.
func parseStat(stat string, pageSize int64) (Usage, error) {
	const firstField, userTime, systemTime, residentPages = 3, 14, 15, 24
	end := strings.LastIndexByte(stat, ')')
	fields := strings.Fields(stat[end+1:])
	if end < 0 || len(fields) <= residentPages-firstField {
		return Usage{}, fmt.Errorf("%q is not a line of /proc/PID/stat", stat)
	}
	var numbers [3]int64
	for i, field := range []int{userTime, systemTime, residentPages} {
		number, err := strconv.ParseInt(fields[field-firstField], 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("field %d of /proc/PID/stat: %w", field, err)
		}
		numbers[i] = number
	}
	return Usage{
		ResidentBytes: numbers[2] * pageSize,
		CPU:           time.Duration(numbers[0]+numbers[1]) * clockTick,
	}, nil
}
