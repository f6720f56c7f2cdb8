// Command calico-start is the first process of the container calico-node in images that are built here: it runs
// the programs that upstream's image starts with runit, in the same order and with the same environment. See
// node/filesystem of Calico 3.28.
package main

import (
	"log"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

const program = "/bin/calico-node"

// steps are run one after the other; if one fails, the container ends and is started again.
var steps = [][]string{
	{"-startup"},
	{"-allocate-tunnel-addrs", "-allocate-tunnel-addrs-run-once"},
}

// services run until the container ends; each is started again when it ends.
var services = [][]string{
	{"-felix"},
	{"-monitor-addresses"},
	{"-allocate-tunnel-addrs"},
	{"-status-reporter"},
	{"-monitor-token"},
}

// pause is how long a service that has ended waits until it is started again.
const pause = time.Second

func main() {
	log.SetFlags(0)
	log.SetPrefix("calico-start: ")
	for _, arguments := range steps {
		if err := command(arguments).Run(); err != nil {
			log.Fatalf("%s %v: %v", program, arguments, err)
		}
	}
	for _, arguments := range services {
		go keep(arguments)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	// Whatever else runs in the container ends with its first process.
	log.Printf("ends after %v", <-signals)
}

func keep(arguments []string) {
	for {
		err := command(arguments).Run()
		log.Printf("%s %v has ended (%v) and is started again", program, arguments, err)
		time.Sleep(pause)
	}
}

func command(arguments []string) *exec.Cmd {
	made := exec.Command(program, arguments...)
	made.Stdout, made.Stderr = os.Stdout, os.Stderr
	// felix knows these settings by other names than the rest of Calico.
	made.Env = append(
		os.Environ(),
		"FELIX_FELIXHOSTNAME="+os.Getenv("NODENAME"),
		"FELIX_DATASTORETYPE="+os.Getenv("DATASTORE_TYPE"),
	)
	return made
}
