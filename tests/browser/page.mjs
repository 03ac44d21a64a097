// page.mjs - two browsers and one page: a call through the relay, and everything that goes wrong.

import { readFileSync } from 'node:fs';
import { cardOf, Client, joinPage, ok, pause, same, startBrowser, startRelay, statusOf, toneOf, until, untilCardMoves, untilNotice, untilStatus, watch, within } from './harness.mjs';

let relay, browser;

async function begin() {
	relay ??= await startRelay();
	browser ??= await startBrowser();
	return relay.url;
}

export async function end() {
	await browser?.close();
	if (relay)
		same(await relay.stop(), 0, `the relay ends with status 0: ${relay.output.slice(-2000)}`);
}

let rooms = 0;
const newRoom = () => `room ${++rooms} ä`;

/** Two pages that are connected; both are closed when the test ends. */
async function pair(after, a = {}, b = {}) {
	const url = await begin(), room = newRoom();
	const one = await joinPage(browser, url, { room, name: 'Ada', ...a });
	after(() => one.context().close());
	await untilStatus(one, 'Nobody else');
	const two = await joinPage(browser, url, { room, name: 'Bob', ...b });
	after(() => two.context().close());
	await untilStatus(one, 'Connected with');
	await untilStatus(two, 'Connected with');
	return { url, room, one, two };
}

const lastChat = page => page.evaluate(() => {
	const li = [...document.querySelectorAll('#chat li:not(.event)')].at(-1);
	return li ? { who: li.querySelector('.who').textContent, text: li.querySelector('.text').textContent } : null;
});

async function say(page, text, via = 'direct') {
	await page.selectOption('#chat-via', via);
	await page.fill('#chat-text', text);
	await page.click('#chat-form button');
}

const heardChat = (page, text) => until(`the chat shows "${text}"`, async () => {
	const last = await lastChat(page);
	return last?.text === text ? last : null;
});

/** Nothing that strangers sent became an element, and nothing was thrown. */
async function clean(...pages) {
	for (const page of pages) {
		same(page.errors, [], 'errors of the page');
		same(await page.evaluate(() => [window.pwned ?? null, document.querySelectorAll('.tile img, #chat img, #log img, #notices img, .tile script, #chat script').length]), [null, 0], 'injected');
	}
}

/** Descriptions that a page has sent so far. */
const described = page => page.evaluate(() => window.taut.log.filter(l => l.out && l.message.type === 'description').length);

export const tests = [
	['what is sent changes on both sides, with an offer for each change and none without', async after => {
		const { one, two } = await pair(after);
		for (const kind of ['none', 'test', 'none', 'test'])
			for (const page of [one, two]) {
				const before = await described(page);
				await page.selectOption('#source-select', kind);
				await until('it is negotiated', async () => await described(page) > before && page.evaluate(() => window.taut.pc.signalingState === 'stable'));
			}
		await untilCardMoves(one);
		await untilCardMoves(two);
		const count = await described(one) + await described(two);
		await pause(1000);
		same(await described(one) + await described(two), count, 'descriptions after a second in which nothing changed');
		await clean(one, two);
	}],
	['two browsers see, hear and read each other', async after => {
		const { one, two } = await pair(after);
		await untilCardMoves(one);
		await untilCardMoves(two);
		const hertz = await until('the tone is heard', async () => {
			const f = await toneOf(two);
			return Math.abs(f - 440) < 12 ? f : 0;
		});
		ok(hertz, 'tone');
		await say(one, 'hello by the channel');
		ok((await heardChat(two, 'hello by the channel')).who.startsWith('Ada · '), 'with its author');
		await say(two, 'hello by the relay', 'relay');
		const { who } = await heardChat(one, 'hello by the relay');
		ok(who.startsWith('Bob · ') && who.endsWith('by relay'), who);
		await clean(one, two);
	}],
	['a camera is sent, switched off, and replaced by the test pattern', async after => {
		const { one, two } = await pair(after, { source: 'camera' }, { source: 'none' });
		const picture = () => cardOf(two);
		await until('the fake camera is seen', async () => (await picture())?.width >= 320);
		same((await picture()).there, false, 'it is no test card');
		await one.selectOption('#source-select', 'test');
		await untilCardMoves(two);
		await one.selectOption('#source-select', 'none');
		await until('the picture is gone', () => two.evaluate(() => document.querySelector('.tile:not(.me) video').style.visibility === 'hidden'));
		await one.selectOption('#source-select', 'test');
		await untilCardMoves(two);
		await clean(one, two);
	}],
	['the newcomer who was asked for nothing adds its own picture', async after => {
		const { one, two } = await pair(after, { source: 'data' }, { source: 'none' });
		same(await one.evaluate(() => window.taut.pc.getTransceivers().length), 0, 'no media was offered');
		await two.selectOption('#source-select', 'test');
		await until('it is offered', () => one.evaluate(() => window.taut.pc.getTransceivers().length === 2));
		await until('and answered', () => two.evaluate(() => window.taut.pc.signalingState === 'stable'));
		await say(two, 'still here');
		await heardChat(one, 'still here');
		await clean(one, two);
	}],
	['both change what they send at the same moment, again and again', async after => {
		const { one, two } = await pair(after, { source: 'none' }, { source: 'none' });
		for (let i = 0; i < 6; i++)
			await Promise.all([one, two].map(p => p.evaluate(n => {
				const { pc } = window.taut;
				pc.addTransceiver(n % 2 ? 'audio' : 'video', { direction: 'inactive' });
			}, i)));
		await until('both settle', async () => {
			const all = await Promise.all([one, two].map(p => p.evaluate(() => [window.taut.pc.signalingState, window.taut.pc.getTransceivers().filter(t => t.mid !== null).length, window.taut.pc.getTransceivers().length])));
			return all.every(([state, with_mid, count]) => state === 'stable' && with_mid === count) && all[0][2] === all[1][2];
		});
		same(await one.evaluate(() => window.taut.log.filter(l => l.message.type === 'error').length), 0, 'errors of the relay');
		await Promise.all([one, two].map(p => p.selectOption('#source-select', 'test')));
		await untilCardMoves(one);
		await untilCardMoves(two);
		await clean(one, two);
	}],
	['a page that is reloaded is met again', async after => {
		const { one, two } = await pair(after);
		await two.reload();
		await untilNotice(one, 'Bob has left');
		await untilStatus(one, 'Nobody else');
		await two.click('#join');
		await untilStatus(one, 'Connected with Bob');
		await untilStatus(two, 'Connected with Ada');
		await untilCardMoves(one);
		await untilCardMoves(two);
		same(await one.locator('.tile:not(.me)').count(), 1, 'pictures of others');
		await clean(one, two);
	}],
	['a peer who leaves is said to have left and the room goes on', async after => {
		const { one, two } = await pair(after);
		await two.click('#leave');
		await untilNotice(one, 'Bob has left');
		await untilStatus(one, 'Nobody else');
		same(await one.locator('.tile:not(.me)').count(), 0, 'pictures of others');
		ok(await two.isVisible('#join-form'), 'the one who left is at the start again');
		await two.click('#join');
		await untilStatus(one, 'Connected with Bob');
		await clean(one, two);
	}],
	['a tab that is closed is gone, with a reason', async after => {
		const { one, two } = await pair(after);
		await two.close();
		await untilStatus(one, 'Nobody else', 40000);
		await untilNotice(one, 'Bob');
		await clean(one);
	}],
	['a third browser joins and all three see each other', async after => {
		const { url, room, one, two } = await pair(after, {}, {});
		const three = await joinPage(browser, url, { room, name: 'Cid' });
		after(() => three.context().close());
		await untilStatus(three, /Connected with .*, /);
		for (const page of [one, two, three]) {
			await untilStatus(page, /Connected with .*, /);
			await until('two pictures', async () => await page.locator('.tile:not(.me)').count() === 2);
			await untilCardMoves(page, 0);
			await untilCardMoves(page, 1);
		}
		await clean(one, two, three);
	}],
	['the relay is killed and comes back, the call goes on meanwhile', async after => {
		const own = await startRelay(), room = newRoom();
		let again;
		after(() => again?.stop());
		after(() => own.stop());
		browser ??= await startBrowser();
		const [one, two] = [await joinPage(browser, own.url, { room, name: 'Ada' }), await joinPage(browser, own.url, { room, name: 'Bob' })];
		after(() => one.context().close());
		after(() => two.context().close());
		await untilStatus(one, 'Connected with Bob');
		await untilStatus(two, 'Connected with Ada');
		const ids = await Promise.all([one, two].map(p => p.evaluate(() => window.taut.room.id)));
		await own.stop('SIGKILL');
		for (const page of [one, two]) {
			await untilNotice(page, 'The relay does not answer');
			await untilStatus(page, 'goes on');
		}
		await untilCardMoves(one);
		await say(one, 'without a relay');
		await heardChat(two, 'without a relay');
		again = await startRelay(own.port);
		same(again.port, own.port, 'the same port');
		await untilStatus(one, 'Connected with Bob', 30000);
		await untilStatus(two, 'Connected with Ada', 30000);
		await until('both have joined again', async () => (await Promise.all([one, two].map(p => p.evaluate(() => window.taut.room.joined)))).every(Boolean), 30000);
		same(await Promise.all([one, two].map(p => p.evaluate(() => window.taut.room.id))), ids, 'the ids');
		await say(one, 'with the relay', 'relay');
		await heardChat(two, 'with the relay');
		await two.selectOption('#source-select', 'none');
		await two.selectOption('#source-select', 'test');
		await untilCardMoves(one);
		same(await one.evaluate(() => new Set(window.taut.log.filter(l => l.message.type === 'description').map(l => l.message.call)).size), 1, 'calls: it was never begun anew');
		await clean(one, two);
	}],
	['permission denied is said in words, and the test pattern helps', async after => {
		const url = await begin(), own = await startBrowser({ devices: false, args: ['--deny-permission-prompts', '--use-fake-device-for-media-stream'] }), room = newRoom();
		after(() => own.close());
		const page = await joinPage(own, url, { room, name: 'Ada', source: 'camera' });
		await untilNotice(page, 'did not allow camera and microphone');
		await untilStatus(page, 'Nobody else');
		const other = await joinPage(browser, url, { room, name: 'Bob' });
		after(() => other.context().close());
		await untilStatus(page, 'Connected with Bob');
		await untilCardMoves(page); // it watches without sending
		await page.click('text=Use the test pattern');
		await untilCardMoves(other);
		same(await page.textContent('#notices').then(t => t.includes('did not allow')), false, 'the notice is gone');
		await clean(page, other);
	}],
	['an insecure address is said in words, and the test pattern works there', async after => {
		const open = await startRelay(0, '--host', '0.0.0.0'), own = await startBrowser({ args: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'] });
		after(() => open.stop());
		after(() => own.close());
		const room = newRoom(), url = `http://insecure.test:${open.port}/`;
		const page = await joinPage(own, url, { room, name: 'Ada', source: 'camera' });
		await untilNotice(page, 'is not secure');
		await page.click('text=Use the test pattern');
		const other = await joinPage(own, url, { room, name: 'Bob' });
		await untilStatus(other, 'Connected with Ada');
		await untilCardMoves(other);
		await clean(page, other);
	}],
	['markup as a name, as chat and in a description stays text', async after => {
		const evil = '<img src=x onerror="window.pwned=1">';
		const { url, room, one, two } = await pair(after, {}, { name: evil });
		same(await one.textContent('.tile:not(.me) .tag'), evil, 'the name under the picture');
		await say(two, evil);
		await heardChat(one, evil);
		await say(two, evil, 'relay');
		await heardChat(one, evil);
		const c = await Client.join(url, room, `${evil}!`);
		after(() => c.close());
		c.say({ type: 'user_here' });
		c.say({ type: 'description', call: 'evil', description: { type: 'offer', sdp: `v=0\r\na=${evil}\r\n` } });
		await untilNotice(one, 'refuses');
		await one.click('#tab-log');
		for (const summary of await one.locator('#log summary').all())
			await summary.click({ timeout: 2000 }).catch(() => {});
		await one.click('#tab-state');
		await pause(1200);
		await clean(one, two);
	}],
	['why it failed on the other side is shown, as text and no longer than it may be', async after => {
		const url = await begin(), room = newRoom();
		const page = await joinPage(browser, url, { room, name: 'Ada' });
		after(() => page.context().close());
		await untilStatus(page, 'Nobody else');
		const c = await Client.join(url, room, 'Mallory');
		after(() => c.close());
		c.say({ type: 'user_here' });
		const { from, call } = await c.hear('description'), evil = '<img src=x onerror="window.pwned=1">';
		const fail = more => c.say({ type: 'failure', to: from, call, ...more });
		fail({ call: 'another', text: 'of another call' });
		fail({ text: 'x'.repeat(1025) });
		same((await c.hear('error')).code, 'bad_field', 'what is longer');
		fail({ text: `${evil}${'y'.repeat(1024 - evil.length)}` });
		await untilNotice(page, `Mallory says: ${evil}y`);
		const shown = await page.textContent('#notices');
		ok(!shown.includes('of another call') && !shown.includes('xxx'), shown);
		await page.click('#tab-log');
		await clean(page);
	}],
	['the signaling log has the descriptions without their passwords', async after => {
		const { one } = await pair(after);
		await one.click('#tab-log');
		for (const summary of await one.locator('#log summary').all())
			await summary.click();
		const text = await one.textContent('#log');
		ok(text.includes('a=ice-pwd:…') && !/a=ice-pwd:[^…]/.test(text), 'an ellipsis instead');
	}],
	['a description that is refused is said, with the line', async after => {
		const url = await begin(), room = newRoom();
		const page = await joinPage(browser, url, { room, name: 'Ada' });
		after(() => page.context().close());
		await untilStatus(page, 'Nobody else');
		const c = await Client.join(url, room, 'Mallory');
		after(() => c.close());
		c.say({ type: 'user_here' });
		const offer = await c.hear('description');
		const bad = offer.description.sdp.replace(/a=rtpmap:111 .*\r\n/, 'a=rtpmap:111 nonsense/x/y/z\r\n').replace('a=setup:actpass', 'a=setup:active');
		c.say({ type: 'description', to: offer.from, call: offer.call, description: { type: 'answer', sdp: bad } });
		await untilNotice(page, 'The browser refuses an answer from Mallory');
		ok((await page.textContent('#notices')).includes('a=rtpmap:111 nonsense/x/y/z'), await page.textContent('#notices'));
		const good = await joinPage(browser, url, { room, name: 'Bob' });
		after(() => good.context().close());
		await until('the page goes on with others', () => page.evaluate(() => [...window.taut.peers.values()].some(p => p.name === 'Bob' && p.call?.connected)));
		await clean(page, good);
	}],
	['a full room is said in words', async after => {
		const url = await begin(), room = newRoom(), clients = [];
		for (let i = 0; i < 8; i++)
			clients.push(await Client.join(url, room, `n${i}`));
		const page = await joinPage(browser, url, { room, name: 'Ninth' });
		after(() => page.context().close());
		after(() => Promise.all(clients.map(c => c.close())));
		await untilNotice(page, 'This room is full');
	}],
	['the smallest client of docs/SIGNALING.md answers a call', async after => {
		const code = /```js\n([^]*?)```/.exec(readFileSync(new URL('../../docs/SIGNALING.md', import.meta.url), 'utf8'))[1];
		const url = await begin(), room = newRoom(), page = await joinPage(browser, url, { room, name: 'Ada' });
		after(() => page.context().close());
		await untilStatus(page, 'Nobody else');
		const tiny = await (await browser.newContext()).newPage();
		after(() => tiny.context().close());
		await tiny.goto(url);
		await tiny.evaluate(code.replace("'tea'", JSON.stringify(room)));
		await untilStatus(page, 'Connected with tiny');
		await heardChat(page, 'hello');
		await clean(page);
	}],
	['the page fits a phone, in the dark, without a line that is too wide', async after => {
		const phone = { viewport: { width: 360, height: 740 }, colorScheme: 'dark', isMobile: true, hasTouch: true };
		const { one } = await pair(after, { context: phone }, {});
		await say(one, `a very long word: ${'w'.repeat(300)}`);
		for (const tab of ['#tab-state', '#tab-log', '#tab-chat']) {
			await one.click(tab);
			same(await one.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `nothing is wider than the screen at ${tab}`);
		}
		same(await one.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(18, 22, 21)', 'dark');
		await clean(one);
	}],
	['with host candidates behind mDNS names, text only', async after => {
		const url = await begin(), own = await startBrowser({ devices: false });
		after(() => own.close());
		const room = newRoom(), [one, two] = [await joinPage(own, url, { room, name: 'Ada', source: 'data' }), await joinPage(own, url, { room, name: 'Bob', source: 'data' })];
		await untilStatus(two, 'Connected with Ada');
		await say(two, 'by way of .local');
		await heardChat(one, 'by way of .local');
		const names = await one.evaluate(() => window.taut.log.filter(l => l.message.candidate?.candidate.includes('.local')).length);
		ok(names > 0, 'candidates had .local names');
		await clean(one, two);
	}],
];
