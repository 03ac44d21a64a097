// media.mjs - sound and picture with Chromium, both ways: the test card on the page, the browser's
// fake camera (a green picture with a pie that grows in it) and its beeps (two a second) at the native peer.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cardOf, joinPage, ok, same, startBrowser, startRelay, until, untilCardMoves, untilStatus } from '../../browser/harness.mjs';
import { echo, Native, pictureOf, sanitized, scratch, soundOf, watchCard } from './lib.mjs';

const BARS = [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [0, 0, 0]];
const CLOSE = 24;   // of 255: a colour that went through 4:2:0 and a quantizer
const IN_STEP = 60; // ms between flash and beep

const near = (a, b, by) => Math.abs(a - b) <= by;

export function checkCard(seen, seconds) {
	const { counters } = seen, grown = counters.at(-1) - counters[0];
	ok(seen.unreadable <= counters.length / 10, `the counter is legible: ${seen.unreadable} were not, ${counters.length} were`);
	ok(counters.every((n, i) => i === 0 || n >= counters[i - 1]), 'the counter never goes back');
	ok(grown > 20 * seconds && grown < 40 * seconds, `the counter goes with the time: ${grown} in ${seconds} s`);
	ok(new Set(counters).size > 10 * seconds, `pictures a second: ${new Set(counters).size / seconds}`);
	ok(BARS.every((bar, i) => bar.every((c, j) => near(c, seen.bars[i][j], CLOSE))), `the bars have their colours: ${JSON.stringify(seen.bars)}`);
	ok(seen.tones.length > 0 && seen.tones.every(t => near(t, 440, 6)), `the tone: ${seen.tones}`);
}

/** Watches until flash and beep have come together: what a busy machine did at the start wears off. */
async function untilInStep(page, seconds) {
	for (let tries = 3; ; tries--) {
		const seen = await watchCard(page, 1000 * seconds);
		const text = `beep after flash: ${seen.apart.map(Math.round).join(' ')} ms; ${seen.counters.length} pictures`;
		console.log(`# ${text}`);
		if (seen.apart.length >= 3 && Math.abs(seen.median) <= IN_STEP)
			return seen;
		ok(tries > 1, text);
	}
}

export function checkSaved(dir, side) {
	same([side.frames_decoded > 40, side.audio_frames_decoded > 200], [true, true], `decoded: ${side.frames_decoded} pictures, ${side.audio_frames_decoded} of sound`);
	const picture = pictureOf(join(dir, 'snapshot.png'));
	same([picture.width, picture.height], [640, 480], 'size of the snapshot');
	const share = test => picture.pixels.filter(test).length / picture.pixels.length;
	const ground = share(([r, g, b]) => r < 40 && near(g, 136, 30) && b < 40), pie = share(([r, g, b]) => near(r, 72, 40) && g > 215 && b < 70);
	ok(ground > 0.6 && pie > 0.003 && ground + pie > 0.9, `green with a pie: ${ground.toFixed(2)} and ${pie.toFixed(2)} of the pixels`);
	const { seconds, beeps } = soundOf(join(dir, 'audio.ogg'));
	ok(near(beeps, 2 * seconds, 3), `two beeps a second: ${beeps} in ${seconds.toFixed(1)} s`);
}

/** A busy Chromium would rather send 320x240; the snapshot's size says that nothing of ours made it smaller. */
function keepSize(page) {
	return page.evaluate(async () => {
		for (const s of window.taut.pc.getSenders().filter(sender => sender.track?.kind === 'video')) {
			const parameters = s.getParameters();
			parameters.degradationPreference = 'maintain-resolution';
			await s.setParameters(parameters);
		}
	});
}

async function mediaCall(after, { nativeFirst, path = [] }) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const browser = await startBrowser();
	after(() => browser.close());
	const dir = scratch(after);
	const joined = () => joinPage(browser, relay.url, { room: 'media', name: 'page', source: 'camera' });
	let page;
	if (!nativeFirst)
		await untilStatus(page = await joined(), 'Nobody else');
	const native = new Native([sanitized], relay.url, 'media', '--send', 'test', '--save', dir, ...path);
	after(() => native.kill());
	await native.joined();
	page ??= await joined();
	await untilStatus(page, 'Connected with native');
	await keepSize(page);
	await untilCardMoves(page);
	checkCard(await untilInStep(page, 6), 6);
	const r = await echo(page, 8, 65536); // text and picture share the transport
	same(r.back, r.sent, 'SHA-256 beside the media');
	const offers = await page.evaluate(() => window.taut.log.filter(l => l.message.description?.type === 'offer').map(l => l.out));
	same(offers, [!nativeFirst], 'one offer, the page made it');
	same(page.errors, [], 'errors on the page');
	const side = await native.end();
	same(side.srtp_profile, nativeFirst ? 'AEAD_AES_128_GCM' : 'AES_CM_128_HMAC_SHA1_80', 'SRTP profile');
	checkSaved(dir, side);
}

/** What the page sends comes back to it: its own test card, counter and all. */
async function mediaEcho(after) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const native = new Native([sanitized], relay.url, 'echo', '--send', 'echo');
	after(() => native.kill());
	await native.joined();
	const browser = await startBrowser();
	after(() => browser.close());
	const page = await joinPage(browser, relay.url, { room: 'echo', name: 'page', source: 'test' });
	await untilStatus(page, 'Connected with native');
	await untilCardMoves(page);
	// A viewer who is lost asks for a key frame, and the echo asks its sender for one.
	await page.reload();
	await page.click('#join');
	await untilStatus(page, 'Connected with native');
	await untilCardMoves(page);
	const card = await until('the echoed card is whole', async () => {
		const c = await cardOf(page);
		return c?.there && c.width === 640 ? c : null;
	});
	same([card.width, card.height], [640, 480], 'size of what came back');
	await native.end();
}

/** The last value of each member in a dump as chrome://webrtc-internals writes it, by type, and by kind where there is one. */
function lastOf(dump) {
	const objects = {}, found = {};
	const { stats } = Object.values(dump.PeerConnections)[0];
	for (const [key, { statsType, values }] of Object.entries(stats)) {
		const at = key.lastIndexOf('-'), object = objects[key.slice(0, at)] ??= { type: statsType };
		object[key.slice(at + 1)] = JSON.parse(values).at(-1);
	}
	for (const o of Object.values(objects))
		found[[o.type, o.kind].filter(Boolean).join(' ')] ??= o;
	return found;
}

const statsOf = page => page.evaluate(async () => {
	const found = {};
	(await window.taut.pc.getStats()).forEach(o => found[[o.type, o.kind].filter(Boolean).join(' ')] ??= o);
	return found;
});

const alike = (a, b, by, what) => ok(Math.abs(a - b) <= by * Math.abs(b), `${what}: ${a} here, ${b} at the other end`);

/** What both ends say of the same stream, a second apart at most: averages, so that the moment makes no difference. */
function compareStreams(sent, heard, who) {
	same(heard.ssrc, sent.ssrc, `${who}: SSRC`);
	alike(heard.packetsReceived, sent.packetsSent, 0.3, `${who}: packets`);
	if (sent.kind !== 'video')
		return;
	same([heard.rtxSsrc, heard.freezeCount >= 0], [sent.rtxSsrc, true], `${who}: RTX and freezes`);
	alike(heard.qpSum / heard.framesDecoded, sent.qpSum / sent.framesEncoded, 0.15, `${who}: quantizer`);
	alike(heard.framesDecoded, sent.framesEncoded, 0.3, `${who}: frames`);
}

/** Both say the same of both streams each way, and each learns the round trip from RRTR and DLRR (RFC 3611), Chromium of sound alone. */
async function statistics(after) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const browser = await startBrowser();
	after(() => browser.close());
	const file = join(scratch(after), 'dump.json');
	const native = new Native([sanitized], relay.url, 'statistics', '--send', 'test', '--stats-json', file);
	after(() => native.kill());
	await native.joined();
	const page = await joinPage(browser, relay.url, { room: 'statistics', name: 'page', source: 'camera' });
	await untilStatus(page, 'Connected with native');
	const theirs = await until('the page has measured', async () => {
		const s = await statsOf(page);
		return ['audio', 'video'].every(kind => s[`remote-outbound-rtp ${kind}`]?.reportsSent > 4 &&
			s[`inbound-rtp ${kind}`].packetsReceived > 500) && s['remote-outbound-rtp audio'].roundTripTimeMeasurements > 1 ? s : null;
	}, 60000);
	await native.end();
	const ours = lastOf(JSON.parse(readFileSync(file)));
	for (const kind of ['audio', 'video']) {
		compareStreams(theirs[`outbound-rtp ${kind}`], ours[`inbound-rtp ${kind}`], `Chromium's ${kind}`);
		compareStreams(ours[`outbound-rtp ${kind}`], theirs[`inbound-rtp ${kind}`], `our ${kind}`);
		const here = ours[`remote-outbound-rtp ${kind}`], there = theirs[`remote-outbound-rtp ${kind}`];
		console.log(`# ${kind}: round trip ${here.roundTripTime} s (${here.roundTripTimeMeasurements} times) here, ${there.roundTripTime} (${there.roundTripTimeMeasurements}) there`);
		ok(here.roundTripTimeMeasurements > 0 && here.roundTripTime > 0 && here.roundTripTime < 1, `round trip of ${kind} here`);
		const played = ours[`inbound-rtp ${kind}`];
		ok(near(played.estimatedPlayoutTimestamp, played.timestamp, 3000), `${kind} is played that was made ${played.timestamp - played.estimatedPlayoutTimestamp} ms ago`);
	}
	const { totalInterFrameDelay, framesRendered } = ours['inbound-rtp video'];
	alike(framesRendered / totalInterFrameDelay, theirs['outbound-rtp video'].framesPerSecond, 0.4, 'pictures a second');
	same(Object.keys(ours['outbound-rtp video'].qualityLimitationDurations).sort(), Object.keys(theirs['outbound-rtp video'].qualityLimitationDurations).sort(), 'limitations');
}

export const tests = [
	['media, page offers: picture, sound and both in step', after => mediaCall(after, { nativeFirst: false })],
	['media, native offers: picture, sound and both in step', after => mediaCall(after, { nativeFirst: true })],
	['media, neither GSO nor GRO, and libsrtp2', after => mediaCall(after, { nativeFirst: true, path: ['--no-gso', '--no-gro', '--srtp', 'libsrtp2'] })],
	['media echoed, also after a reload', mediaEcho],
	['media, statistics of both ends agree', statistics],
];
