//go:build !unix

package transport

import "sync"

// ReadPooled waits for input and reads it into a buffer of the pool, of type
// *[]byte, which it takes only when there is something to read. Without any it
// returns a nil buffer and an error.
func (c *Conn) ReadPooled(pool *sync.Pool) (*[]byte, int, error) { return c.readOne(pool) }
