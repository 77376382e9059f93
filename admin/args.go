package admin

import (
	"slices"
	"strings"
)

// A Slot is the place of one argument. A choice in lower case stands for itself,
// as "all" does; one in upper case for a value, as "ID" and "user=NAME" do. A
// choice that ends in "..." may be several words.
type Slot struct {
	Choices  []string
	Optional bool // the arguments may end before it
}

// Slots returns the slots of a form such as "ID|FILTER...|all [reason=TEXT]".
func Slots(form string) (slots []Slot) {
	for text := range strings.FieldsSeq(form) {
		slots = append(slots, Slot{strings.Split(strings.Trim(text, "[]"), "|"), text[0] == '['})
	}
	return slots
}

// Option returns the key of a slot such as "[reason=TEXT]", whose word may stand
// anywhere among the arguments. ok is false for other slots.
func (s Slot) Option() (key string, ok bool) {
	key, _, ok = strings.Cut(s.Choices[0], "=")
	return key, ok && s.Optional && len(s.Choices) == 1
}

// Repeats reports whether a choice may be several words.
func (s Slot) Repeats() bool {
	return slices.ContainsFunc(s.Choices, func(c string) bool {
		return strings.HasSuffix(c, "...") || c == "TEXT" || c == "EXPR"
	})
}

// Literal reports whether a choice stands for itself.
func Literal(choice string) bool { return strings.ToLower(choice) == choice }

// take returns word, in lower case if all choices stand for themselves, and
// reports whether it fits the slot.
func (s Slot) take(word string) (string, bool) {
	for _, choice := range s.Choices {
		if !Literal(choice) || strings.Contains(choice, "=") {
			return word, true
		}
	}
	word = strings.ToLower(word)
	return word, slices.Contains(s.Choices, word)
}

// Parse splits words into the arguments and the options by key, of which the last
// one counts. It reports whether the arguments fit Args.
func (c Command) Parse(words []string) (args []string, options map[string]string, fit bool) {
	var slots []Slot
	options = make(map[string]string)
	keys := make(map[string]bool)
	for _, s := range Slots(c.Args) {
		if key, ok := s.Option(); ok {
			keys[key] = true
		} else {
			slots = append(slots, s)
		}
	}
	for _, word := range words {
		if key, value, ok := strings.Cut(word, "="); ok && keys[key] {
			options[key] = value
		} else {
			args = append(args, word)
		}
	}
	return args, options, fill(slots, args)
}

// fill reports whether args fit the slots. It writes words that stand for
// themselves in lower case.
func fill(slots []Slot, args []string) (fit bool) {
	required, repeats := 0, false
	for i, s := range slots {
		if i < len(args) {
			if args[i], fit = s.take(args[i]); !fit {
				return false
			}
		}
		if !s.Optional {
			required++
		}
		repeats = repeats || s.Repeats()
	}
	if repeats {
		return len(args) >= required
	}
	return len(args) == len(slots) || len(args) < len(slots) && slots[len(args)].Optional
}
