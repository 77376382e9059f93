package core

import "embed"

// Sources has the files of this package and of coretest. Authors of plugins get a
// copy, so that their tools find the import mts/core.
//
//go:embed call.go command.go doc.go error.go info.go plugin.go session.go coretest/coretest.go
var Sources embed.FS
