//go:build ignore

// Report shows the number of sessions and of sent bytes for each account, as a
// table or, with -o csv, for a spreadsheet:
//
//	mtsd admin -o csv run report.go
package main

import (
	"fmt"
	"maps"
	"slices"

	"mts/admin"
)

type total struct {
	sessions int
	bytes    int64
}

func main() {
	totals := map[string]*total{}
	for _, s := range admin.Sessions() {
		if totals[s.User] == nil {
			totals[s.User] = &total{}
		}
		totals[s.User].sessions++
		totals[s.User].bytes += s.BytesOut
	}
	var rows [][]string
	for _, user := range slices.Sorted(maps.Keys(totals)) {
		t := totals[user]
		rows = append(rows, []string{user, fmt.Sprint(t.sessions), fmt.Sprint(t.bytes)})
	}
	admin.Table([]string{"user", "sessions", "bytes"}, rows)
}
