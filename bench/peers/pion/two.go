package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc"
)

// What the two processes tell each other, one line of JSON each.
type line struct {
	Description *webrtc.SessionDescription `json:"description,omitempty"`
	Size        int                        `json:"size,omitempty"` // of the messages to come
	Open        bool                       `json:"open,omitempty"`
	Expect      int64                      `json:"expect,omitempty"` // answered by itself
	CPU         float64                    `json:"cpu,omitempty"`
	RSS         int64                      `json:"rss,omitempty"`
}

type wire struct {
	in  *json.Decoder
	out *json.Encoder
}

func (w wire) hear() line {
	var l line
	if err := w.in.Decode(&l); err != nil {
		if err == io.EOF {
			os.Exit(0)
		}
		panic(err)
	}
	return l
}

func (w wire) say(l line) {
	if err := w.out.Encode(l); err != nil {
		panic(err)
	}
}

// Sets a description and tells it, with all candidates in it.
func (w wire) describe(pc *webrtc.PeerConnection, d webrtc.SessionDescription, err error) error {
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err = pc.SetLocalDescription(d); err != nil {
		return err
	}
	<-gathered
	w.say(line{Description: pc.LocalDescription()})
	return nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// The child: says what it took when as many messages as expected have come.
func receive() {
	w := wire{json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)}
	pc, err := newEnd(settings{interceptors: true, detached: true})
	must(err)
	size := int(w.hear().Size)
	var got, want int64
	all := make(chan bool, 1)
	pc.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnOpen(func() {
			w.say(line{Open: true})
			listen(d, size, func() {
				if atomic.AddInt64(&got, 1) == atomic.LoadInt64(&want) {
					all <- true
				}
			})
		})
	})
	must(pc.SetRemoteDescription(*w.hear().Description))
	d, err := pc.CreateAnswer(nil)
	must(w.describe(pc, d, err))
	for {
		expect := w.hear().Expect
		cpu := cpuMicros()
		atomic.StoreInt64(&got, 0)
		atomic.StoreInt64(&want, expect)
		w.say(line{Expect: expect})
		<-all
		w.say(line{CPU: cpuMicros() - cpu, RSS: peakRSS()})
	}
}

// This process sends, its child receives; CPU and memory are those of both.
func openTwo(size int) (worker, error) {
	child := exec.Command(os.Args[0], "--receive")
	in, err := child.StdinPipe()
	must(err)
	out, err := child.StdoutPipe()
	must(err)
	must(child.Start())
	w := wire{json.NewDecoder(out), json.NewEncoder(in)}
	pc, err := newEnd(settings{interceptors: true})
	if err != nil {
		return nil, err
	}
	channel, err := pc.CreateDataChannel("bench", nil)
	if err != nil {
		return nil, err
	}
	open := make(chan bool)
	channel.OnOpen(func() { close(open) })
	w.say(line{Size: size})
	offer, err := pc.CreateOffer(nil)
	if err = w.describe(pc, offer, err); err != nil {
		return nil, err
	}
	if err = pc.SetRemoteDescription(*w.hear().Description); err != nil {
		return nil, err
	}
	select {
	case <-open:
		w.hear()
	case <-time.After(patience):
		return nil, errors.New("no data channel opened")
	}
	room, message := waiter(channel), make([]byte, size)
	return func(n int) sample {
		cpu, wall := cpuMicros(), time.Now()
		w.say(line{Expect: int64(n)})
		w.hear()
		for i := 0; i < n; i++ {
			room()
			if channel.Send(message) != nil {
				panic("not sent")
			}
		}
		took := w.hear()
		return sample{Packets: n, Bytes: n * size, CPU: cpuMicros() - cpu + took.CPU,
			Wall: float64(time.Since(wall).Nanoseconds()) / 1e3, RSS: peakRSS() + took.RSS}
	}, nil
}
