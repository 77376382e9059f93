// Package lower rewrites ordinary Go into the part of Go that the interpreter
// (yaegi v0.16.1) runs as the compiler would. A script that was type-checked
// goes in, with all of its syntax; one file of package main comes out, and the
// symbols of the host that it uses.
//
// The interpreter accepts nearly all of Go and computes something else for much
// of it, without a word. What it does right was found by experiment: it is the
// core language described here, and all that [Package] writes. Whoever adds a
// construct writes it in the core, or finds out by experiment what more belongs
// to the core, and adds a program to testdata and to the generator in
// generate_test.go. The tests compare interpreted with compiled results:
//
//	go test ./plugins/lower                                      # 24 generated programs
//	go test ./plugins/lower -run Generated -args -seeds 5000 -first 1000
//
// # The core
//
// Types. There are no declared types, no methods and no interfaces of the
// script's in the core. A named type is its underlying type; a struct type is
// made by the host with package reflect and has a name in the host's package h;
// every interface type of the script is h.Any, which is the host's any, and
// error is h.Error. Interfaces of other packages are themselves. The interpreter
// mixes up named types of the same structure, wraps values in its own interfaces
// and loses their methods, finds embedded methods at the wrong depth, and gets
// struct types wrong that hold each other.
//
// Values in interfaces. A value whose type the script has no part in is itself.
// Any other is in a box, rt.Value: its type, by number, and the value in its
// lowered type. go/types knows all types that a script puts into interfaces, so
// an assertion compares numbers, and a method call by way of an interface of the
// script is a call of a dispatcher: a function that tries the numbers of all
// types with that method, and the host's method last. A value that goes to an
// interface of the host becomes a wrapper with the methods of that interface.
// Boxes compare as the values would, format themselves as package fmt formats
// the values (rt's printer), and are unpacked or copied to types with the right
// names and embedded fields for encoders (rt's mirror).
//
// Statements. One operation a statement, its operands variables or literals.
// All variables of a function, temporaries too, have names of their own and are
// declared at its top, because the interpreter shares the memory of variables
// that are declared in a loop; a declaration in the script is an assignment of
// the zero value or the initial one. Operands are evaluated as the compiler
// evaluates them: calls first, in order, into temporaries, then the rest (see
// hoist). The interpreter evaluates arguments and indexes late, loses
// assignments to map elements among several, and reads what it has just set.
//
// Constants are folded by go/types and written as literals of their type; the
// interpreter computes iota, large and mixed constants wrong. Whole numbers over
// 1<<63-1 and the least one come from the host.
//
// Variables that a function literal uses and that change, and those whose
// address is taken, are cells: pointers made by new at each execution of the
// declaration, so that each round of a loop has its own (or all rounds one,
// where the file's language is older than Go 1.22).
//
// Function values. A function literal is put into a function of its own, mk_…,
// which takes the captured variables as parameters and returns the literal. Each
// call has a frame of its own, and the interpreter's frames are all that its
// literals capture. Declared functions and methods become values the same way.
//
// Results have no names. Named ones are variables, cleared at entry; a return
// statement evaluates all of its values before it sets any. The interpreter
// keeps named results from one call to the next.
//
// Loops are "L: for { if c { } else { break L }; … }", with labels of their own,
// and each break and continue names its label. Where something follows the body
// in each round, the body is a loop of one round within, and continue leaves it.
// A range loop counts an index; over a map it goes through the keys that were
// there at first, as far as they are still; over a function the body is a
// literal that reports by a number where to go on. A switch is a chain of ifs; a
// case that falls through makes it a number that is compared. Labels before
// anything but a loop stand before an empty statement.
//
// Deferred calls are left to the host: the body of a function that defers is a
// literal which the host runs (rt.Run), and each deferred call is a literal that
// is added to a list. The interpreter's own defer hangs when it calls local
// functions, evaluates late, and gives what recover returns another type. The
// host gives panics of the interpreter's reflection the compiler's values. A
// function that calls recover asks the host at its entry whether it is what was
// deferred.
//
// Bounds of indexes and slices are checked in the core, unless the head of a
// loop guarantees them, because the interpreter panics with other values.
//
// Arguments that hold floating-point numbers are passed by pointer to declared
// functions: the interpreter doesn't pass what reflection takes for zero, and
// makes 0 of -0.
//
// Comma-ok forms assign to fresh variables that are cleared before.
//
// Package variables are set in go/types' order by functions of their own, called
// by [Init] after all others have their zero value.
//
// Generic functions and types are lowered for each list of type arguments.
// Packages slices, maps, cmp and iter are lowered with the script (see library).
//
// # What is refused
//
// Goroutines, select, changing variables of other packages, unsafe pointers,
// slices and maps that hold themselves, types declared in generic
// functions, values with methods in templates, and more than 10,000 functions
// after generics were written out. All of that is found in one run.
//
// # Places
//
// Each line of the core knows the place in the script that it comes from:
// [Program.Position]. [Program.Trace] tells the functions that a panic went
// through.
package lower
