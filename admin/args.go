package admin

import (
	"cmp"
	"slices"
	"strings"
)

// A slot is the place of one argument, with the choices for it. A choice in lower
// case, such as "all", is typed literally. One in upper case, such as "ID" or
// "user=NAME", is a placeholder for a value. A choice that ends in "..." may be
// several words.
type slot struct {
	choices  []string
	optional bool // the arguments may end before it
}

// slots returns the slots of a form such as "ID|FILTER...|all [reason=TEXT]".
func slots(form string) (all []slot) {
	for text := range strings.FieldsSeq(form) {
		all = append(all, slot{strings.Split(strings.Trim(text, "[]"), "|"), text[0] == '['})
	}
	return all
}

// option returns the key of a slot such as "[reason=TEXT]", whose word may stand
// anywhere among the arguments. ok is false for other slots.
func (s slot) option() (key string, ok bool) {
	key, _, ok = strings.Cut(s.choices[0], "=")
	return key, ok && s.optional && len(s.choices) == 1
}

func repeats(choice string) bool {
	return strings.HasSuffix(choice, "...") || choice == "TEXT" || choice == "EXPR"
}

// Literal reports whether a choice is typed literally.
func Literal(choice string) bool { return strings.ToLower(choice) == choice }

// Choices returns what completion may offer for the argument at that index:
// literal words, placeholders in upper case, and conditions such as "idle>", which
// still need a value.
func (c Command) Choices(at int) (choices []string) {
	for i, s := range slots(cmp.Or(c.Offers, c.Args)) {
		_, option := s.option()
		for _, choice := range s.choices {
			switch here := i == at || i < at && repeats(choice); {
			case option && at == 0, !option && !here:
			case choice == "FILTER...":
				choices = append(choices, c.Conditions()...)
			default:
				choices = append(choices, choice)
			}
		}
	}
	return choices
}

// take returns word, in lower case if all choices are literal, and reports whether
// it fits the slot.
func (s slot) take(word string) (string, bool) {
	for _, choice := range s.choices {
		if !Literal(choice) || strings.Contains(choice, "=") {
			return word, true
		}
	}
	word = strings.ToLower(word)
	return word, slices.Contains(s.choices, word)
}

// Parse splits words into the arguments and the options by key, of which the last
// one counts. It reports whether the arguments fit Args.
func (c Command) Parse(words []string) (args []string, options map[string]string, fit bool) {
	var places []slot
	options = make(map[string]string)
	keys := make(map[string]bool)
	for _, s := range slots(c.Args) {
		if key, ok := s.option(); ok {
			keys[key] = true
		} else {
			places = append(places, s)
		}
	}
	for _, word := range words {
		if key, value, ok := strings.Cut(word, "="); ok && keys[key] {
			options[key] = value
		} else {
			args = append(args, word)
		}
	}
	return args, options, fill(places, args)
}

// fill reports whether args fit the slots. It changes literal words to lower case.
func fill(slots []slot, args []string) (fit bool) {
	required, open := 0, false
	for i, s := range slots {
		if i < len(args) {
			if args[i], fit = s.take(args[i]); !fit {
				return false
			}
		}
		if !s.optional {
			required++
		}
		open = open || slices.ContainsFunc(s.choices, repeats)
	}
	if open {
		return len(args) >= required
	}
	return len(args) == len(slots) || len(args) < len(slots) && slots[len(args)].optional
}
