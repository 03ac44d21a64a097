// libdatachannel, through the npm package node-datachannel; both ends in this process, or one in a child.
//
// Its threads do the work; what JavaScript adds is a call for each packet sent and a callback for each
// packet received.
import nd from 'node-datachannel';
import { channelCases, openIdle, openTwo, serve, setUps, timed, warm, within } from '../peer.mjs';

const cases = [
  ...[1, 4, 16, 48].map((burst) => ({ bench: 'rtp', profile: '1,200 B, GCM', burst, bypasses: 'packetizing' })),
  { bench: 'rtp', profile: 'Opus, 80 B, GCM', burst: 1, bypasses: 'packetizing' },
  ...channelCases(['', ', two processes']),
  { bench: 'setup', profile: 'to an open data channel', burst: 0 },
  { bench: 'idle', profile: 'connected, with a data channel', burst: 0 },
];

// Callbacks come in any order, and after the end: candidates wait for the description, and what comes
// when the other end is closed is for nobody.
const signal = (from, to, ends) => {
  const early = [];
  let described = false;
  const add = (c) => ends.closed || to.addRemoteCandidate(...c);
  from.onLocalDescription((sdp, type) => {
    if (ends.closed) return;
    to.setRemoteDescription(sdp, type);
    described = true;
    early.forEach(add);
  });
  from.onLocalCandidate((...c) => (described ? add(c) : early.push(c)));
};

let count = 0;
const newEnds = () => {
  // Without an address to bind to it leaves loopback out.
  const config = { iceServers: [], bindAddress: '127.0.0.1' };
  const a = new nd.PeerConnection(`a${count}`, config);
  const b = new nd.PeerConnection(`b${count++}`, config);
  const ends = { a, b, closed: false };
  signal(a, b, ends);
  signal(b, a, ends);
  ends.close = () => {
    ends.closed = true;
    a.close();
    b.close();
  };
  return ends;
};

const opened = (channel) => new Promise((done) => (channel.isOpen() ? done() : channel.onOpen(done)));

const newPair = async () => {
  const p = newEnds();
  const theirs = new Promise((done) => p.b.onDataChannel(done));
  p.out = p.a.createDataChannel('bench');
  p.in = await within(20000, 'a data channel', theirs);
  await within(20000, 'an open data channel', Promise.all([opened(p.out), opened(p.in)]));
  return p;
};

// ---- messages ----

const openChannel = async (size) => {
  const high = 1 << 20;
  const p = await newPair();
  const message = Buffer.alloc(size);
  let got = 0;
  let todo = 0;
  let all;
  p.in.onMessage((m) => ++got === todo && all(m.length));
  p.out.setBufferedAmountLowThreshold(high / 4);
  let more = () => {};
  p.out.onBufferedAmountLow(() => more());
  return (n) =>
    timed(async () => {
      [got, todo] = [0, n];
      const arrived = new Promise((done) => (all = done));
      for (let i = 0; i < n; i++) {
        if (p.out.bufferedAmount() > high)
          await new Promise((done) => {
            more = done;
            if (p.out.bufferedAmount() <= high / 4) done();
          });
        p.out.sendMessageBinary(message);
      }
      await arrived;
      return { packets: n, bytes: n * size };
    }, n);
};

const newEnd = (offers, tell) => {
  const pc = new nd.PeerConnection(offers ? 'a' : 'b', { iceServers: [], bindAddress: '127.0.0.1' });
  const early = [];
  let described = false;
  pc.onLocalDescription((sdp, type) => tell({ sdp, type }));
  pc.onLocalCandidate((candidate, mid) => tell({ candidate, mid }));
  const hear = ({ sdp, type, candidate, mid }) => {
    if (candidate !== undefined) return described ? pc.addRemoteCandidate(candidate, mid) : early.push([candidate, mid]);
    pc.setRemoteDescription(sdp, type);
    described = true;
    early.forEach((c) => pc.addRemoteCandidate(...c));
  };
  const made = offers ? Promise.resolve(pc.createDataChannel('bench')) : new Promise((done) => pc.onDataChannel(done));
  const channel = made.then(async (dc) => {
    await opened(dc);
    let more = () => {};
    dc.setBufferedAmountLowThreshold(1 << 18);
    dc.onBufferedAmountLow(() => more());
    const room = () =>
      dc.bufferedAmount() > 1 << 20 &&
      new Promise((done) => {
        more = done;
        if (dc.bufferedAmount() <= 1 << 18) done();
      });
    return { send: (m) => dc.sendMessageBinary(m), room, onMessage: (heard) => dc.onMessage(heard) };
  });
  return { hear, channel, pc };
};

// ---- media ----

const track = async (audio) => {
  const p = newEnds();
  const media = audio ? new nd.Audio('0', 'SendOnly') : new nd.Video('0', 'SendOnly');
  if (audio) media.addOpusCodec(111);
  else media.addVP8Codec(96);
  media.addSSRC(1234, 'bench', 'bench', 'bench');
  const theirs = new Promise((done) => p.b.onTrack(done));
  p.out = p.a.addTrack(media);
  p.a.setLocalDescription();
  p.in = await within(20000, 'a track', theirs);
  await within(20000, 'an open track', Promise.all([opened(p.out), opened(p.in)]));
  return p;
};

const packetOf = (audio) => {
  const p = Buffer.alloc(12 + (audio ? 80 : 1172));
  p[0] = 0x80;
  p.writeUInt32BE(1234, 8);
  return p;
};

const WINDOW = 64; // packets under way: a socket's buffer holds some 72 without loss

const openMedia = async (audio, burst) => {
  const p = await track(audio);
  const packet = packetOf(audio);
  let got = 0;
  let sequence = 0;
  let awaited = Infinity;
  let wake;
  p.in.onMessage(() => ++got >= awaited && wake());
  const send = (marker, timestamp) => {
    packet[1] = (marker ? 0x80 : 0) | (audio ? 111 : 96);
    packet.writeUInt16BE(sequence++ & 0xffff, 2);
    packet.writeUInt32BE(timestamp >>> 0, 4);
    p.out.sendMessageBinary(packet);
  };
  // Until that many have come; those that have not in 200 ms are lost.
  const arrival = async (count) => {
    if (got >= count) return;
    let timer;
    await new Promise((done) => {
      [awaited, wake] = [count, done];
      timer = setTimeout(done, 200);
    });
    clearTimeout(timer);
    awaited = Infinity;
  };
  return (n) =>
    timed(async () => {
      got = 0;
      let sent = 0;
      let lost = 0;
      for (; sent < n; sent += burst) {
        if (sent - lost - got > WINDOW - burst) {
          await arrival(sent - lost);
          lost = sent - got;
        }
        for (let i = 0; i < burst; i++) send(i === burst - 1, sent * 3000);
      }
      await arrival(sent - lost);
      return { packets: got, bytes: got * (packet.length - 12), lost: (sent - got) / sent };
    }, n);
};

await serve('libdatachannel through Node', `${nd.getLibraryVersion()} (npm node-datachannel 0.33.4)`, cases, async (bench, profile, burst) => {
  switch (bench) {
    case 'rtp':
      return warm(await openMedia(profile.startsWith('Opus'), burst), 20000);
    case 'datachannel': {
      const size = 1024 * parseInt(profile, 10);
      return warm(await (profile.endsWith('two processes') ? openTwo(newEnd, size) : openChannel(size)), 500);
    }
    case 'setup':
      return (n) => setUps(newPair, n);
    case 'idle':
      return openIdle(newPair);
  }
  throw new Error(`there is no bench "${bench}"`);
}, newEnd);
