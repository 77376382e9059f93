package worker

import "runtime/debug"

// Limit bounds the memory and the stack of this process as those of a worker,
// for programs that interpret scripts themselves: memory is in bytes, and a
// script that takes more ends the process. Its time is up to the caller. The error
// says what the system can't bound; the rest is in force then.
func Limit(memory int64) error {
	debug.SetMaxStack(maxStack)
	if memory <= 0 {
		return nil
	}
	go watchMemory(memory)
	return limitMemory(memory)
}
