// Jobs of 1 KiB in and out in two goroutines that take them from a channel, each answered on a channel of its own:
// nanoseconds per job, as JSON.
package main

import (
	"bytes"
	"fmt"
	"time"
)

const jobs = 10000
const workers = 2

type job struct {
	text   []byte
	result chan []byte
}

func turnAround(text []byte) []byte {
	last := len(text) - 1
	text[0], text[last] = text[last], text[0]
	return text
}

func measure(inFlight int) float64 {
	submitted := make(chan job, inFlight)
	defer close(submitted)
	for i := 0; i < workers; i++ {
		go func() {
			for each := range submitted {
				each.result <- turnAround(each.text)
			}
		}()
	}
	text := bytes.Repeat([]byte("x"), 1024)
	results := make([]chan []byte, inFlight)
	for i := range results {
		results[i] = make(chan []byte, 1)
	}
	start := time.Now()
	for i := 0; i < jobs; i++ {
		result := results[i%inFlight]
		if i >= inFlight {
			<-result
		}
		submitted <- job{append([]byte(nil), text...), result}
	}
	for i := jobs; i < jobs+inFlight; i++ {
		<-results[i%inFlight]
	}
	return float64(time.Since(start).Nanoseconds()) / jobs
}

func main() {
	measure(50)
	fmt.Printf("{\"job_go/1\": %f, \"job_go/50\": %f}\n", measure(1), measure(50))
}
