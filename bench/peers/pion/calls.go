package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/webrtc"
)

const patience = 20 * time.Second

type settings struct {
	interceptors bool
	detached     bool // who receives reads for himself
	certificates []webrtc.Certificate
}

func newEnd(s settings) (*webrtc.PeerConnection, error) {
	m, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	if s.interceptors {
		if err := webrtc.RegisterDefaultInterceptors(m, registry); err != nil {
			return nil, err
		}
	}
	logs := logging.NewDefaultLoggerFactory() // would write between our lines
	logs.DefaultLogLevel = logging.LogLevelDisabled
	e := webrtc.SettingEngine{LoggerFactory: logs}
	e.SetIncludeLoopbackCandidate(true)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if s.detached {
		e.DetachDataChannels()
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(e))
	return api.NewPeerConnection(webrtc.Configuration{Certificates: s.certificates})
}

// Offer and answer, with all candidates in them: on loopback they are gathered at once.
func describe(from, to *webrtc.PeerConnection, answer bool) error {
	var d webrtc.SessionDescription
	var err error
	if answer {
		d, err = from.CreateAnswer(nil)
	} else {
		d, err = from.CreateOffer(nil)
	}
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(from)
	if err = from.SetLocalDescription(d); err != nil {
		return err
	}
	<-gathered
	return to.SetRemoteDescription(*from.LocalDescription())
}

func connect(a, b *webrtc.PeerConnection) error {
	if err := describe(a, b, false); err != nil {
		return err
	}
	return describe(b, a, true)
}

func newEnds(s settings) (a, b *webrtc.PeerConnection, err error) {
	if a, err = newEnd(s); err == nil {
		b, err = newEnd(s)
	}
	return
}

// ---- data channels ----

type pair struct {
	a, b *webrtc.PeerConnection
	out  *webrtc.DataChannel
	in   *webrtc.DataChannel
}

func newPair(s settings) (*pair, error) {
	a, b, err := newEnds(s)
	if err != nil {
		return nil, err
	}
	p := &pair{a: a, b: b}
	var open sync.WaitGroup
	open.Add(2)
	b.OnDataChannel(func(d *webrtc.DataChannel) {
		p.in = d
		d.OnOpen(open.Done)
	})
	if p.out, err = a.CreateDataChannel("bench", nil); err != nil {
		return nil, err
	}
	p.out.OnOpen(open.Done)
	if err = connect(a, b); err != nil {
		return nil, err
	}
	done := make(chan bool)
	go func() { open.Wait(); close(done) }()
	select {
	case <-done:
		return p, nil
	case <-time.After(patience):
		return nil, errors.New("no data channel opened")
	}
}

func (p *pair) close() {
	_ = p.a.Close()
	_ = p.b.Close()
}

const high, low = 1 << 20, 1 << 18

// Until there is room again.
func waiter(d *webrtc.DataChannel) func() {
	more := make(chan bool, 1)
	d.SetBufferedAmountLowThreshold(low)
	d.OnBufferedAmountLow(func() {
		select {
		case more <- true:
		default:
		}
	})
	return func() {
		for d.BufferedAmount() > high {
			<-more
		}
	}
}

// Calls heard for each message of that size. By itself Pion 3.1 reads into 65,535 octets.
func listen(d *webrtc.DataChannel, size int, heard func()) {
	raw, err := d.Detach()
	if err != nil {
		panic(err)
	}
	for buf := make([]byte, size); ; {
		n, err := raw.Read(buf)
		if err != nil {
			return
		}
		if n == size {
			heard()
		}
	}
}

func openChannel(size int) (worker, error) {
	p, err := newPair(settings{interceptors: true, detached: true})
	if err != nil {
		return nil, err
	}
	var want int64
	var got int64
	all := make(chan bool, 1)
	go listen(p.in, size, func() {
		if atomic.AddInt64(&got, 1) == atomic.LoadInt64(&want) {
			all <- true
		}
	})
	room := waiter(p.out)
	message := make([]byte, size)
	return func(n int) sample {
		atomic.StoreInt64(&got, 0)
		atomic.StoreInt64(&want, int64(n))
		cpu, wall := cpuMicros(), time.Now()
		for i := 0; i < n; i++ {
			room()
			if p.out.Send(message) != nil {
				panic("not sent")
			}
		}
		<-all
		return sample{Packets: n, Bytes: n * size, CPU: cpuMicros() - cpu,
			Wall: float64(time.Since(wall).Nanoseconds()) / 1e3, RSS: peakRSS()}
	}, nil
}

// ---- set-up and rest ----

func openSetup(shared bool) (worker, error) {
	s := settings{interceptors: true}
	if shared {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		c, err := webrtc.GenerateCertificate(key)
		if err != nil {
			return nil, err
		}
		s.certificates = []webrtc.Certificate{*c}
	}
	return func(n int) sample { return setUps(s, n) }, nil
}

// Fails instead of waiting for ever: now and then a Close does not come back.
func within(limit time.Duration, work func()) bool {
	done := make(chan bool)
	go func() { work(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

// Pairs one after the other, at most 100 and 8 s; closing is not measured.
func setUps(s settings, n int) sample {
	out := sample{Whole: true}
	var ms []float64
	failed := 0
	for i := 0; i < n && i < 100 && out.Wall < 8e6; i++ {
		var p *pair
		var err error
		cpu, wall := cpuMicros(), time.Now()
		came := within(2*time.Second, func() { p, err = newPair(s) })
		took := float64(time.Since(wall).Nanoseconds()) / 1e3
		out.CPU += cpuMicros() - cpu
		out.Wall += took
		if !came || err != nil {
			failed++
			continue
		}
		ms = append(ms, took/1e3)
		within(time.Second, p.close)
	}
	if len(ms) == 0 {
		panic("no pair came up")
	}
	sort.Float64s(ms)
	out.Packets = len(ms)
	out.Lost = float64(failed) / float64(failed+len(ms))
	out.RSS = peakRSS()
	out.More = map[string]float64{"p50_ms": ms[len(ms)/2], "p99_ms": ms[len(ms)*99/100]}
	return out
}

func rssKB() float64 {
	debug.FreeOSMemory() // what is garbage is not memory of a connection
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return float64(pages) * float64(os.Getpagesize()) / 1024
}

func openIdle() (worker, error) {
	const pairs, seconds = 50, 10
	s := settings{interceptors: true}
	first, err := newPair(s) // what is made once is made
	if err != nil {
		return nil, err
	}
	before := rssKB()
	kept := []*pair{first}
	for i := 0; i < pairs; i++ {
		p, err := newPair(s)
		if err != nil {
			return nil, err
		}
		kept = append(kept, p)
	}
	time.Sleep(time.Second)
	kb := (rssKB() - before) / (2 * pairs)
	return func(int) sample {
		cpu := cpuMicros()
		time.Sleep(seconds * time.Second)
		return sample{Packets: 2 * len(kept) * seconds, CPU: cpuMicros() - cpu,
			Wall: seconds * 1e6, RSS: peakRSS(), Whole: true,
			More: map[string]float64{"kb_per_connection": kb}}
	}, nil
}

// ---- media ----

type stream struct {
	track    *webrtc.TrackLocalStaticRTP
	received int64
	awaited  int64 // 0: nobody waits
	wake     chan bool
	sequence uint16
	payload  []byte
}

const window = 64 // packets under way: a socket's buffer holds some 72 without loss

func (s *stream) listen(t *webrtc.TrackRemote) {
	for buf := make([]byte, 1500); ; {
		if _, _, err := t.Read(buf); err != nil {
			return
		}
		n := atomic.AddInt64(&s.received, 1)
		if want := atomic.LoadInt64(&s.awaited); want > 0 && n >= want {
			select {
			case s.wake <- true:
			default:
			}
		}
	}
}

// Until that many have come; those that have not in 200 ms are lost.
func (s *stream) await(count int64) {
	atomic.StoreInt64(&s.awaited, count)
	defer atomic.StoreInt64(&s.awaited, 0)
	for atomic.LoadInt64(&s.received) < count {
		select {
		case <-s.wake:
		case <-time.After(200 * time.Millisecond):
			return
		}
	}
}

func (s *stream) send(timestamp uint32, marker bool) {
	p := rtp.Packet{Header: rtp.Header{Version: 2, Marker: marker, SequenceNumber: s.sequence,
		Timestamp: timestamp}, Payload: s.payload}
	s.sequence++
	if err := s.track.WriteRTP(&p); err != nil {
		panic(err)
	}
}

func (s *stream) run(n, burst int) sample {
	var sent, lost int64
	atomic.StoreInt64(&s.received, 0)
	cpu, wall := cpuMicros(), time.Now()
	for ; sent < int64(n); sent += int64(burst) {
		if sent-lost-atomic.LoadInt64(&s.received) > window-int64(burst) {
			s.await(sent - lost)
			lost = sent - atomic.LoadInt64(&s.received)
		}
		for i := 0; i < burst; i++ {
			s.send(uint32(sent)*3000, i == burst-1)
		}
	}
	s.await(sent - lost)
	got := int(atomic.LoadInt64(&s.received))
	return sample{Packets: got, Bytes: got * len(s.payload), CPU: cpuMicros() - cpu,
		Wall: float64(time.Since(wall).Nanoseconds()) / 1e3,
		Lost: float64(sent-int64(got)) / float64(sent), RSS: peakRSS()}
}

func openRTP(profile string, burst int) (worker, error) {
	a, b, err := newEnds(settings{interceptors: profile != noInterceptors})
	if err != nil {
		return nil, err
	}
	s := &stream{wake: make(chan bool, 1), payload: make([]byte, 1172)}
	mime := webrtc.MimeTypeVP8
	if strings.HasPrefix(profile, "Opus") {
		mime, s.payload = webrtc.MimeTypeOpus, make([]byte, 80)
	}
	s.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime},
		"bench", "bench")
	if err != nil {
		return nil, err
	}
	sender, err := a.AddTrack(s.track)
	if err != nil {
		return nil, err
	}
	go drain(sender)
	began := make(chan bool)
	b.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		close(began)
		s.listen(t)
	})
	if err = connect(a, b); err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		s.send(0, true)
		select {
		case <-began:
			s.await(1)
			time.Sleep(100 * time.Millisecond)
			return func(n int) sample { return s.run(n, burst) }, nil
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil, errors.New("no media came")
}

// Interceptors see RTCP only as far as somebody reads it.
func drain(sender *webrtc.RTPSender) {
	for buf := make([]byte, 1500); ; {
		if _, _, err := sender.Read(buf); err != nil {
			return
		}
	}
}
