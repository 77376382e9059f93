//go:build !unix

package transport

import "sync"

// ReadPooled waits for input, then takes a buffer, a *[]byte, from the pool and
// reads into it. With an error the buffer is nil.
func (c *Conn) ReadPooled(pool *sync.Pool) (*[]byte, int, error) { return c.readOne(pool) }
