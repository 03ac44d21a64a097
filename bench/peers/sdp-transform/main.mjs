// sdp-transform, the npm package that most JavaScript reads descriptions with.
import { parse, write } from 'sdp-transform';
import { serve, timed } from '../peer.mjs';

const cases = [
  { bench: 'sdp', profile: "read Chromium's offer", burst: 0 },
  { bench: 'sdp', profile: 'write it again', burst: 0 },
];

await serve('sdp-transform', '(npm sdp-transform 3.0.0)', cases, async (bench, profile) => {
  const offer = process.env.BENCH_OFFER;
  const parsed = parse(offer);
  if (parsed.media.length !== 3) throw new Error('the offer does not parse');
  const work = profile === cases[0].profile ? () => parse(offer) : () => write(parsed);
  for (let i = 0; i < 5000; i++) work(); // until it is compiled
  return (n) =>
    timed(async () => {
      for (let i = 0; i < n; i++) work();
      return { packets: n, bytes: n * offer.length };
    }, n);
});
