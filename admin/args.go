package admin

import (
	"slices"
	"strings"
)

// A Slot is the place of a word in Args, or of several. A choice in lower case
// stands for itself, one in upper case for a value, as in "all", "ID" and
// "user=NAME"; of one that ends in "..." there may be several.
type Slot struct {
	Choices  []string
	Optional bool // the words may end before it
}

// Slots returns the slots of a form such as "ID|FILTER...|all [reason=TEXT]".
func Slots(form string) (slots []Slot) {
	for text := range strings.FieldsSeq(form) {
		slots = append(slots, Slot{strings.Split(strings.Trim(text, "[]"), "|"), text[0] == '['})
	}
	return slots
}

// Option returns the key of a slot such as "[reason=TEXT]", whose word may stand
// anywhere behind the command. Other slots have none.
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

// take returns word as the slot has it: in lower case where only literals may
// stand. It reports whether word may stand there.
func (s Slot) take(word string) (string, bool) {
	for _, choice := range s.Choices {
		if !Literal(choice) || strings.Contains(choice, "=") {
			return word, true
		}
	}
	word = strings.ToLower(word)
	return word, slices.Contains(s.Choices, word)
}

// Parse parts words into those that fill the slots of Args and the options, by
// key; of an option that is given again the last one counts. It reports whether
// they fit.
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

// fill writes literals among args as the slots have them, and reports whether
// args fit.
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
