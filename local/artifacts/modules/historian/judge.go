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
		switch porcupine.CheckOperationsTimeout(register, operations(byKey[key]), timeout) {
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
