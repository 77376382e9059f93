package plugins

import "github.com/traefik/yaegi/interp"

var payload = interp.Exports{}
