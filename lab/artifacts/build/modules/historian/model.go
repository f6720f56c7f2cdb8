package main

import (
	"math"

	"github.com/anishathalye/porcupine"
)

// register is what one key does if nothing goes wrong: its state is the value, empty if there is none.
// https://pkg.go.dev/github.com/anishathalye/porcupine
var register = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		value, record := state.(string), input.(Record)
		switch record.Kind {
		case Read:
			return value == record.Result, value
		case Put:
			return true, record.Argument
		}
		matches := value == record.Expected
		if record.Outcome == Unknown {
			if matches {
				return true, record.Argument
			}
			return true, value
		}
		if matches != record.Swapped {
			return false, value
		}
		if matches {
			return true, record.Argument
		}
		return true, value
	},
}

// operations are the records of one key as the checker wants them. What certainly did not happen says
// nothing, nor does a read without an answer. What may have happened at any later time stays open until
// after the end: there, where nobody looks any more, it may as well never have happened.
func operations(records []Record) []porcupine.Operation {
	var made []porcupine.Operation
	clients := map[string]int{}
	for _, record := range records {
		if record.Outcome == Failed || record.Kind == Read && record.Outcome == Unknown {
			continue
		}
		if _, known := clients[record.Client]; !known {
			clients[record.Client] = len(clients)
		}
		operation := porcupine.Operation{
			ClientId: clients[record.Client],
			Input:    record,
			Call:     record.Call,
			Return:   record.Return,
		}
		if record.Outcome == Unknown {
			operation.Return = math.MaxInt64
		}
		made = append(made, operation)
	}
	return made
}
