package config

import (
	"slices"

	"mts/core/exports"
)

const noFolder = "%q is neither an export nor a folder in one%s"

// checkGrants refuses [user.NAME] exports that aren't in any export.
func (c *Config) checkGrants() {
	for name, u := range c.Users {
		key := join("user", name) + ".exports"
		for _, p := range u.Exports {
			if !c.Bad(key) && !c.exported(p) {
				c.source.problems.addf(key, noFolder, p, c.suggestExport(p))
			}
		}
	}
}

// exported reports whether path is an export, is in one, or leads to one. A file
// without exports gets "/" from the command line.
func (c *Config) exported(path string) bool {
	if len(c.Exports) == 0 {
		return exports.Within(path, "/")
	}
	return slices.ContainsFunc(c.Exports, func(e Export) bool {
		return exports.Within(path, e.Path) || exports.Within(e.Path, path)
	})
}

func (c *Config) suggestExport(path string) string {
	var all []string
	for _, e := range c.Exports {
		all = append(all, e.Path)
	}
	return Suggest(path, all)
}

// CheckFolders returns an error for each entry of a [user.NAME] exports that isn't
// a folder, in exports that are open.
func (c *Config) CheckFolders(isFolder func(path string) bool) error {
	var errs []error
	for name, u := range c.Users {
		key := join("user", name) + ".exports"
		for _, p := range u.Exports {
			if !c.Bad(key) && !isFolder(p) {
				errs = append(errs, c.Errorf(key, noFolder, p, c.suggestExport(p)))
			}
		}
	}
	return Join(errs...)
}

// UnknownAccounts returns an error for each [user.NAME] table whose account isn't
// one of accounts. It narrows nothing until there is such an account.
func (c *Config) UnknownAccounts(accounts []string) error {
	var errs []error
	for name := range c.Users {
		if !slices.Contains(accounts, name) {
			errs = append(errs, c.Errorf(join("user", name), "there is no account %s%s", name, Suggest(name, accounts)))
		}
	}
	return Join(errs...)
}

// UnknownVerbs returns an error for each entry of a [user.NAME] verbs that isn't
// one of verbs.
func (c *Config) UnknownVerbs(verbs []string) error {
	var errs []error
	for name, u := range c.Users {
		for _, v := range u.Verbs {
			if !slices.Contains(verbs, v) {
				errs = append(errs, c.Errorf(join("user", name)+".verbs", "there is no verb %s%s", v, Suggest(v, verbs)))
			}
		}
	}
	return Join(errs...)
}
