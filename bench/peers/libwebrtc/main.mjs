// libwebrtc, through the npm package @roamhq/wrtc; both ends in this process, or one in a child.
//
// It takes raw frames only and encodes them itself, so it has no row of RTP.
import wrtc from '@roamhq/wrtc';
import { channelCases, openIdle, openTwo, serve, setUps, sleep, timed, warm, within } from '../peer.mjs';

const cases = [
  { bench: 'rtp', profile: '1,200 B', burst: 16, left_out: '@roamhq/wrtc takes raw frames only: what it costs would be the encoder' },
  ...channelCases(['', ', two processes']),
  { bench: 'setup', profile: 'to an open data channel', burst: 0 },
  { bench: 'idle', profile: 'connected, with a data channel', burst: 0 },
];

const opened = (channel) =>
  new Promise((done) => (channel.readyState === 'open' ? done() : (channel.onopen = done)));

const newPair = async () => {
  const a = new wrtc.RTCPeerConnection();
  const b = new wrtc.RTCPeerConnection();
  // The last ones may come when the other end is closed.
  const pass = (to) => (e) => e.candidate && to.addIceCandidate(e.candidate).catch(() => {});
  a.onicecandidate = pass(b);
  b.onicecandidate = pass(a);
  const theirs = new Promise((done) => (b.ondatachannel = (e) => done(e.channel)));
  const out = a.createDataChannel('bench');
  // The other end knows the offer before the first candidate comes.
  const offer = await a.createOffer();
  await Promise.all([a.setLocalDescription(offer), b.setRemoteDescription(offer)]);
  const answer = await b.createAnswer();
  await Promise.all([b.setLocalDescription(answer), a.setRemoteDescription(answer)]);
  const channel = await within(20000, 'a data channel', theirs);
  await within(20000, 'an open data channel', Promise.all([opened(out), opened(channel)]));
  return { out, in: channel, close: () => (a.close(), b.close()) };
};

const openChannel = async (size) => {
  const high = 1 << 20;
  const p = await newPair();
  const message = new Uint8Array(size);
  let got = 0;
  let todo = 0;
  let all;
  p.in.binaryType = 'arraybuffer';
  p.in.onmessage = () => ++got === todo && all();
  return (n) =>
    timed(async () => {
      [got, todo] = [0, n];
      const arrived = new Promise((done) => (all = done));
      for (let i = 0; i < n; i++) {
        // The package never tells of a low buffer, so it is asked.
        if (p.out.bufferedAmount > high) while (p.out.bufferedAmount > high / 4) await sleep(1);
        p.out.send(message);
      }
      await arrived;
      return { packets: n, bytes: n * size };
    }, n);
};

const newEnd = (offers, tell) => {
  const pc = new wrtc.RTCPeerConnection();
  pc.onicecandidate = (e) => e.candidate && tell({ candidate: e.candidate });
  const describe = async (d) => {
    await pc.setLocalDescription(d);
    tell({ description: { type: d.type, sdp: d.sdp } });
  };
  let order = Promise.resolve(); // one after the other, as it came
  const hear = (m) => (order = order.then(() => take(m)));
  const take = async ({ description, candidate }) => {
    if (candidate) return pc.addIceCandidate(candidate);
    await pc.setRemoteDescription(description);
    if (!offers) await describe(await pc.createAnswer());
  };
  const made = offers ? Promise.resolve(pc.createDataChannel('bench')) : new Promise((done) => (pc.ondatachannel = (e) => done(e.channel)));
  if (offers) pc.createOffer().then(describe);
  const channel = made.then(async (dc) => {
    dc.binaryType = 'arraybuffer';
    await opened(dc);
    const room = async () => {
      if (dc.bufferedAmount > 1 << 20) while (dc.bufferedAmount > 1 << 18) await sleep(1);
    };
    return { send: (m) => dc.send(m), room, onMessage: (heard) => (dc.onmessage = heard) };
  });
  return { hear, channel, pc };
};

await serve('libwebrtc through Node', '(npm @roamhq/wrtc 0.10.0)', cases, async (bench, profile) => {
  switch (bench) {
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
