package server

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

func isRoot() bool { return os.Geteuid() == 0 }

// attributes make the process end with this one, however that ends, and start it in a
// group of its own, so that it can be killed with its children. Root starts it as nobody.
func attributes() (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if !isRoot() {
		return attributes, nil
	}
	uid, gid, err := nobody()
	if err != nil {
		return nil, err
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // numbers of a user
	return attributes, nil
}

// handOver gives a folder with all that it has to the user that runs the server.
func handOver(folder string) error {
	if !isRoot() {
		return nil
	}
	uid, gid, err := nobody()
	if err != nil {
		return err
	}
	return filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid) //nolint:gosec // nobody else can write there yet
	})
}

// nobody returns the user who owns nothing.
func nobody() (uid, gid int, err error) {
	found, err := user.Lookup("nobody")
	if err != nil {
		return 0, 0, fmt.Errorf("servers do not run as root, and there is no other user: %w", err)
	}
	if uid, err = strconv.Atoi(found.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(found.Gid)
	return uid, gid, err
}

func signalGroup(process *os.Process, signal syscall.Signal) {
	_ = syscall.Kill(-process.Pid, signal) // fails only when all have ended, which is as good
}
