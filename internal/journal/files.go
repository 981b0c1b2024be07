package journal

import (
	"io"

	"github.com/hashicorp/raft-wal/types"
)

// strictFiles makes an error of a write that has written less than it was given,
// which raft-wal does not look at.
type strictFiles struct{ types.VFS }

// Create implements types.VFS.
func (f strictFiles) Create(directory, name string, size uint64) (types.WritableFile, error) {
	return strict(f.VFS.Create(directory, name, size))
}

// OpenWriter implements types.VFS.
func (f strictFiles) OpenWriter(directory, name string) (types.WritableFile, error) {
	return strict(f.VFS.OpenWriter(directory, name))
}

func strict(file types.WritableFile, err error) (types.WritableFile, error) {
	if err != nil {
		return nil, err
	}
	return strictFile{file}, nil
}

type strictFile struct{ types.WritableFile }

// WriteAt implements io.WriterAt.
func (f strictFile) WriteAt(content []byte, offset int64) (int, error) {
	n, err := f.WritableFile.WriteAt(content, offset)
	if err == nil && n < len(content) {
		err = io.ErrShortWrite
	}
	return n, err
}
