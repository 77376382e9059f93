package core

import "time"

// An Info describes a file or folder of the exports.
type Info struct {
	Name     string // the last element of its path
	Size     int64  // bytes; of a folder, 0
	Modified time.Time
	Dir      bool
	ETag     string // changes whenever the file's identity, size or time does
	Unique   string // of a folder: the same however it was reached (RFC 3659, 7.5.2); may be empty
}
