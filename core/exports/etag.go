package exports

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/maphash"
	"io/fs"
	"math/rand/v2"
)

// A Version is what tells one state of a local file from another. Times are in
// nanoseconds since 1970.
type Version struct {
	Device, Inode           uint64
	Size, Modified, Changed int64 // Changed is the inode's (ctime)
}

// VersionOf returns the version of a file. It is incomplete, and ok is false,
// where the platform or the file system doesn't tell device, inode and ctime.
func VersionOf(fi fs.FileInfo) (v Version, ok bool) {
	v, ok = identity(fi)
	v.Size, v.Modified = fi.Size(), fi.ModTime().UnixNano()
	return v, ok
}

// ETag returns 16 hexadecimal digits that change if the inode of the file, its
// size, its modification time or its change time (both in nanoseconds) does.
// They don't change with a restart or with the number of the device. They are a
// hash, which hides the inode.
func ETag(fi fs.FileInfo) string { return digits(fileID(fi)) }

func fileID(fi fs.FileInfo) uint64 {
	v, _ := VersionOf(fi)
	return opaque(v.Inode, uint64(v.Size), uint64(v.Modified), uint64(v.Changed))
}

// secret hides device and inode of folders. It lasts as long as the server, over
// a reload too.
var secret = rand.Uint64()

// folderID returns a number that is the same for the same folder, or 0 where the
// platform or the file system doesn't tell device and inode.
func folderID(fi fs.FileInfo) uint64 {
	v, ok := VersionOf(fi)
	if !ok {
		return 0
	}
	return opaque(secret, v.Device, v.Inode)
}

// pathID is the folderID of a folder that is known by its path alone.
func pathID(path string) uint64 {
	return opaque(secret, maphash.String(seed, path))
}

var seed = maphash.MakeSeed()

// opaque returns the first bytes of the hash of numbers.
func opaque(numbers ...uint64) uint64 {
	var room [64]byte
	b := room[:0]
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// digits returns n as 16 hexadecimal digits.
func digits(n uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return hex.EncodeToString(b[:])
}
