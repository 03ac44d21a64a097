// main.mjs - below impair, which names the networks: calls that a bad link carries.

import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { joinPage, ok, Process, runTests, same, startBrowser, startRelay, until, untilCardMoves, untilStatus, within } from '../../browser/harness.mjs';
import { checkSaved } from '../chromium/media.mjs';
import { echo, Native, release, sanitized, scratch, watchCard } from '../chromium/lib.mjs';

const { IMPAIR, IMPAIR_IP_A } = process.env;
const a = command => [IMPAIR, 'in', 'a', command], b = command => [IMPAIR, 'in', 'b', command];

/** The harness starts one program for the relay and one for the browser: these, in their networks. */
function intoNetworks(after) {
	const dir = scratch(after), quote = words => words.map(w => `'${w}'`).join(' ');
	for (const [variable, words] of [['TAUT', a(release)], ['CHROMIUM', b(process.env.CHROMIUM ?? '/usr/bin/chromium')]]) {
		const file = join(dir, variable.toLowerCase());
		writeFileSync(file, `#!/bin/sh\nexec ${quote(words)} "$@"\n`);
		chmodSync(file, 0o755);
		process.env[variable] = file;
	}
}

const begun = [];

async function relayInA(after) {
	const relay = await startRelay(0, '--quiet', '--host', IMPAIR_IP_A);
	after(() => relay.stop());
	return relay;
}

function nativeIn(where, after, relay, ...more) {
	const native = new Native(where(sanitized), relay.url, 'lossy', ...more);
	after(() => native.kill());
	return native;
}

async function chromium(after, { nativeFirst }) {
	const relay = await relayInA(after);
	const browser = await startBrowser({ args: [`--unsafely-treat-insecure-origin-as-secure=${new URL(relay.url).origin}`] });
	after(() => browser.close());
	const dir = scratch(after);
	const joined = () => joinPage(browser, relay.url, { room: 'lossy', name: 'page', source: 'camera' });
	let page;
	if (!nativeFirst)
		await untilStatus(page = await joined(), 'Nobody else');
	const native = nativeIn(a, after, relay, '--send', 'test', '--save', dir);
	await native.joined();
	page ??= await joined();
	await untilStatus(page, 'Connected with native');
	await untilCardMoves(page);
	for (const [count, size] of [[64, 16384], [1, 262144]]) {
		const r = await echo(page, count, size, 60000);
		same(r.back, r.sent, `SHA-256 of ${count} messages of ${size} bytes`);
		console.log(`# ${count} x ${size} bytes and back: ${r.ms.toFixed(0)} ms`);
	}
	const seen = await watchCard(page, 6000), { counters } = seen;
	console.log(`# ${counters.length} pictures in 6 s, ${seen.unreadable} not legible, counter from ${counters[0]} to ${counters.at(-1)}; beep after flash: ${seen.apart.map(Math.round).join(' ')} ms`);
	ok(counters.every((n, i) => i === 0 || n >= counters[i - 1]), 'the counter never goes back');
	ok(counters.length > 60 && counters.at(-1) - counters[0] > 100, `the counter advances: ${counters.length} pictures, ${counters[0]} to ${counters.at(-1)}`);
	ok(seen.tones.length > 0 && seen.tones.every(t => Math.abs(t - 440) < 6), `the tone: ${seen.tones}`);
	same(page.errors, [], 'errors on the page');
	const side = await native.end();
	console.log(`# native: ${JSON.stringify(side)}`);
	checkSaved(dir, side);
	ok(side.packets_resent > 0, 'lost packets were sent again');
}

async function natives(after) {
	const relay = await relayInA(after);
	const first = nativeIn(a, after, relay, '--send', 'test');
	await first.joined();
	const second = nativeIn(b, after, relay, '--send', 'test');
	await Promise.all([first.connected(), second.connected()]);
	await Promise.all([first, second].map(n => n.until('stats', e => e.frames_decoded > 150, 30000)));
	const sides = [await first.end(), await second.end()];
	for (const s of sides) {
		console.log(`# ${s.card_frames} pictures, ${s.card_missing} missing; ${s.audio_frames_decoded} of sound; lost ${s.packets_lost}, resent ${s.packets_resent}, NACKs ${s.nacks_sent}, PLIs ${s.plis_sent}; ${s.audio_frequency.toFixed(1)} Hz; beep after flash ${s.av_offset_ms.toFixed(1)} ms`);
		ok(s.card_in_order > 100 && s.card_missing < s.card_frames / 2, `the counter advances: ${s.card_in_order} in order, ${s.card_missing} missing`);
		ok(Math.abs(s.audio_frequency - 440) < 6, `the tone: ${s.audio_frequency}`);
		ok(s.packets_resent > 0, 'lost packets were sent again');
		ok(s.messages_received > 0, 'the greeting came');
	}
}

/** 1 MiB and a message of 262,144 bytes there and back, compared by bulk.c. */
async function bulk(after) {
	const relay = await relayInA(after);
	const native = nativeIn(a, after, relay, '--data-only');
	await native.joined();
	const [command, ...args] = b(join(dirname(sanitized), 'interop_lossy_bulk'));
	const p = new Process(command, [...args, relay.url, 'lossy', '60']);
	after(() => p.code === undefined && p.child.kill('SIGKILL'));
	await within(65000, 'all came back', p.ended);
	console.log(`# ${p.output.trim()}`);
	same(p.code, 0, 'status');
	await native.end();
}

/** No UDP at all for a while: both say so, and the call goes on when the link heals. */
async function cut(after) {
	const relay = await relayInA(after);
	const first = nativeIn(a, after, relay, '--send', 'test');
	await first.joined();
	const second = nativeIn(b, after, relay, '--send', 'test');
	const both = test => Promise.all([first, second].map(test));
	await both(n => n.until('first frame'));
	const toggle = () => process.kill(process.ppid, 'SIGUSR1');
	toggle();
	let healed = false;
	after(() => healed || toggle());
	await both(n => n.until('state', e => e.text.startsWith('disconnected'), 20000));
	healed = true;
	toggle();
	await both(n => n.connected(1));
	const seen = await both(n => n.events.filter(e => e.event === 'stats').at(-1).frames_decoded);
	await both((n, i) => n.until('stats', e => e.frames_decoded > seen[i] + 60));
	const sides = await both(n => n.end());
	ok(sides.every(s => s.card_in_order > 60), 'the counter advances');
}

/** A browser that hides its addresses: its names cross the link by multicast, the rest is lossy. */
async function names(after) {
	const relay = await relayInA(after);
	const browser = await startBrowser({ devices: false });
	after(() => browser.close());
	const native = nativeIn(a, after, relay, '--data-only');
	await native.joined();
	const page = await joinPage(browser, relay.url, { room: 'lossy', name: 'page', source: 'data' });
	await untilStatus(page, 'Connected with native', 30000);
	await until('the greeting is read', async () => (await page.textContent('#chat')).includes('this is native'));
	await native.end();
}

const all = [
	['Chromium and native, page offers', after => chromium(after, { nativeFirst: false })],
	['Chromium and native, native offers', after => chromium(after, { nativeFirst: true })],
	['native to native, sound and picture', natives],
	['native to native, 1 MiB and a large message', bulk],
	['native to native, the link is cut and heals', cut],
	['Chromium with .local names', names],
];
if (!existsSync(sanitized))
	throw new Error(`${sanitized} is not there: build it first`);
intoNetworks(f => begun.push(f));
const good = await runTests(all.map(([name, test]) => [`interop/lossy/${name}`, test]), process.argv.slice(2));
begun.forEach(f => f());
process.exit(good ? 0 : 1);
