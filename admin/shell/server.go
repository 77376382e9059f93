package shell

import "context"

// serverViews are of the commands about the server as a whole.
func serverViews() map[string]view {
	return map[string]view{
		"reload":   {complete: completeWords("config tls users plugins"), slow: true},
		"log":      {complete: completeLog},
		"drain":    {slow: true},
		"shutdown": {complete: completeWords("now"), slow: true},
	}
}

func completeLog(_ context.Context, _ *Shell, words []string, _ string) []string {
	if len(words) == 1 {
		return []string{"level"}
	}
	return []string{"debug", "info", "warn", "error"}
}
