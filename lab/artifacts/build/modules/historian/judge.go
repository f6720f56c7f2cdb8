package main

import (
	"math"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// Verdict is what a history says of the cluster.
type Verdict struct {
	Linearizable  bool                `json:"linearizable"`   // Every key was decided, and is.
	IllegalKeys   []string            `json:"illegal_keys"`   // No order of their operations explains the answers.
	UndecidedKeys []string            `json:"undecided_keys"` // Not decided within the time given.
	Operations    int                 `json:"operations"`
	Acknowledged  int                 `json:"acknowledged"`   // Writes that the cluster said were done.
	Unknown       int                 `json:"unknown"`        // Writes without an answer.
	Lost          int                 `json:"writes_lost"`    // Acknowledged, and the final state is older.
	StaleReads    int                 `json:"stale_reads"`    // Older than a write that was acknowledged before.
	InventedReads int                 `json:"invented_reads"` // Of a value that nobody wrote.
	UnreadKeys    []string            `json:"unread_keys"`    // Written to, and no final read of them succeeded.
	Targets       map[string]*Service `json:"targets"`
}

func judge(records []Record, timeout time.Duration) Verdict {
	verdict := Verdict{
		Linearizable: true, IllegalKeys: []string{}, UndecidedKeys: []string{}, UnreadKeys: []string{},
		Operations: len(records), Targets: services(records),
	}
	byKey := map[string][]Record{}
	for _, record := range records {
		key := record.Target + "/" + record.Key
		byKey[key] = append(byKey[key], record)
		if record.Acknowledged() {
			verdict.Acknowledged++
		} else if record.Writes() {
			verdict.Unknown++
		}
	}
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		switch decide(byKey[key], timeout) {
		case porcupine.Illegal:
			verdict.Linearizable = false
			verdict.IllegalKeys = append(verdict.IllegalKeys, key)
		case porcupine.Unknown:
			verdict.Linearizable = false
			verdict.UndecidedKeys = append(verdict.UndecidedKeys, key)
		}
		count(key, byKey[key], &verdict)
	}
	return verdict
}

// decide whether some order of the operations explains every answer.
func decide(records []Record, timeout time.Duration) porcupine.CheckResult {
	// First without the writes that nobody has an answer to nor has ever seen: an order without them is one
	// with them, too, as they may come after everything. In an outage there are hundreds of them.
	seen := withoutUnseen(records)
	result := porcupine.CheckOperationsTimeout(register, operations(seen), timeout)
	if result == porcupine.Ok || len(seen) == len(records) || !hasRefusal(records) {
		return result
	}
	// Perhaps it was one of them that made the cluster refuse a swap: nothing else can tell of them.
	return porcupine.CheckOperationsTimeout(register, operations(records), timeout)
}

func hasRefusal(records []Record) bool {
	for _, record := range records {
		if record.Outcome == Done && record.Kind == Swap && !record.Swapped {
			return true
		}
	}
	return false
}

// withoutUnseen leaves out unknown writes of values that no read gave and no swap found.
func withoutUnseen(records []Record) []Record {
	seen := map[string]bool{}
	for _, record := range records {
		if record.Outcome == Done && record.Kind == Read {
			seen[record.Result] = true
		}
		if record.Acknowledged() && record.Kind == Swap {
			seen[record.Expected] = true
		}
	}
	// An unknown swap whose value was seen has found what it expected.
	for grown := true; grown; {
		grown = false
		for _, record := range records {
			if record.Outcome == Unknown && record.Kind == Swap && seen[record.Argument] && !seen[record.Expected] {
				seen[record.Expected], grown = true, true
			}
		}
	}
	var kept []Record
	for _, record := range records {
		if record.Outcome != Unknown || seen[record.Argument] && record.Kind != Read {
			kept = append(kept, record)
		}
	}
	return kept
}

// count finds the plain cases, which a person understands at once. The checker finds more.
func count(key string, records []Record, verdict *Verdict) {
	written := map[string]Record{}
	writes := false
	for _, record := range records {
		if record.Writes() {
			written[record.Argument] = record
			writes = true
		}
	}
	read := false
	for _, record := range records {
		if record.Kind != Read || record.Outcome != Done {
			continue
		}
		read = read || record.Final
		// When the value that was read was certainly written; nothing was there before everything.
		since := int64(-1)
		if record.Result != "" {
			source, known := written[record.Result]
			if !known {
				verdict.InventedReads++
				continue
			}
			since = source.Return
			if source.Outcome == Unknown {
				since = math.MaxInt64
			}
		}
		newer := 0
		for _, other := range records {
			if other.Acknowledged() && other.Call > since && other.Return < record.Call {
				newer++
			}
		}
		if record.Final {
			verdict.Lost += newer
		} else if newer > 0 {
			verdict.StaleReads++
		}
	}
	if writes && !read {
		verdict.UnreadKeys = append(verdict.UnreadKeys, key)
	}
}
