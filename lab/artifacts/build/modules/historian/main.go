// Command historian writes to a cluster and reads from it, keeps a history of every operation, and judges it.
//
//	historian load --config FILE --history FILE   until SIGTERM or SIGINT; then reads every key once more
//	historian check [--timeout 60s] FILE...       prints a verdict as JSON; fails only if it cannot read a file
//	historian fill --config FILE --bytes N        writes so much noise to etcd, and ends
//
// Times in a history are nanoseconds since its load began, by a clock that nobody sets.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

const usage = "usage: historian load --config FILE --history FILE | check [--timeout 60s] FILE..." +
	" | fill --config FILE --bytes N"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "historian:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	config := flags.String("config", "", "what to write to, see Config")
	history := flags.String("history", "", "file for the history, JSON lines")
	timeout := flags.Duration("timeout", time.Minute, "leave a key undecided after this time")
	bytes := flags.Int64("bytes", 0, "how many bytes of values to fill in")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	switch {
	case arguments[0] == "load" && *config != "" && *history != "" && flags.NArg() == 0:
		return load(*config, *history)
	case arguments[0] == "fill" && *config != "" && flags.NArg() == 0:
		return fill(*config, *bytes)
	case arguments[0] == "check" && flags.NArg() > 0:
		return check(flags.Args(), *timeout)
	}
	return errors.New(usage)
}

func check(paths []string, timeout time.Duration) error {
	var records []Record
	for number, path := range paths {
		read, err := readHistory(path)
		if err != nil {
			return err
		}
		for _, record := range read {
			if len(paths) > 1 {
				// Histories know nothing of each other: no key and no client of one is in another.
				record.Key = fmt.Sprintf("%d/%s", number, record.Key)
				record.Client = fmt.Sprintf("%d/%s", number, record.Client)
			}
			records = append(records, record)
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	return encoder.Encode(judge(records, timeout))
}
