// Package template is what scripts get for text/template: the same templates,
// without the methods that read files. Leaving those out of a symbol table
// wouldn't do, because a template calls any method of its data by name.
package template

import (
	"io"
	"text/template"
)

// A FuncMap maps names to the functions that templates call.
type FuncMap = template.FuncMap

// An ExecError tells why a template could not be carried out.
type ExecError = template.ExecError

// A Template is text/template's Template, kept in memory.
type Template struct {
	t *template.Template
}

// New returns an empty template of that name.
func New(name string) *Template { return &Template{template.New(name)} }

// Must returns t, or panics if err isn't nil.
func Must(t *Template, err error) *Template {
	if err != nil {
		panic(err)
	}
	return t
}

// New returns an empty template that shares t's definitions.
func (t *Template) New(name string) *Template { return &Template{t.t.New(name)} }

// Name returns the template's name.
func (t *Template) Name() string { return t.t.Name() }

// Parse reads text as t's body and defines the templates named in it.
func (t *Template) Parse(text string) (*Template, error) {
	if _, err := t.t.Parse(text); err != nil {
		return nil, err
	}
	return t, nil
}

// Execute applies t to data and writes the result to w.
func (t *Template) Execute(w io.Writer, data any) error { return t.t.Execute(w, data) }

// ExecuteTemplate applies the template of that name to data.
func (t *Template) ExecuteTemplate(w io.Writer, name string, data any) error {
	return t.t.ExecuteTemplate(w, name, data)
}

// Funcs adds functions for use in t. It has to come before Parse.
func (t *Template) Funcs(m FuncMap) *Template {
	t.t.Funcs(m)
	return t
}

// Delims sets the delimiters of actions; "" stands for the usual ones.
func (t *Template) Delims(left, right string) *Template {
	t.t.Delims(left, right)
	return t
}

// Option sets options, such as "missingkey=error".
func (t *Template) Option(opt ...string) *Template {
	t.t.Option(opt...)
	return t
}

// Lookup returns the template of that name, or nil.
func (t *Template) Lookup(name string) *Template {
	if found := t.t.Lookup(name); found != nil {
		return &Template{found}
	}
	return nil
}

// HTMLEscapeString returns s with HTML's special characters escaped.
func HTMLEscapeString(s string) string { return template.HTMLEscapeString(s) }

// JSEscapeString returns s with JavaScript's special characters escaped.
func JSEscapeString(s string) string { return template.JSEscapeString(s) }

// URLQueryEscaper returns args, printed, as a part of a URL's query.
func URLQueryEscaper(args ...any) string { return template.URLQueryEscaper(args...) }
