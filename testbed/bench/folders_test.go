package bench

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

const (
	// tmpfsMagic is what statfs(2) names the type of a tmpfs, and ramfsMagic that of
	// its simpler relative.
	tmpfsMagic, ramfsMagic = 0x01021994, 0x858458f6
	// sharedMemory is a tmpfs on nearly every Linux.
	sharedMemory = "/dev/shm"
)

// diskFolder returns an empty folder on a disk. On a file system in memory there
// would be nothing to measure.
func diskFolder(b *testing.B) string {
	b.Helper()
	folder := b.TempDir()
	if isInMemory(b, folder) {
		b.Fatalf("%s is in memory, where an fsync costs nothing: set TMPDIR to a folder on a disk", folder)
	}
	return folder
}

// memoryFolder returns an empty folder on a file system in memory: in the machine's
// own, or in one that is mounted for it.
func memoryFolder(b *testing.B) string {
	b.Helper()
	if _, err := os.Stat(sharedMemory); err == nil && isInMemory(b, sharedMemory) {
		folder, err := os.MkdirTemp(sharedMemory, "docket-bench-")
		if err != nil {
			b.Fatalf("make a data folder in memory: %v", err)
		}
		b.Cleanup(func() {
			if err := os.RemoveAll(folder); err != nil {
				b.Errorf("remove the data folder in memory: %v", err)
			}
		})
		return folder
	}
	folder := b.TempDir()
	text, err := exec.CommandContext(b.Context(), "mount", "-t", "tmpfs", "docket-bench", folder).CombinedOutput()
	if err != nil {
		b.Fatalf("this benchmark needs a file system in memory: a tmpfs at %s, or the right to mount one: %v: %s",
			sharedMemory, err, text)
	}
	b.Cleanup(func() {
		text, err := exec.CommandContext(context.Background(), "umount", folder).CombinedOutput()
		if err != nil {
			b.Errorf("unmount the data folder in memory: %v: %s", err, text)
		}
	})
	return folder
}

func isInMemory(b *testing.B, folder string) bool {
	b.Helper()
	var status syscall.Statfs_t
	if err := syscall.Statfs(folder, &status); err != nil {
		b.Fatalf("look at the file system of %s: %v", folder, err)
	}
	return status.Type == tmpfsMagic || status.Type == ramfsMagic
}

// fsyncTime is the median time of an fsync after an appended page in the folder.
func fsyncTime(b *testing.B, folder string) time.Duration {
	b.Helper()
	name := filepath.Join(folder, "fsync-probe")
	file, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = os.Remove(name) }()
	defer func() { _ = file.Close() }()
	page, took := make([]byte, 4096), make([]time.Duration, 101)
	for i := range took {
		if _, err := file.Write(page); err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		if err := file.Sync(); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(begin)
	}
	slices.Sort(took)
	return took[len(took)/2]
}
