package config

import "time"

// End returns when the account expires: at the end of a date, where the server is,
// or at a time, which is one of the server's zone if it names none. The zero time
// means never.
func (u User) End() time.Time {
	if u.Expires == nil {
		return time.Time{}
	}
	t := *u.Expires
	switch t.Location().String() { // the TOML library's names for what has no zone
	case "date-local":
		return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.Local)
	case "datetime-local":
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.Local)
	}
	return t
}
