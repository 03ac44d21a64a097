// chromium.mjs - Chromium in a home behind a NAT calls `taut call` in another, through coturn only.
//
// Started by run, inside its namespaces. TAUT_NAT: { url, ice (one of RTCIceServer), tcp (the same over TCP),
// relay (coturn's address), native (options of taut call), and homes: the words that start a command there }.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinPage, ok, runTests, same, startBrowser, untilCardMoves, untilStatus } from '../../browser/harness.mjs';
import { Native, sanitized, scratch } from '../chromium/lib.mjs';

const { url, ice, tcp, relay, native, homes } = JSON.parse(process.env.TAUT_NAT);
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

let rooms = 0;

/** who: whose policy is "relay"; server: what the page is told of. */
async function call(after, { who, nativeFirst, server = ice, home = homes.page }) {
	const browser = await browserIn(home, after), room = `chromium${rooms++}`;
	const before = [configured({ iceServers: [server], iceTransportPolicy: who === 'native' ? 'all' : 'relay' })];
	const joined = () => joinPage(browser, url, { room, name: 'page', source: 'camera', before });
	let page;
	if (!nativeFirst)
		await untilStatus(page = await joined(), 'Nobody else');
	const peer = new Native([...homes.native, sanitized], url, room, '--send', 'test', ...native, ...(who === 'page' ? [] : ['--relay-only']));
	after(() => peer.kill());
	await peer.joined();
	page ??= await joined();
	await untilStatus(page, 'Connected with native');
	await untilCardMoves(page);
	await peer.until('stats', e => e.frames_decoded > 30);
	await peer.until('first audio');
	const path = await pathOf(page);
	same(page.errors, [], 'errors on the page');
	const side = await peer.end(), [, local, at, remote, to] = /^(\w+) (\S+) -> (\w+) (\S+)$/.exec(side.path);
	console.log(`# page: ${path.local} ${path.at} ${path.over} -> ${path.remote} ${path.to}; native: ${side.path}`);
	if (who !== 'native') {
		same([path.local, path.at.split(':')[0], path.over], ['relay', relay, server === tcp ? 'tcp' : 'udp'], 'the page is relayed');
		same([remote, to], ['relay', path.at], 'the native peer sees its relay');
	}
	if (who !== 'page') {
		same([local, at.split(':')[0]], ['relay', relay], 'the native peer is relayed');
		same([path.remote, path.to], ['relay', at], 'the page sees its relay');
	}
	ok(side.audio_frames_decoded > 0 && side.frames_decoded > 30, 'picture and sound came');
}

const good = await runTests([
	['Chromium may only relay', after => call(after, { who: 'page', nativeFirst: true })],
	['the native peer may only relay', after => call(after, { who: 'native', nativeFirst: false })],
	['both may only relay', after => call(after, { who: 'both', nativeFirst: true })],
	['Chromium relays by TCP where UDP is blocked', after => call(after, { who: 'page', nativeFirst: false, server: tcp, home: homes.blocked })],
].map(([name, test]) => [`interop/nat/${name}`, test]), process.argv.slice(2));
process.exit(good ? 0 : 1);
