// chromium.mjs - Chromium in a home behind a NAT calls `taut call` in another, through coturn only.
//
// Started by run, inside its namespaces. TAUT_NAT: { url, ice (one of RTCIceServer), tcp (the same over TCP),
// relay (coturn's address), native and nativeTcp (the same as options of taut call), and homes: the words that
// start a command there }.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinPage, ok, runTests, same, startBrowser, until, untilCardMoves, untilStatus } from '../../browser/harness.mjs';
import { Native, sanitized, scratch } from '../chromium/lib.mjs';

const { url, ice, tcp, relay, native, nativeTcp, homes } = JSON.parse(process.env.TAUT_NAT);
const program = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The harness starts one program: this, in that home. */
async function browserIn(home, after) {
	const file = join(scratch(after), 'chromium');
	writeFileSync(file, `#!/bin/sh\nexec ${[...home, program].map(w => `'${w}'`).join(' ')} "$@"\n`);
	chmodSync(file, 0o755);
	process.env.CHROMIUM = file;
	const browser = await startBrowser({ args: [`--unsafely-treat-insecure-origin-as-secure=${new URL(url).origin}`] });
	after(() => browser.close());
	return browser;
}

/** The page knows no servers; every connection it makes is told of these. */
const configured = configuration => `{
	const Plain = RTCPeerConnection;
	window.RTCPeerConnection = class extends Plain {
		constructor(c) { super({ ...c, ...${JSON.stringify(configuration)} }); }
	};
}`;

/** The pair that carries data: types, addresses, and how the relay is reached. */
function pathOf(page) {
	return page.evaluate(async () => {
		const all = await window.taut.pc.getStats();
		const transport = [...all.values()].find(s => s.type === 'transport'), pair = all.get(transport.selectedCandidatePairId);
		const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map(id => all.get(id));
		return { local: local.candidateType, at: `${local.address}:${local.port}`, over: local.relayProtocol ?? '',
			remote: remote.candidateType, to: `${remote.address}:${remote.port}` };
	});
}

/** Both name the same pair, and whose policy is "relay" is relayed by coturn. A pair may yet be left for a better one. */
async function untilAgreed(page, peer, who, over) {
	let path, ours;
	const agreed = ([, local, at, remote, to]) => (who === 'native' || (path.local === 'relay' && path.over === over
			&& path.at.startsWith(`${relay}:`) && remote === 'relay' && to === path.at))
		&& (who === 'page' || (local === 'relay' && at.startsWith(`${relay}:`) && path.remote === 'relay' && path.to === at));
	await until('both are on that relay', async () => {
		ours = peer.events.filter(e => e.event === 'nominated pair').at(-1)?.text;
		path = await pathOf(page);
		return ours && agreed(/^(\w+) (\S+) -> (\w+) (\S+)$/.exec(ours));
	}).catch(e => {
		throw new Error(`${e.message}; page: ${JSON.stringify(path)}; native: ${ours}`);
	});
	return `${path.local} ${path.at} ${path.over} -> ${path.remote} ${path.to}; native: ${ours}`;
}

let rooms = 0;

/** who: whose policy is "relay"; blocked: who has no UDP and is told of TURN over TCP. */
async function call(after, { who, nativeFirst, blocked }) {
	const server = blocked === 'page' ? tcp : ice, options = blocked === 'native' ? nativeTcp : native;
	const home = name => (name === blocked ? homes.blocked : homes[name]);
	const browser = await browserIn(home('page'), after), room = `chromium${rooms++}`;
	const before = [configured({ iceServers: [server], iceTransportPolicy: who === 'native' ? 'all' : 'relay' })];
	const joined = () => joinPage(browser, url, { room, name: 'page', source: 'camera', before });
	let page;
	if (!nativeFirst)
		await untilStatus(page = await joined(), 'Nobody else');
	const peer = new Native([...home('native'), sanitized], url, room, '--send', 'test', ...options, ...(who === 'page' ? [] : ['--relay-only']));
	after(() => peer.kill());
	await peer.joined();
	page ??= await joined();
	await untilStatus(page, 'Connected with native');
	await untilCardMoves(page);
	await peer.until('stats', e => e.frames_decoded > 30);
	await peer.until('first audio');
	const path = await untilAgreed(page, peer, who, server === tcp ? 'tcp' : 'udp');
	console.log(`# page: ${path}`);
	same(page.errors, [], 'errors on the page');
	const side = await peer.end();
	ok(side.audio_frames_decoded > 0 && side.frames_decoded > 30, 'picture and sound came');
}

/** No server at all: the native peer listens, and Chromium, whose UDP goes nowhere, connects (RFC 6544). */
async function overTcp(after) {
	const browser = await browserIn(homes.blocked, after), room = `chromium${rooms++}`;
	const peer = new Native([...homes.open, sanitized], url, room, '--send', 'test', '--ice-tcp', 'listen');
	after(() => peer.kill());
	await peer.joined();
	const page = await joinPage(browser, url, { room, name: 'page', source: 'camera', before: [configured({ iceServers: [] })] });
	await untilStatus(page, 'Connected with native');
	await untilCardMoves(page);
	await peer.until('stats', e => e.frames_decoded > 30);
	const over = await page.evaluate(async () => {
		const all = await window.taut.pc.getStats();
		const transport = [...all.values()].find(s => s.type === 'transport'), pair = all.get(transport.selectedCandidatePairId);
		return [pair.localCandidateId, pair.remoteCandidateId].map(id => all.get(id)).map(c => `${c.protocol} ${c.tcpType}`);
	});
	same(over, ['tcp active', 'tcp passive'], 'the pair of the page');
	same(page.errors, [], 'errors on the page');
	const side = await peer.end();
	ok(side.audio_frames_decoded > 0 && side.frames_decoded > 30, 'picture and sound came');
}

const good = await runTests([
	['Chromium connects over TCP where UDP is blocked and nobody relays', overTcp],
	['Chromium may only relay', after => call(after, { who: 'page', nativeFirst: true })],
	['the native peer may only relay', after => call(after, { who: 'native', nativeFirst: false })],
	['both may only relay', after => call(after, { who: 'both', nativeFirst: true })],
	['Chromium relays by TCP where UDP is blocked', after => call(after, { who: 'page', nativeFirst: false, blocked: 'page' })],
	['the native peer relays by TCP where UDP is blocked', after => call(after, { who: 'native', nativeFirst: true, blocked: 'native' })],
].map(([name, test]) => [`interop/nat/${name}`, test]), process.argv.slice(2));
process.exit(good ? 0 : 1);
