package rt

// A Defers is the list of calls that a function has deferred.
type Defers struct {
	rt       *Runtime
	calls    []deferred
	panicked bool
	value    any
}

// A deferred call may be one of a function that recovers.
type deferred struct {
	call     func()
	recovers bool
}

// Add defers a call.
func (d *Defers) Add(f func()) { d.calls = append(d.calls, deferred{f, true}) }

// AddPlain defers a call of a function that doesn't recover.
func (d *Defers) AddPlain(f func()) { d.calls = append(d.calls, deferred{f, false}) }

// Run runs the body of a function and what it defers, as a function that
// returns would.
func (r *Runtime) Run(body func(*Defers)) {
	d := &Defers{rt: r}
	d.try(func() { body(d) })
	for len(d.calls) > 0 {
		f := d.calls[len(d.calls)-1]
		d.calls = d.calls[:len(d.calls)-1]
		d.try(func() {
			r.pending = nil
			if f.recovers {
				r.pending = d
			}
			f.call()
		})
		r.pending = nil
	}
	if d.panicked {
		panic(d.value)
	}
}

// try runs f and keeps its panic, which replaces an earlier one.
func (d *Defers) try(f func()) {
	done := false
	defer func() {
		if !done {
			d.panicked, d.value = true, translate(recover())
		}
	}()
	f()
	done = true
}

// Enter is called first by functions that recover. It returns the calls of the
// function that is ending, if it is a call that this one deferred.
func (r *Runtime) Enter() *Defers {
	d := r.pending
	r.pending = nil
	return d
}

// Recover is the builtin, in a function that was entered with d.
func (r *Runtime) Recover(d *Defers) any {
	if d == nil || !d.panicked {
		return nil
	}
	v := d.value
	d.panicked, d.value = false, nil
	r.Place = -1
	r.Recovered()
	return Canon(v)
}

// Panic is the builtin.
func Panic(v any) { panic(v) }
