package plugins

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"mts/plugins/internal/link"
)

// Check tells what keeps the plugin in a folder from being loaded: a line for
// each finding, as "FOLDER/FILE:LINE:COLUMN: MESSAGE". The plugin is loaded
// into a worker as Open does it, but its Configure isn't called, and what it
// offers is looked at only if it has no Configure. Of cfg, Command and Memory
// are used.
func Check(ctx context.Context, cfg Config, folder string) error {
	path, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	archive, err := pack(path, name)
	if err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	workers := launcher{command: cfg.Command, memory: cfg.Memory, running: &running}
	i, err := workers.launch(ctx, link.Spec{Name: name, Sources: archive, Check: true}, newLines(func(string) {}))
	if err != nil {
		return err
	}
	ready, err := i.waitLoaded(ctx)
	if err == nil {
		err = (&generation{names: make(map[string]bool)}).describe(ready)
	}
	if err == nil || len(ready.Findings) > 0 {
		return i.abandon(loadError(err, ready, filepath.Clean(folder)+"/", name))
	}
	return i.abandon(fmt.Errorf("%s: %w", folder, loadError(err, ready, filepath.Clean(folder)+"/", name)))
}
