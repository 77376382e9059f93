package events

import "fmt"

type subscriber struct {
	rows chan Event
	lost int64 // not told yet
}

// send never blocks. A row for which there is no room is counted, and the
// count goes before the next one that there is room for.
func (s *subscriber) send(e Event) {
	if s.lost > 0 {
		told := Event{Time: e.Time, Event: Lost, Error: fmt.Sprintf("%d events lost", s.lost)}
		if !s.offer(told) {
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
