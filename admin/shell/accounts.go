package shell

// accountViews are of the commands about accounts.
func accountViews() map[string]view {
	return map[string]view{
		"users": {fields: "name last_login failures sessions", columns: []column{
			{head: "NAME", show: plain("name"), elastic: true},
			{head: "LAST LOGIN", show: moment("last_login")},
			{head: "FAILURES", show: plain("failures"), right: true},
			{head: "SESSIONS", show: plain("sessions"), right: true},
		}},
	}
}
