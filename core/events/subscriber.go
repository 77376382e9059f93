package events

import "fmt"

type subscriber struct {
	rows chan Event
	lost int64 // rows since the last row of the kind Lost
}

// send never blocks. A row that the buffer has no room for is lost and counted.
// Before the next row, the subscriber gets a row with the count.
func (s *subscriber) send(e Event) {
	if s.lost > 0 {
		row := Event{Time: e.Time, Event: Lost, Error: fmt.Sprintf("%d events lost", s.lost)}
		if !s.offer(row) {
			s.lost++
			return
		}
		s.lost = 0
	}
	if !s.offer(e) {
		s.lost++
	}
}

func (s *subscriber) offer(e Event) bool {
	select {
	case s.rows <- e:
		return true
	default:
		return false
	}
}
