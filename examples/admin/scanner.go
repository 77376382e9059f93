//go:build ignore

// Scanner watches the events, and bans a client for an hour when it has been
// refused three times. It runs until Ctrl-C, or until it has banned as many
// clients as its argument says:
//
//	mtsd admin run scanner.go
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"mts/admin"
)

const tolerated = 2

func main() {
	most := 0
	if len(os.Args) > 1 {
		most, _ = strconv.Atoi(os.Args[1])
	}
	refused := map[string]int{}
	banned := 0
	admin.Events(func(e admin.Event) bool {
		if e.Event != "refused" || e.Client == "" {
			return true
		}
		if refused[e.Client]++; refused[e.Client] == tolerated+1 {
			admin.Ban(e.Client, time.Hour, "scanning")
			fmt.Println("banned", e.Client)
			banned++
		}
		return most == 0 || banned < most
	})
}
