package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// What an operation does.
const (
	Read = "read" // Result is what was there; empty: nothing.
	Put  = "put"  // Argument, whatever was there.
	Swap = "swap" // Argument if Expected is there (empty: if nothing is); Swapped says whether.
)

// How an operation ended.
const (
	Done    = "done"    // It was answered.
	Failed  = "failed"  // It was not carried out and never will be.
	Unknown = "unknown" // It may have been carried out, or may be at any later time.
)

// Record is one operation of one client.
type Record struct {
	Client   string `json:"client"`
	Target   string `json:"target"` // "api" or "etcd"
	Key      string `json:"key"`
	Kind     string `json:"kind"`
	Argument string `json:"argument,omitempty"`
	Expected string `json:"expected,omitempty"`
	Result   string `json:"result,omitempty"`
	Swapped  bool   `json:"swapped,omitempty"`
	Call     int64  `json:"call"`
	Return   int64  `json:"return"`
	Outcome  string `json:"outcome"`
	Error    string `json:"error,omitempty"`
	Final    bool   `json:"final,omitempty"` // A read after all others, of what is left.
}

// Writes says whether the operation may have changed the key.
func (r Record) Writes() bool {
	return r.Kind != Read && r.Outcome != Failed && (r.Outcome == Unknown || r.Acknowledged())
}

// Acknowledged says whether the operation certainly changed the key.
func (r Record) Acknowledged() bool {
	return r.Outcome == Done && (r.Kind == Put || r.Kind == Swap && r.Swapped)
}

// History is a file that takes records as they come.
type History struct {
	lock  sync.Mutex
	file  *os.File
	begin time.Time
}

// newHistory makes the file; its times begin now.
func newHistory(path string) (*History, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &History{file: file, begin: time.Now()}, nil
}

// Now is the history's time.
func (h *History) Now() int64 { return time.Since(h.begin).Nanoseconds() }

// Add writes a record at once: what a killed load has seen is in the file.
func (h *History) Add(record Record) error {
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	_, err = h.file.Write(append(line, '\n'))
	return err
}

func readHistory(path string) ([]Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var records []Record
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		var record Record
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		switch record.Outcome {
		case Done, Failed, Unknown:
		default:
			return nil, fmt.Errorf("%s:%d: outcome %q is none of done, failed, unknown", path, number, record.Outcome)
		}
		switch record.Kind {
		case Read, Put, Swap:
		default:
			return nil, fmt.Errorf("%s:%d: kind %q is none of read, put, swap", path, number, record.Kind)
		}
		records = append(records, record)
	}
	return records, lines.Err()
}
