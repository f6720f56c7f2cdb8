package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"time"
)

// worker is one client and what it does all the while.
type worker struct {
	config  Config
	history *History
	client  Client
	target  string
	name    string
	random  *rand.Rand
	count   int
	used    map[string]bool
	seen    map[string]string // Key → the value that this client saw last.
}

// run writes and reads in turns until it is stopped.
func (w *worker) run(stop context.Context) {
	for stop.Err() == nil {
		next := time.Now().Add(seconds(w.config.Pause))
		w.count++
		outcome := w.do(w.choose())
		if outcome != Done {
			w.client.Reconnect()
			next = time.Now().Add(pauseAfterError)
		}
		select {
		case <-stop.Done():
		case <-time.After(time.Until(next)):
		}
	}
}

func (w *worker) choose() Record {
	age := float64(w.history.Now()) / second
	key := fmt.Sprintf("%s-%d-%d", w.config.Run, int(age/w.config.KeySeconds), w.random.Intn(w.config.Keys))
	value := fmt.Sprintf("%s-%d", w.name, w.count)
	seen := w.seen[key]
	switch {
	case w.count%2 == 0:
		return Record{Key: key, Kind: Read}
	case seen != "" && w.random.Intn(2) == 0:
		return Record{Key: key, Kind: Put, Argument: value}
	}
	return Record{Key: key, Kind: Swap, Expected: seen, Argument: value}
}

// do carries out an operation and records it.
func (w *worker) do(record Record) string {
	ctx, cancel := context.WithTimeout(context.Background(), seconds(w.config.Patience))
	defer cancel()
	w.used[record.Key] = true
	record.Client, record.Target = w.name, w.target
	var err error
	record.Call = w.history.Now()
	switch record.Kind {
	case Read:
		record.Result, err = w.client.Read(ctx, record.Key)
		if err == nil {
			w.seen[record.Key] = record.Result
		}
	case Put:
		err = w.client.Put(ctx, record.Key, record.Argument)
	case Swap:
		record.Swapped, err = w.client.Swap(ctx, record.Key, record.Expected, record.Argument)
	}
	record.Return = w.history.Now()
	record.Outcome = outcomeOf(err)
	if err == nil && (record.Kind == Put || record.Swapped) {
		w.seen[record.Key] = record.Argument
	}
	if err != nil {
		record.Error = err.Error()
	}
	if err := w.history.Add(record); err != nil {
		// A history with holes proves nothing.
		fmt.Fprintln(os.Stderr, "historian:", err)
		os.Exit(1)
	}
	return record.Outcome
}
