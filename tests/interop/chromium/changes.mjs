// changes.mjs - what happens in the middle of a call: other media, an ICE restart, a third one,
// channels that come and go.

import { joinPage, ok, same, startBrowser, startRelay, until, untilCardMoves, untilStatus } from '../../browser/harness.mjs';
import { echo, Native, sanitized } from './lib.mjs';

async function aCall(after, { nativeFirst, source, more = ['--send', 'test'] }) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const browser = await startBrowser();
	after(() => browser.close());
	const joined = name => joinPage(browser, relay.url, { room: 'changes', name, source });
	let page;
	if (!nativeFirst)
		await untilStatus(page = await joined('page'), 'Nobody else');
	const native = new Native([sanitized], relay.url, 'changes', ...more);
	after(() => native.kill());
	await native.joined();
	page ??= await joined('page');
	await untilStatus(page, 'Connected with native');
	return { relay, browser, native, page, joined };
}

const decoded = native => native.events.filter(e => e.event === 'stats').at(-1)?.frames_decoded ?? 0;

async function growing(native) {
	const from = decoded(native);
	await native.until('stats', e => e.frames_decoded > from + 15);
}

/** A page that only looked on begins to send, stops, and sends something else. */
async function sources(after, nativeFirst) {
	const { native, page } = await aCall(after, { nativeFirst, source: 'none' });
	await untilCardMoves(page);
	same(decoded(native), 0, 'pictures before the page sends any');
	await page.selectOption('#source-select', 'test');
	await growing(native);
	await page.selectOption('#source-select', 'none');
	await until('the page sends no more', () => page.evaluate(() => window.taut.pc.getSenders().every(s => !s.track)));
	await page.selectOption('#source-select', 'camera');
	await growing(native);
	await untilCardMoves(page);
	same(page.errors, [], 'errors on the page');
	const side = await native.end();
	ok(side.card_frames > 5 && side.card_frames < side.frames_decoded, `the page's card, then its camera: ${side.card_frames} of ${side.frames_decoded}`);
}

/** New credentials, new candidates, the same call. */
async function restart(after) {
	const { native, page } = await aCall(after, { nativeFirst: false, source: 'camera' });
	await untilCardMoves(page);
	const ufrag = () => page.evaluate(() => /a=ice-ufrag:(\S+)/.exec(window.taut.pc.remoteDescription.sdp)[1]);
	for (let i = 0; i < 2; i++) {
		const before = await ufrag();
		await page.evaluate(() => window.taut.pc.restartIce());
		await until('the native peer has new credentials', async () => await ufrag() !== before);
		await untilCardMoves(page);
		await growing(native);
		const r = await echo(page, 4, 16384);
		same(r.back, r.sent, 'SHA-256 after the restart');
	}
	same(await page.evaluate(() => window.taut.pc.connectionState), 'connected', 'state');
	same(page.errors, [], 'errors on the page');
	await native.end();
}

/** Two pages and the native peer: each sees the other two. */
async function three(after) {
	const { native, page, joined } = await aCall(after, { nativeFirst: true, source: 'none' });
	const other = await joined('other');
	await untilStatus(other, /Connected with .*,/);
	for (const p of [page, other])
		await until('the native card is among the pictures', async () => {
			for (let i = 0; i < 2; i++)
				if (await untilCardMoves(p, i, 3000).catch(() => null))
					return true;
			return false;
		});
	await other.click('#leave');
	await native.until('peer left');
	await untilCardMoves(page);
	await native.end();
}

/** Every kind of channel; they close from either side, and their numbers are used again. */
async function channels(after) {
	const { native, page } = await aCall(after, { nativeFirst: true, source: 'data', more: ['--data-only', '--send', 'echo'] });
	const results = await page.evaluate(async () => {
		const kinds = [{}, { ordered: false }, { ordered: false, maxRetransmits: 0 }, { maxPacketLifeTime: 500 }, { protocol: 'tea', ordered: true }];
		const one = async (label, init) => {
			const channel = window.taut.pc.createDataChannel(label, init), heard = [];
			channel.binaryType = 'arraybuffer';
			await new Promise((done, fail) => {
				channel.onopen = done;
				channel.onclose = () => fail(new Error(`${label} closed`));
			});
			const back = new Promise(done => {
				channel.onmessage = e => heard.push(typeof e.data === 'string' ? e.data : e.data.byteLength) === 5 && done();
			});
			for (const data of ['', 'ä€😀', new Uint8Array(0), new Uint8Array(1), new Uint8Array(5000)])
				channel.send(data);
			await back;
			const { id } = channel;
			const closed = new Promise(done => { channel.onclose = done; });
			channel.close();
			await closed;
			return { id, heard: heard.map(String).sort() };
		};
		const all = [];
		for (let round = 0; round < 2; round++)
			all.push(await Promise.all(kinds.map((k, i) => one(`ä${i}`, k))));
		all.push(await Promise.all(Array.from({ length: 100 }, (_, i) => one(`many ${i}`, {}))));
		return all;
	});
	for (const round of results)
		for (const r of round)
			same(r.heard, ['', '0', '1', '5000', 'ä€😀'], 'what came back');
	same(results.map(r => r.length), [5, 5, 100], 'channels');
	same(results[0].map(r => r.id).sort(), results[1].map(r => r.id).sort(), 'numbers of streams are used again');
	same(page.errors, [], 'errors on the page');
	await native.end();
}

export const tests = [
	['page offers, looks on, sends, stops, sends', after => sources(after, false)],
	['native offers, page looks on, sends, stops, sends', after => sources(after, true)],
	['ICE restarts twice and the call goes on', restart],
	['two pages and the native peer', three],
	['channels of every kind open, close and open again', channels],
];
