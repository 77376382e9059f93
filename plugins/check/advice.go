package check

import "regexp"

// advise adds what to write instead to a message of the type checker.
func advise(msg string) string {
	for _, a := range advices {
		if a.about.MatchString(msg) {
			return msg + "; " + a.instead
		}
	}
	return msg
}

var advices = []struct {
	about   *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`^undefined: fmt\.Print`), "use c.Printf for the client and c.Logf for the log"},
	{regexp.MustCompile(`^undefined: fmt\.Scan`), "read from c.Arg, or a file of c.Open"},
	{regexp.MustCompile(`^undefined: time\.(Sleep|After|AfterFunc|NewTimer|NewTicker|Tick|Timer|Ticker)$`), "a call can't wait; return, and let the client ask again"},
	{regexp.MustCompile(`^undefined: time\.LoadLocation$`), "use time.UTC or time.FixedZone"},
	{regexp.MustCompile(`^undefined: io\.Pipe`), "write to a bytes.Buffer and read from that"},
	{regexp.MustCompile(`^undefined: zip\.(OpenReader|ReadCloser)$`), "open the file with c.Open and use zip.NewReader"},
	{regexp.MustCompile(`\.Host undefined \(type \*core\.Call`), "the inside of the server is for built-in verbs; use the methods of the call"},
	{regexp.MustCompile(`^undefined: mime\.`), "write a map of the types you need"},
	{regexp.MustCompile(`Template has no field or method Parse`), "read the text with c.Open and use Parse"},
	{regexp.MustCompile(`declared and not used`), "use it or remove it"},
	{regexp.MustCompile(`imported and not used`), "remove the import"},
}
