package core

import "embed"

// Sources holds the files of this package and of coretest, for authors of
// plugins whose tools have to resolve the import of mts/core.
//
//go:embed call.go command.go doc.go error.go info.go plugin.go session.go coretest/coretest.go
var Sources embed.FS
