//go:build ignore

// Kickidle ends the sessions that have been idle for longer than the time
// given, "10m" without one:
//
//	mtsd admin run kickidle.go 30m
package main

import (
	"fmt"
	"os"

	"mts/admin"
)

func main() {
	limit := "10m"
	if len(os.Args) > 1 {
		limit = os.Args[1]
	}
	for _, s := range admin.Sessions("state=idle", "idle>"+limit) {
		admin.Kick(s.ID, "idle for more than "+limit)
		fmt.Println("kicked", s.ID, s.User, s.Client)
	}
}
