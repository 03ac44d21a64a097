// main.mjs - who resolves whose names: Chromium ours, we Chromium's, and two of us each other's.
//
// Where only one side is to resolve, the other one's candidates are lost on their way: then there is no other
// way to meet.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinPage, ok, runTests, same, startBrowser, startRelay, until, untilCardMoves, untilStatus } from '../../browser/harness.mjs';
import { echo, Native, sanitized, scratch } from '../chromium/lib.mjs';

const address = /10\.77\.|fd77:/;
const name = /^candidate:\S+ 1 udp \d+ [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.local \d+ typ host/;

// ---- in the page, before its own scripts ----

function loseOwn() {
	const send = WebSocket.prototype.send;
	WebSocket.prototype.send = function (text) {
		const message = JSON.parse(text);
		if (message.type === 'candidate' && message.candidate?.candidate)
			return;
		if (message.description?.sdp)
			message.description.sdp = message.description.sdp.replace(/a=candidate:.*\r\n/g, '');
		send.call(this, JSON.stringify(message));
	};
}

function loseTheirs() {
	const set = RTCPeerConnection.prototype.setRemoteDescription;
	RTCPeerConnection.prototype.addIceCandidate = async () => {};
	RTCPeerConnection.prototype.setRemoteDescription = function (d) {
		return set.call(this, { type: d.type, sdp: d.sdp.replace(/a=candidate:.*\r\n/g, '') });
	};
}

// ---- what was said, and where data goes ----

/** The native peer's words, as they reached the page. */
const heard = page => page.evaluate(() => window.taut.log.filter(l => !l.out).map(l => JSON.stringify(l.message)));
const candidatesOf = said => said.map(s => JSON.parse(s)).filter(m => m.type === 'candidate' && m.candidate?.candidate).map(m => m.candidate.candidate);

async function toldByName(page) {
	const said = await heard(page), candidates = candidatesOf(said);
	same(candidates.length, 2, 'candidates of the native peer, IPv4 and IPv6');
	ok(candidates.every(c => name.test(c)), `names: ${candidates.join(' ')}`);
	ok(!said.some(s => address.test(s)), `no address: ${said.find(s => address.test(s))}`);
}

/** Of the pair that the page uses. */
const pathOf = page => until('the page has chosen a pair', () => page.evaluate(async () => {
	const all = await window.taut.pc.getStats();
	const pair = all.get([...all.values()].find(s => s.type === 'transport')?.selectedCandidatePairId);
	return pair && ['local', 'remote'].map(end => all.get(pair[`${end}CandidateId`])).map(c => `${c.candidateType} ${c.address}`).join(' -> ');
}));

async function callWithPage(after, { before = [], devices = false, nativeFirst = false, native: more = ['--data-only', '--send', 'none'] }) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const browser = await startBrowser({ devices });
	after(() => browser.close());
	const joined = () => joinPage(browser, relay.url, { room: 'names', name: 'page', source: devices ? 'test' : 'data', before });
	const trace = join(scratch(after), 'trace');
	let page;
	if (!nativeFirst)
		await untilStatus(page = await joined(), 'Nobody else');
	const native = new Native([sanitized], relay.url, 'names', '--mdns', '--trace', trace, ...more);
	after(() => native.kill());
	await native.joined();
	page ??= await joined();
	await untilStatus(page, 'Connected with native');
	const event = await native.connected(), path = await pathOf(page);
	console.log(`# connected after ${event.ms} ms, the page by ${path}`);
	return { page, native, path, trace: () => readFileSync(trace, 'utf8') };
}

async function dataCall(after, options, resolves) {
	const { page, native, path, trace } = await callWithPage(after, options);
	if (!resolves) /* what came from our packets alone would be prflx */
		ok(path.includes('-> host'), `the page found us by name: ${path}`);
	const r = await echo(page, 16, 16384);
	same(r.back, r.sent, 'SHA-256 of 16 messages');
	await toldByName(page);
	same(page.errors, [], 'errors on the page');
	await native.end();
	same(trace().includes('name of a remote candidate resolved'), resolves, 'the native peer resolved a name');
}

// ---- two native peers ----

async function twoNatives(after) {
	const relay = await startRelay(0, '--quiet'), dir = scratch(after);
	after(() => relay.stop());
	const call = (trace, ...more) => {
		const n = new Native([sanitized], relay.url, 'names', '--mdns', '--trace', join(dir, trace), ...more);
		after(() => n.kill());
		return n;
	};
	const first = call('first', '--data-only', '--send', 'echo');
	await first.joined();
	const second = call('second', '--data-only', '--send', 'none');
	await Promise.all([first.connected(), second.connected()]);
	const sides = [await second.end(), await first.end()];
	ok(sides.every(s => /^host \S+ -> (host|prflx) \S+$/.test(s.path)), `paths: ${sides.map(s => s.path).join(' and ')}`);
	const resolved = ['first', 'second'].map(t => readFileSync(join(dir, t), 'utf8').includes('name of a remote candidate resolved'));
	ok(resolved.some(r => r), 'one of them resolved the other');
}

const tests = [
	['both hide, the page offers', after => dataCall(after, {}, true)],
	['both hide, the native peer offers', after => dataCall(after, { nativeFirst: true }, true)],
	['Chromium resolves our names, and we know none of its', after => dataCall(after, { before: [loseOwn] }, false)],
	['we resolve the names of Chromium, and it knows none of ours', after => dataCall(after, { before: [loseTheirs] }, true)],
	['picture and sound, our addresses hidden', async after => {
		const { page, native } = await callWithPage(after, { devices: true, native: ['--send', 'test', '--width', '320', '--height', '240'] });
		await untilCardMoves(page);
		await native.until('stats', e => e.frames_decoded > 10);
		await toldByName(page);
		await native.end();
	}],
	['two native peers resolve each other', twoNatives],
].map(([title, test]) => [`interop/mdns/${title}`, test]);
process.exit(await runTests(tests, process.argv.slice(2)) ? 0 : 1);
