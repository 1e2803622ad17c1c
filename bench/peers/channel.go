// Items through a Go channel between two goroutines on one thread: nanoseconds of processor time per item, as JSON.
package main

import (
	"fmt"
	"runtime"
	"syscall"
)

// Of all threads of the process, in nanoseconds.
func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func measure(capacity int, count int) float64 {
	channel := make(chan int, capacity)
	start := processorTime()
	go func() {
		for i := 0; i < count; i++ {
			channel <- i
		}
		close(channel)
	}()
	sum := 0
	for item := range channel {
		sum += item
	}
	return float64(processorTime()-start) / float64(count)
}

func main() {
	runtime.GOMAXPROCS(1)
	measure(1024, 100000)
	fmt.Printf("{\"channel_go/1\": %f, \"channel_go/1024\": %f}\n", measure(1, 500000), measure(1024, 1000000))
}
