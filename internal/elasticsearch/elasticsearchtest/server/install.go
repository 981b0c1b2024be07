package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// installTimeout bounds the download of an archive and its unpacking.
const installTimeout = 5 * time.Minute

// install returns the folder of the unpacked release. Whoever asks first fetches it,
// also among several processes; later calls need no network.
func install(ctx context.Context, release Release) (string, error) {
	base, err := baseFolder()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(base, release.String())
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	unlock, err := lock(ctx, filepath.Join(base, release.String()+".lock"))
	if err != nil {
		return "", fmt.Errorf("wait for another process that installs %s: %w", release, err)
	}
	defer unlock()
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := fetch(ctx, release, base, folder); err != nil {
		return "", fmt.Errorf("install %s: %w", release, errors.Join(err, ctx.Err()))
	}
	return folder, nil
}

// fetch downloads and unpacks a release. The folder gets its name when it is complete.
func fetch(ctx context.Context, release Release, base, folder string) error {
	aside, err := os.MkdirTemp(base, release.String()+"-unfinished-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(aside) }()
	command := exec.CommandContext(ctx, "mvn", "--batch-mode", "--quiet", //nolint:gosec // the names above
		"dependency:copy", "-Dartifact="+release.artifact(), "-DoutputDirectory="+aside)
	command.Dir = aside // where no project is
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s\n(the first run needs Maven, such as Debian's package maven, and the repository that it is set up to use)",
			command, err, output)
	}
	if err := unpack(ctx, filepath.Join(aside, release.String()+".zip"), aside); err != nil {
		return fmt.Errorf("unpack the archive: %w", err)
	}
	return os.Rename(filepath.Join(aside, release.String()), folder)
}

// baseFolder returns the folder for unpacked releases, and makes it: build/servers of the
// repository, or one for temporary files when the user that runs the servers could not
// read that.
func baseFolder() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	base := filepath.Join(root, "build", "servers")
	if isRoot() && !readableByAll(root) {
		base = filepath.Join(os.TempDir(), "docket-servers")
	}
	if err := os.MkdirAll(base, 0o755); err != nil { //nolint:gosec // another user reads it
		return "", fmt.Errorf("make a folder for servers: %w", err)
	}
	if !isRoot() {
		return base, nil
	}
	// Those above were perhaps made for their owner only.
	for _, folder := range []string{filepath.Dir(base), base} {
		if err := allowAll(folder); err != nil {
			return "", fmt.Errorf("let the servers read their folder: %w", err)
		}
	}
	return base, nil
}

// moduleRoot returns the folder of the go.mod above the working folder.
func moduleRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("find the repository: no folder above the working folder has a go.mod")
		}
		folder = parent
	}
}

// everybody are the permissions by which others may look into a folder.
const everybody = 0o055

func readableByAll(folder string) bool {
	for {
		status, err := os.Stat(folder)
		if err != nil || status.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return true
		}
		folder = parent
	}
}

func allowAll(folder string) error {
	status, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if permissions := status.Mode().Perm(); permissions&everybody != everybody && folder != os.TempDir() {
		return os.Chmod(folder, permissions|everybody)
	}
	return nil
}
