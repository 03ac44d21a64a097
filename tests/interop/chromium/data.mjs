// data.mjs - data channels with a Chromium that hides its addresses behind .local names.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinPage, ok, same, startBrowser, startRelay, until, untilStatus } from '../../browser/harness.mjs';
import { echo, Native, sanitized, scratch } from './lib.mjs';

const KIB = 1024;

async function chatBothWays(page, native) {
	await until('the native greeting is read', async () => (await page.textContent('#chat')).includes('this is native'));
	await page.fill('#chat-text', 'tea? ☕');
	await page.keyboard.press('Enter');
	await native.until('chat', e => e.text === 'tea? ☕');
}

/** The page's candidates that went through the relay. */
const candidates = page => page.evaluate(() => window.taut.log.filter(l => l.out && l.message.type === 'candidate' && l.message.candidate).map(l => l.message.candidate.candidate));

async function dataCall(after, { nativeFirst, source }) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const browser = await startBrowser({ devices: false });
	after(() => browser.close());
	const joined = () => joinPage(browser, relay.url, { room: 'data', name: 'page', source });
	let page, native;
	if (!nativeFirst)
		await untilStatus(page = await joined(), 'Nobody else');
	const trace = join(scratch(after), 'trace');
	native = new Native([sanitized], relay.url, 'data', '--data-only', '--send', 'none', '--trace', trace);
	after(() => native.kill());
	await native.joined();
	page ??= await joined();
	await untilStatus(page, 'Connected with native');
	await chatBothWays(page, native);
	for (const [count, size] of [[64, 16 * KIB], [1, 262144], [1, 0], [1, 1]]) {
		const r = await echo(page, count, size);
		same(r.back, r.sent, `SHA-256 of ${count} messages of ${size} bytes`);
		ok(r.sizes, 'each message came back whole');
		console.log(`# ${count} x ${size} bytes and back: ${r.ms.toFixed(0)} ms`);
	}
	const own = await candidates(page);
	ok(own.length > 0 && own.every(c => c.includes('.local')), `only .local candidates: ${own.join(' ')}`);
	const offers = await page.evaluate(() => window.taut.log.filter(l => l.message.description?.type === 'offer').map(l => l.out));
	same(offers[0], !nativeFirst, 'the page made the first offer');
	same(page.errors, [], 'errors on the page');
	const side = await native.end();
	ok(side.messages_received >= 68, `messages received: ${side.messages_received}`);
	ok(readFileSync(trace, 'utf8').includes('name of a remote candidate resolved'), 'a .local name was resolved');
}

/** draft-hancke-tsvwg-snap, which Chromium has behind a field trial. */
async function snapCall(after, { nativeFirst }) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const browser = await startBrowser({ devices: false, args: ['--force-fieldtrials=WebRTC-Sctp-Snap/Enabled/'] });
	after(() => browser.close());
	const joined = () => joinPage(browser, relay.url, { room: 'snap', name: 'page', source: 'data' });
	let page;
	if (!nativeFirst)
		await untilStatus(page = await joined(), 'Nobody else');
	const trace = join(scratch(after), 'trace');
	const native = new Native([sanitized], relay.url, 'snap', '--data-only', '--send', 'none', '--trace', trace);
	after(() => native.kill());
	await native.joined();
	page ??= await joined();
	await untilStatus(page, 'Connected with native');
	const r = await echo(page, 64, 16 * KIB);
	same(r.back, r.sent, 'SHA-256 of 64 messages');
	const told = await page.evaluate(() => window.taut.log.filter(l => l.message.description).map(l => [l.out, l.message.description.type, l.message.description.sdp.includes('a=sctp-init:')]));
	console.log(`# ${JSON.stringify(told)}`);
	const offer = told.find(([, type]) => type === 'offer'), answer = told.find(([, type]) => type === 'answer');
	same(offer[0], !nativeFirst, 'the page made the first offer');
	same([offer[2], answer[2]], nativeFirst ? [false, false] : [true, true], 'a=sctp-init in the offer and in the answer');
	same(page.errors, [], 'errors on the page');
	await native.end();
	same(/sctp .*(INIT|COOKIE)/.test(readFileSync(trace, 'utf8')), nativeFirst, 'SCTP shook hands');
}

export const tests = [
	['data, page offers a=sctp-init and no handshake follows', after => snapCall(after, { nativeFirst: false })],
	['data, native offers none to a page that knows a=sctp-init', after => snapCall(after, { nativeFirst: true })],
	['data, page offers, .local candidates', after => dataCall(after, { nativeFirst: false, source: 'data' })],
	['data, native offers, .local candidates', after => dataCall(after, { nativeFirst: true, source: 'data' })],
	['data, page offers media that native refuses', after => dataCall(after, { nativeFirst: false, source: 'none' })],
];
