//go:build unix

package server

import "syscall"

// Pause keeps the server from doing anything until Resume, within a moment; its connections
// stay open.
func (p *Process) Pause() { signalGroup(p.command.Process, syscall.SIGSTOP) }

// Resume is the end of Pause.
func (p *Process) Resume() { signalGroup(p.command.Process, syscall.SIGCONT) }
