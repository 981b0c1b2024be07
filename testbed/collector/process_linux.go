package collector

import "syscall"

// attributes make the child end when the test ends without cleaning up, for
// instance by the time limit of `go test`.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
