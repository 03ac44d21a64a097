// A peer of taut's bench: Pion, both ends in this process, or one in a child. What is said and heard: bench_peer.c.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type benchCase struct {
	Bench    string `json:"bench"`
	Profile  string `json:"profile"`
	Burst    int    `json:"burst"`
	Bypasses string `json:"bypasses,omitempty"`
}

type sample struct {
	Packets int                `json:"packets"`
	Bytes   int                `json:"bytes"`
	CPU     float64            `json:"cpu_us"`
	Wall    float64            `json:"wall_us"`
	Lost    float64            `json:"lost"`
	RSS     int64              `json:"rss_kb"`
	Whole   bool               `json:"whole,omitempty"`
	More    map[string]float64 `json:"more,omitempty"`
}

// What a case does for a round of so many packets.
type worker func(packets int) sample

const noInterceptors = "1,200 B, GCM, no interceptors"
const sharedCertificate = "to an open data channel, one certificate"

var cases = []benchCase{
	{"rtp", "1,200 B, GCM", 1, ""},
	{"rtp", "1,200 B, GCM", 4, ""},
	{"rtp", "1,200 B, GCM", 16, ""},
	{"rtp", "1,200 B, GCM", 48, ""},
	{"rtp", noInterceptors, 16, "packetizing, NACK, reports and feedback"},
	{"rtp", "Opus, 80 B, GCM", 1, ""},
	{"datachannel", "16 KiB messages", 0, ""},
	{"datachannel", "64 KiB messages", 0, ""},
	{"datachannel", "16 KiB messages, two processes", 0, ""},
	{"datachannel", "64 KiB messages, two processes", 0, ""},
	{"setup", "to an open data channel", 0, ""},
	{"setup", sharedCertificate, 0, "making a certificate"},
	{"idle", "connected, with a data channel", 0, ""},
	{"stun", "read and verify a check", 0, ""},
	{"stun", "write and sign the answer", 0, ""},
	{"sdp", "read Chromium's offer", 0, ""},
	{"sdp", "write it again", 0, ""},
}

func say(v interface{}) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func cpuMicros() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec)*1e6 + float64(u.Utime.Usec+u.Stime.Usec)
}

func peakRSS() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Maxrss
}

// Times n calls of work; bytes is what each goes through.
func repeat(bytes int, work func()) worker {
	return func(n int) sample {
		cpu, wall := cpuMicros(), time.Now()
		for i := 0; i < n; i++ {
			work()
		}
		return sample{Packets: n, Bytes: n * bytes, CPU: cpuMicros() - cpu,
			Wall: float64(time.Since(wall).Nanoseconds()) / 1e3, RSS: peakRSS()}
	}
}

// A first round that nobody measures.
func warm(run worker, err error, n int) (worker, error) {
	if err == nil {
		run(n)
	}
	return run, err
}

func open(bench, profile string, burst int) (worker, error) {
	switch bench {
	case "rtp":
		run, err := openRTP(profile, burst)
		return warm(run, err, 20000)
	case "datachannel":
		size := 16384
		if strings.HasPrefix(profile, "64") {
			size = 65536
		}
		open := openChannel
		if strings.HasSuffix(profile, "two processes") {
			open = openTwo
		}
		run, err := open(size)
		return warm(run, err, 500)
	case "setup":
		return openSetup(profile == sharedCertificate)
	case "idle":
		return openIdle()
	case "stun":
		return openSTUN(profile == "read and verify a check")
	case "sdp":
		return openSDP(profile == "read Chromium's offer")
	}
	return nil, fmt.Errorf("there is no bench %q", bench)
}

func version() string {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}",
		"golang-github-pion-webrtc.v3-dev").Output()
	if err != nil {
		return "of unknown version"
	}
	return string(out) + " (Debian)"
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--cases" {
		say(map[string]string{"subject": "Pion", "version": version()})
		for _, c := range cases {
			say(c)
		}
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "--receive" {
		receive()
		return
	}
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: pion --cases | BENCH PROFILE BURST; ./dev bench --peers starts it")
		os.Exit(2)
	}
	burst, _ := strconv.Atoi(os.Args[3])
	run, err := open(os.Args[1], os.Args[2], burst)
	if err != nil {
		say(map[string]string{"left_out": err.Error()})
		return
	}
	say(map[string]bool{"ready": true})
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n, err := strconv.Atoi(strings.TrimPrefix(in.Text(), "run "))
		if err != nil {
			return
		}
		say(run(n))
	}
}
