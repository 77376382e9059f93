package events

import "fmt"

type subscriber struct {
	rows chan Event
	lost int64 // rows that the subscriber hasn't been told of
}

// send never blocks. If there is no room for a row, it is counted as lost. The
// next row that there is room for goes behind one that has the count.
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
