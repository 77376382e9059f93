package main

// A source is a package whose symbols scripts may use.
type source struct {
	path    string
	without []string // names held back
	from    string   // the package that stands in for it; "" is itself
}

// sources is the allow-list. What is held back would reach the operating
// system, block in host code where a call can't be stopped, start goroutines,
// change what other scripts in the process see, or is deprecated.
var sources = []source{
	{path: "archive/tar"},
	{path: "archive/zip", without: []string{"OpenReader", "ReadCloser", "RegisterCompressor", "RegisterDecompressor"}},
	{path: "bufio"},
	{path: "bytes", without: []string{"Title"}},
	{path: "compress/flate", without: []string{"ReadError", "WriteError"}},
	{path: "compress/gzip"},
	{path: "container/heap"},
	{path: "container/list"},
	{path: "container/ring"},
	{path: "crypto/hmac"},
	{path: "crypto/md5"},
	{path: "crypto/sha1"},
	{path: "crypto/sha256"},
	{path: "crypto/sha512"},
	{path: "encoding"},
	{path: "encoding/base32"},
	{path: "encoding/base64"},
	{path: "encoding/binary"},
	{path: "encoding/csv", without: []string{"ErrTrailingComma"}},
	{path: "encoding/hex"},
	{path: "encoding/json", without: []string{"InvalidUTF8Error", "UnmarshalFieldError"}},
	{path: "encoding/xml"},
	{path: "errors"},
	{path: "fmt", without: []string{"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"}},
	{path: "hash"},
	{path: "hash/adler32"},
	{path: "hash/crc32"},
	{path: "hash/crc64"},
	{path: "hash/fnv"},
	{path: "hash/maphash"},
	{path: "html"},
	{path: "io", without: []string{"Pipe", "PipeReader", "PipeWriter"}},
	{path: "io/fs"},
	{path: "math"},
	{path: "math/bits"},
	{path: "math/cmplx"},
	{path: "math/rand/v2"},
	{path: "mime", without: []string{"AddExtensionType", "ExtensionsByType", "TypeByExtension"}},
	{path: "net/url"},
	{path: "path"},
	{path: "regexp"},
	{path: "sort"},
	{path: "strconv"},
	{path: "strings", without: []string{"Title"}},
	{path: "text/tabwriter"},
	{path: "text/template", from: "mts/plugins/symbols/internal/template"},
	{path: "time", without: []string{"After", "AfterFunc", "LoadLocation", "NewTicker", "NewTimer", "Sleep", "Tick", "Ticker", "Timer"}},
	{path: "unicode"},
	{path: "unicode/utf16"},
	{path: "unicode/utf8"},
	{path: "mts/core", without: []string{"Host", "NewCall"}},
}
