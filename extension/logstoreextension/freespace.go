package logstoreextension

import (
	"context"
	"math"

	"github.com/shirou/gopsutil/v4/disk"
)

// freeBytes returns how much this process may still write to the file system that
// holds the directory; on Unix, what statfs calls available.
func freeBytes(ctx context.Context, directory string) (int64, error) {
	usage, err := disk.UsageWithContext(ctx, directory)
	if err != nil {
		return 0, err
	}
	return int64(min(usage.Free, math.MaxInt64)), nil //nolint:gosec // see min
}
