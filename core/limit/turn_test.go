package limit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// one lets a single login of a table compute a hash at a time.
func one(table *Table) *Table {
	table.turns.free = 1
	return table
}

// A record is what became of logins, in order.
type record struct {
	mu    sync.Mutex
	names []string
}

func (r *record) add(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, name)
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

// hash is a login that takes a second once it has its turn, and then adds its
// name to r.
func (r *record) hash(s *Admission, name string) {
	go func() {
		if err := s.Turn(context.Background()); err != nil {
			r.add(name + " " + err.Error())
			return
		}
		time.Sleep(time.Second)
		r.add(name)
		s.EndTurn()
	}()
	synctest.Wait()
}

// Clients that have logged in lately come first, then those whose last turn is the
// longest ago. A client that wants many turns gets one after each of the others'.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := one(New(Policy{}))
		known := login(t, table, "192.0.2.9", "ann")
		greedy, other := admit(t, table, "192.0.2.1"), admit(t, table, "192.0.2.2")
		var served record
		for range 3 {
			served.hash(greedy, "greedy")
		}
		served.hash(other, "other")
		served.hash(other, "other")
		served.hash(known, "known")
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{"greedy", "known", "other", "greedy", "other", "greedy"}
		if got := served.all(); !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

// A client computes one hash at a time, whatever else is free.
func TestOneTurnOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{})
		table.turns.free = 8
		start := time.Now()
		var served record
		for range 4 {
			served.hash(admit(t, table, "2001:db8::1"), "a")
			served.hash(admit(t, table, "2001:db8::2"), "a")
			served.hash(admit(t, table, "2001:db8:1::"), "b")
		}
		for len(served.all()) < 12 {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("8 hashes of one client took %v", took)
		}
	})
}

// The queue is bounded. A client that has most of it is refused, and one that
// asks for a single turn gets in.
func TestTurnsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := one(New(Policy{}))
		var served record
		for i := range maxWaiting + 1 {
			served.hash(admit(t, table, fmt.Sprintf("192.0.2.%d", i%100)), "many")
		}
		if got := served.all(); len(got) != 0 || table.turns.count != maxWaiting {
			t.Fatalf("%d wait, and %v", table.turns.count, got)
		}
		served.hash(admit(t, table, "192.0.2.200"), "single")
		if got := served.all(); !slices.Equal(got, []string{"many busy"}) {
			t.Fatalf("got %v", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := served.all(); !slices.Contains(got, "single") || len(got) != maxWaiting+2 {
			t.Errorf("%d served: %v", len(got), got)
		}
		if len(table.turns.waiting) != 0 || table.turns.free != 1 {
			t.Errorf("%d clients wait still, %d turns are free", len(table.turns.waiting), table.turns.free)
		}
	})
}

// Trusted clients can't keep the others from logging in: every second turn is
// one of the others'.
func TestTurnsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := one(New(Policy{}))
		a, b, other := login(t, table, "192.0.2.1", "ann"), login(t, table, "192.0.2.2", "bob"), admit(t, table, "192.0.2.3")
		var served record
		for range 3 {
			served.hash(a, "a")
			served.hash(b, "b")
		}
		served.hash(other, "other")
		served.hash(other, "other")
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{"a", "other", "b", "other", "a", "b", "a", "b"}
		if got := served.all(); !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

// A login that leaves the queue loses nobody's turn.
func TestTurnsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := one(New(Policy{}))
		s := admit(t, table, "192.0.2.1")
		if err := s.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("hung up")
		time.AfterFunc(time.Second, func() { cancel(why) })
		if err := admit(t, table, "192.0.2.2").Turn(ctx); err != why {
			t.Errorf("got %v", err)
		}
		s.EndTurn()
		if err := admit(t, table, "192.0.2.3").Turn(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
