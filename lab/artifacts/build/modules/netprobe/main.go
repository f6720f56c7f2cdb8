// Command netprobe answers and asks, for tests of a cluster's network.
//
//	netprobe serve [--listen :8080]       answers every HTTP request with this machine's host name
//	netprobe get [--timeout 5s] URL       prints the answer's body; fails unless its status is 2xx
//	netprobe lookup [--timeout 5s] NAME   prints the addresses of NAME, one a line, sorted
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"syscall"
	"time"
)

const usage = "usage: netprobe serve [--listen :8080] | get [--timeout 5s] URL | lookup [--timeout 5s] NAME"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "netprobe:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	listen := flags.String("listen", ":8080", "address to serve on")
	timeout := flags.Duration("timeout", 5*time.Second, "give up after this time")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	if arguments[0] == "serve" && flags.NArg() == 0 {
		return serve(*listen)
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	if arguments[0] == "get" && flags.NArg() == 1 {
		return get(ctx, flags.Arg(0))
	}
	if arguments[0] == "lookup" && flags.NArg() == 1 {
		return lookup(ctx, flags.Arg(0))
	}
	return errors.New(usage)
}

func serve(listen string) error {
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	// A process that is number 1 of its namespace gets no default action for a signal.
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	// With port 0 the kernel chooses: say which.
	fmt.Fprintln(os.Stderr, "listening on", listener.Addr())
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, hostname)
		}),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
		return server.Close()
	}
}

func get(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		return err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}

func lookup(ctx context.Context, name string) error {
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return err
	}
	sort.Strings(addresses)
	for _, address := range addresses {
		fmt.Println(address)
	}
	return nil
}
