package main

import "sort"

// Service is how a target served those who wanted to write.
type Service struct {
	Acknowledged int `json:"acknowledged"`
	// The longest time in which one and the same client could not write: from the call of the first operation
	// that got no answer to the answer of its next write. Without such an operation: its slowest write.
	GapSeconds float64 `json:"gap_seconds"`
	// When that began, in the history's time.
	GapBegin float64 `json:"gap_begin"`
	// The longest time between two answers to writes, whichever client got them.
	SilenceSeconds float64 `json:"silence_seconds"`
	// When that began.
	SilenceBegin float64 `json:"silence_begin"`
}

const second = 1e9

func services(records []Record) map[string]*Service {
	byTarget := map[string][]Record{}
	for _, record := range records {
		if !record.Final {
			byTarget[record.Target] = append(byTarget[record.Target], record)
		}
	}
	found := map[string]*Service{}
	for target, of := range byTarget {
		found[target] = serviceOf(of)
	}
	return found
}

func serviceOf(records []Record) *Service {
	sort.SliceStable(records, func(i, j int) bool { return records[i].Return < records[j].Return })
	service := &Service{}
	waiting := map[string]int64{} // Client → when it first got no answer since its last write.
	var end int64
	last := records[0].Call
	for _, record := range records {
		end = max(end, record.Return)
		since, waits := waiting[record.Client]
		switch {
		case record.Outcome != Done:
			if !waits {
				waiting[record.Client] = record.Call
			}
		case record.Kind != Read:
			// A refused swap is an answer: the cluster could have written.
			if !waits {
				since = record.Call
			}
			service.gap(since, record.Return)
			service.silence(last, record.Return)
			last = record.Return
			delete(waiting, record.Client)
		}
		if record.Acknowledged() {
			service.Acknowledged++
		}
	}
	for _, since := range waiting {
		service.gap(since, end)
	}
	service.silence(last, end)
	return service
}

func (s *Service) gap(begin, end int64) {
	if seconds := float64(end-begin) / second; seconds > s.GapSeconds {
		s.GapSeconds, s.GapBegin = seconds, float64(begin)/second
	}
}

func (s *Service) silence(begin, end int64) {
	if seconds := float64(end-begin) / second; seconds > s.SilenceSeconds {
		s.SilenceSeconds, s.SilenceBegin = seconds, float64(begin)/second
	}
}
