package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// Large for an object of Kubernetes, small enough that raft's log of the last some thousand entries is no burden.
	valueBytes  = 16 << 10
	inFlight    = 48
	fillTries   = 5
	fillSeconds = 20
)

// fill writes values of noise until there are at least so many bytes of them: one key each, one request each, as a
// cluster would grow. It fails if a value is not taken after some tries.
func fill(configPath string, bytes int64) error {
	config, err := readConfig(configPath)
	if err != nil {
		return err
	}
	if config.Etcd == nil || bytes <= 0 {
		return errors.New("fill needs an etcd target and a number of bytes")
	}
	client, err := newEtcdClient(*config.Etcd, dialerOf(config))
	if err != nil {
		return err
	}
	connected, err := client.connected()
	if err != nil {
		return err
	}
	defer connected.Close()
	count := (bytes + valueBytes - 1) / valueBytes
	var next atomic.Int64
	failed := make(chan error, inFlight)
	var running sync.WaitGroup
	for range inFlight {
		running.Go(func() {
			value := make([]byte, valueBytes)
			for number := next.Add(1); number <= count; number = next.Add(1) {
				rand.Read(value)
				key := fmt.Sprintf("%s%s/%d", config.Etcd.Prefix, config.Run, number)
				if err := putAtLast(connected, key, string(value)); err != nil {
					failed <- fmt.Errorf("value %d of %d: %w", number, count, err)
					return
				}
			}
		})
	}
	running.Wait()
	close(failed)
	return <-failed
}

func putAtLast(client *clientv3.Client, key, value string) error {
	var err error
	for range fillTries {
		ctx, cancel := context.WithTimeout(context.Background(), fillSeconds*time.Second)
		_, err = client.Put(ctx, key, value)
		cancel()
		if err == nil {
			return nil
		}
		time.Sleep(pauseAfterError)
	}
	return err
}
