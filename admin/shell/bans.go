package shell

import (
	"context"
	"slices"
)

// banViews are of the commands about bans.
func banViews() map[string]view {
	return map[string]view{
		"ban":   {complete: completeBan},
		"unban": {complete: completeUnban},
		"bans":  {columns: banColumns(), fields: "target kind until reason by"},
	}
}

func banColumns() []column {
	return []column{
		{head: "TARGET", show: plain("target"), elastic: true},
		{head: "KIND", show: plain("kind")},
		{head: "UNTIL", show: moment("until")},
		{head: "REASON", show: plain("reason"), elastic: true},
		{head: "BY", show: plain("by"), elastic: true},
	}
}

func completeBan(ctx context.Context, s *Shell, words []string, _ string) []string {
	if len(words) > 1 {
		return []string{"for=", "reason="}
	}
	return slices.Concat(s.values(ctx, "client", "sessions"), s.users(ctx))
}

func completeUnban(ctx context.Context, s *Shell, _ []string, _ string) []string {
	return quoteAll(s.values(ctx, "target", "bans"))
}
