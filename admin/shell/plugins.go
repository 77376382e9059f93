package shell

import "context"

// pluginViews are of the commands about plugins.
func pluginViews() map[string]view {
	return map[string]view{
		"plugins": {
			fields:   "name state version verbs calls failures mean_us memory pid error",
			columns:  pluginColumns(),
			complete: completePlugins,
		},
	}
}

func pluginColumns() []column {
	return []column{
		{head: "NAME", show: plain("name"), elastic: true},
		{head: "STATE", show: plain("state")},
		{head: "VERSION", show: plain("version"), elastic: true},
		{head: "VERBS", show: plain("verbs"), elastic: true},
		{head: "CALLS", show: plain("calls"), right: true},
		{head: "FAILURES", show: plain("failures"), right: true},
		{head: "MEAN", show: func(r row) string { return r.text("mean_us") + " µs" }, right: true},
		{head: "MEMORY", show: inBytes("memory"), right: true},
		{head: "PID", show: plain("pid"), right: true},
		{head: "ERROR", show: plain("error"), elastic: true},
	}
}

func completePlugins(ctx context.Context, s *Shell, words []string, _ string) []string {
	if len(words) > 1 {
		return quoteAll(s.values(ctx, "name", "plugins"))
	}
	return []string{"load", "unload", "reload"}
}
