package exports

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
)

// ETag returns 16 hexadecimal digits that change if the identity of the file
// (device and inode, where the platform has them), its size or its modification
// time (in nanoseconds) changes. They don't change with a restart. They are a
// hash, which hides device and inode.
func ETag(fi fs.FileInfo) string {
	device, inode := identity(fi)
	var b [32]byte
	binary.BigEndian.PutUint64(b[0:], device)
	binary.BigEndian.PutUint64(b[8:], inode)
	binary.BigEndian.PutUint64(b[16:], uint64(fi.Size()))
	binary.BigEndian.PutUint64(b[24:], uint64(fi.ModTime().UnixNano()))
	sum := sha256.Sum256(b[:])
	return hex.EncodeToString(sum[:8])
}
