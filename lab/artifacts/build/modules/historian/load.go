package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net"
	"os"
	"os/signal"
	"sort"
	"sync"
	"syscall"
	"time"
)

// Config says what to write to, and how often.
type Config struct {
	Run        string      `json:"run"`         // Begins every key: no two loads share one.
	Seed       int64       `json:"seed"`        // Of the choice of keys and operations.
	DNS        string      `json:"dns"`         // Name server, host:port; empty: this machine's.
	API        *APITarget  `json:"api"`         // Null: none.
	Etcd       *EtcdTarget `json:"etcd"`        // Null: none.
	Clients    int         `json:"clients"`     // Of each target.
	Keys       int         `json:"keys"`        // That clients share at a time.
	Pause      float64     `json:"pause"`       // Seconds from an operation's begin to the next one's.
	Patience   float64     `json:"patience"`    // Seconds until a client gives an operation up.
	KeySeconds float64     `json:"key_seconds"` // How long a key is used: a history of one key must stay short.
	Final      float64     `json:"final"`       // Seconds in which every key must be read at the end.
}

// Client does operations on one target, one at a time, and fills in what became of them.
// An error without an answer is one of those that `outcomeOf` knows.
type Client interface {
	Read(ctx context.Context, key string) (value string, err error)
	Put(ctx context.Context, key, value string) error
	// Swap writes value if expected is what this client has last seen there.
	Swap(ctx context.Context, key, expected, value string) (swapped bool, err error)
	// Reconnect drops every connection: the next operation makes a new one.
	Reconnect()
}

// errRefused wraps what certainly was not carried out.
var errRefused = errors.New("not carried out")

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return Done
	case errors.Is(err, errRefused):
		return Failed
	}
	return Unknown
}

const pauseAfterError = 100 * time.Millisecond

func load(configPath, historyPath string) error {
	config, err := readConfig(configPath)
	if err != nil {
		return err
	}
	history, err := newHistory(historyPath)
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	workers, err := workersOf(config, history)
	if err != nil {
		return err
	}
	// Who started this waits for that line: from here on operations are recorded.
	fmt.Println("loading")
	var running sync.WaitGroup
	for _, worker := range workers {
		running.Go(func() { worker.run(stop) })
	}
	running.Wait()
	return readAll(config, workers)
}

func readConfig(path string) (Config, error) {
	config := Config{Clients: 3, Keys: 2, Pause: 0.25, Patience: 2, KeySeconds: 10, Final: 60}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err == nil && config.API == nil && config.Etcd == nil {
		err = errors.New("neither api nor etcd")
	}
	if err != nil {
		return config, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// dialerOf makes connections; names are asked of the configured name server.
func dialerOf(config Config) *net.Dialer {
	dialer := &net.Dialer{Timeout: seconds(config.Patience)}
	if config.DNS != "" {
		dialer.Resolver = &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, config.DNS)
			},
		}
	}
	return dialer
}

func workersOf(config Config, history *History) ([]*worker, error) {
	dialer := dialerOf(config)
	makers := map[string]func() (Client, error){}
	if config.API != nil {
		makers["api"] = func() (Client, error) { return newAPIClient(*config.API, dialer) }
	}
	if config.Etcd != nil {
		makers["etcd"] = func() (Client, error) { return newEtcdClient(*config.Etcd, dialer) }
	}
	var workers []*worker
	for target, newClient := range makers {
		for number := range config.Clients {
			client, err := newClient()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", target, err)
			}
			workers = append(workers, &worker{
				config: config, history: history, client: client, target: target,
				name:   fmt.Sprintf("%s-%d", target, number),
				random: rand.New(rand.NewSource(config.Seed + int64(len(target)*1000+number))),
				used:   map[string]bool{}, seen: map[string]string{},
			})
		}
	}
	return workers, nil
}

// readAll reads every key that was ever used, through any client of its target that gets an answer.
func readAll(config Config, workers []*worker) error {
	deadline := time.Now().Add(seconds(config.Final))
	keys := map[string]map[string]bool{}
	readers := map[string][]*worker{}
	for _, worker := range workers {
		if keys[worker.target] == nil {
			keys[worker.target] = map[string]bool{}
		}
		for key := range worker.used {
			keys[worker.target][key] = true
		}
		readers[worker.target] = append(readers[worker.target], worker)
	}
	for target, ofTarget := range keys {
		sorted := make([]string, 0, len(ofTarget))
		for key := range ofTarget {
			sorted = append(sorted, key)
		}
		sort.Strings(sorted)
		for number, key := range sorted {
			for attempt := 0; ; attempt++ {
				reader := readers[target][(number+attempt)%len(readers[target])]
				if reader.do(Record{Key: key, Kind: Read, Final: true}) == Done {
					break
				}
				if time.Now().After(deadline) {
					return fmt.Errorf("%s: key %s could not be read within %g s", target, key, config.Final)
				}
				reader.client.Reconnect()
				time.Sleep(pauseAfterError)
			}
		}
	}
	return nil
}

func seconds(number float64) time.Duration { return time.Duration(number * second) }
