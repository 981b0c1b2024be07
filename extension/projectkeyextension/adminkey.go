package projectkeyextension

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/docketlog/docket/internal/durablefile"
	"github.com/docketlog/docket/internal/tenant"
)

// foundAdminKey is an admin key that came from a file.
type foundAdminKey struct {
	key           string
	made          bool
	groupReadable bool
}

// adminKeyFromFile returns the key in the file. When there is no file, it makes
// both; of several processes that do so at once, one does and the others read.
func adminKeyFromFile(path string) (foundAdminKey, error) {
	found, err := readAdminKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	key := tenant.NewToken(tenant.AdminKeyPrefix)
	err = createAdminKeyFile(path, key)
	if errors.Is(err, fs.ErrExist) {
		return readAdminKey(path)
	}
	if err != nil {
		return foundAdminKey{}, fmt.Errorf("make the admin key: %w", err)
	}
	return foundAdminKey{key: key, made: true}, nil
}

// readAdminKey refuses a file that everybody on the machine can read or change.
// Its group may read it, since that is how mounted secrets are handed out.
func readAdminKey(path string) (foundAdminKey, error) {
	file, err := os.Open(path) //nolint:gosec // the path is the operator's
	if err != nil {
		return foundAdminKey{}, fmt.Errorf("read the admin key: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return foundAdminKey{}, fmt.Errorf("read the admin key: %w", err)
	}
	mode := info.Mode().Perm()
	if runtime.GOOS == "windows" {
		mode = 0 // access is not in the mode there
	}
	if mode&0o027 != 0 {
		return foundAdminKey{}, fmt.Errorf("the admin key in %q can be read or changed by others (mode %04o): run chmod 600 on it, and make a new key by deleting it if somebody may have read it", path, mode)
	}
	content, err := io.ReadAll(io.LimitReader(file, 2*maxAdminKeyLength))
	if err != nil {
		return foundAdminKey{}, fmt.Errorf("read the admin key: %w", err)
	}
	key := strings.TrimSpace(string(content))
	if err := checkAdminKey(key); err != nil {
		return foundAdminKey{}, fmt.Errorf("the admin key in %q is not usable: %w; write another, or delete the file to have one made", path, err)
	}
	return foundAdminKey{key: key, groupReadable: mode&0o040 != 0}, nil
}

// createAdminKeyFile makes the file with all of its content or not at all, and
// answers fs.ErrExist when there is one. What makes it so:
//
//	create and write a temporary file (0600) in the same folder
//	fsync it
//	link it to its name, which fails when the name is taken
//	remove the temporary name
//	fsync the folder
func createAdminKeyFile(path, key string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, ".admin-key-*")
	if err != nil {
		return err
	}
	_, err = temporary.WriteString(key + "\n")
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Link(temporary.Name(), path)
	}
	if err = errors.Join(err, os.Remove(temporary.Name())); err != nil {
		return err
	}
	return durablefile.SyncFolder(folder)
}
