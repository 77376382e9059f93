package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"sync"

	"mts/core"
	"mts/core/client"
)

// Many files come over one connection without waiting for each other.
func Example() {
	url, pin, stop, err := start("testdata/files")
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	conn, err := client.Dial(ctx, url, client.Options{Pins: []string{pin}})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Login(ctx, "default", "secret"); err != nil {
		log.Fatal(err)
	}

	sizes := make([]int64, 2)
	var group sync.WaitGroup
	for i, path := range []string{"hello.txt", "notes/today.txt"} {
		group.Go(func() {
			info, err := conn.Fetch(ctx, path, os.Stdout)
			if err != nil {
				log.Fatal(err)
			}
			sizes[i] = info.Size
		})
	}
	group.Wait()
	fmt.Println(sizes)
	// Unordered output:
	// hello
	// today
	// [6 6]
}

func ExampleConn_List() {
	conn, stop := connect()
	defer stop()
	for entry, err := range conn.List(context.Background(), "/") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(entry.Name, entry.Size, entry.Dir)
	}
	// Output:
	// hello.txt 6 false
	// notes 0 true
}

// A refusal has a code that programs can act on.
func ExampleConn_Fetch_refused() {
	conn, stop := connect()
	defer stop()
	_, err := conn.Fetch(context.Background(), "secret.txt", os.Stdout)
	var told *core.Error
	if errors.As(err, &told) && told.Code == core.CodeNotFound {
		fmt.Println("not there:", told.Text)
	}
	// Output: not there: File secret.txt could not be opened.
}

func ExampleConn_FetchPart() {
	conn, stop := connect()
	defer stop()
	info, err := conn.FetchPart(context.Background(), "hello.txt", 1, 3, os.Stdout)
	fmt.Println("", info.Size, err)
	// Output: ell 6 <nil>
}

// connect returns a connection to the server of the examples.
func connect() (*client.Conn, func()) {
	ctx := context.Background()
	url, pin, stop, err := start("testdata/files")
	if err != nil {
		log.Fatal(err)
	}
	conn, err := client.Dial(ctx, url, client.Options{Pins: []string{pin}})
	if err != nil {
		log.Fatal(err)
	}
	if err := conn.Login(ctx, "default", "secret"); err != nil {
		log.Fatal(err)
	}
	return conn, func() {
		conn.Close()
		stop()
	}
}
