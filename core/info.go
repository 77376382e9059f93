package core

import "time"

// An Info describes a file or folder of the exports.
type Info struct {
	Name     string // the last element of its path
	Size     int64  // bytes; of a folder, 0
	Modified time.Time
	Dir      bool
	ETag     string // changes whenever the file's identity, size or times do
	Unique   string // of a folder: the same however the folder was reached, while the server runs
}
