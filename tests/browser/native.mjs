// native.mjs - the page and `taut call`, both ways: who was there first makes the offer.

import { Process, joinPage, ok, same, startBrowser, startRelay, tautCommand, toneOf, until, untilCardMoves, untilNotice, untilStatus } from './harness.mjs';

let relay, browser, rooms = 0; // the first two are promises: tests that run beside each other share them

async function begin() {
	relay ??= startRelay();
	browser ??= startBrowser();
	const [{ url }] = await Promise.all([relay, browser]);
	return { url, room: `native ${++rooms}` };
}

export async function end() {
	const [b, r] = (await Promise.allSettled([browser, relay])).map(p => p.value);
	await b?.close();
	if (r)
		same(await r.stop(), 0, `the relay ends with status 0: ${r.output.slice(-2000)}`);
}

function call(after, url, room, ...more) {
	const p = new Process(tautCommand(), ['call', url, '--room', room, '--name', 'Native', ...more]);
	after(() => (p.code === undefined ? p.stop('SIGINT') : null));
	return p;
}

/** The page and the native peer are connected; pageFirst: the page offers. */
async function pair(after, pageFirst, { source = 'test', options = ['--send', 'test'], own = null, before = [] } = {}) {
	const { url, room } = await begin();
	const join = async () => {
		const page = await joinPage(own ?? await browser, url, { room, name: 'Page', source, before });
		after(() => page.context().close());
		await until('the page has joined', () => page.evaluate(() => window.taut.room?.joined));
		return page;
	};
	const early = pageFirst ? await join() : null;
	const native = call(after, url, room, ...options);
	await until('the native peer has joined', () => native.output.includes('joined'));
	const page = early ?? await join();
	await untilStatus(page, 'Connected with Native').catch(e => {
		throw new Error(`${e.message}; native: ${native.output}; ${page.errors}`);
	});
	return { url, room, page, native };
}

const say = async (page, text) => {
	await page.fill('#chat-text', text);
	await page.click('#chat-form button');
};

/** Every address that the page tells or hears of becomes one that leads nowhere. */
const NOWHERE = `{
	const lost = text => text.replace(/(candidate:\\S+ \\d+ \\w+ \\d+) \\S+ (\\d+)/g, '$1 192.0.2.7 $2');
	const { send } = WebSocket.prototype, { addIceCandidate, setRemoteDescription } = RTCPeerConnection.prototype;
	WebSocket.prototype.send = function(text) { return send.call(this, lost(text)); };
	RTCPeerConnection.prototype.addIceCandidate = function(c) { return addIceCandidate.call(this, c && { ...c, candidate: lost(c.candidate) }); };
	RTCPeerConnection.prototype.setRemoteDescription = function(d) { return setRemoteDescription.call(this, { type: d.type, sdp: lost(d.sdp) }); };
}`;

/** Sends what is made from sizes through a channel "echo", and compares the hashes of what comes back. */
function echo(page, sizes) {
	return page.evaluate(async all => {
		const channel = window.taut.pc.createDataChannel('echo'), hash = async d => Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', d)).slice(0, 8)).join();
		channel.binaryType = 'arraybuffer';
		await new Promise((done, fail) => {
			channel.onopen = done;
			setTimeout(fail, 10000, new Error('the channel does not open'));
		});
		const sent = [], got = [];
		channel.onmessage = e => got.push(e.data);
		for (const size of all) {
			const data = new Uint8Array(size);
			for (let at = 0; at < size; at += 65536)
				crypto.getRandomValues(data.subarray(at, at + 65536));
			sent.push(await hash(data));
			channel.send(data);
		}
		for (const end = Date.now() + 40000; got.length < sent.length && Date.now() < end;)
			await new Promise(done => setTimeout(done, 20));
		const back = await Promise.all(got.map(hash));
		channel.close();
		return { sent, back };
	}, sizes);
}

/** In the page: its card is 960 x 720, because of smaller pictures Chromium sends fewer encodings than three. */
function largeCard() {
	const capture = HTMLCanvasElement.prototype.captureStream;
	HTMLCanvasElement.prototype.captureStream = function (fps) {
		const large = document.createElement('canvas');
		[large.width, large.height] = [960, 720];
		const draw = () => large.getContext('2d').drawImage(this, 0, 0, 960, 720);
		setInterval(draw, 1000 / fps);
		draw();
		return capture.call(large, fps);
	};
}

/** In the page: what it offers of a picture is three encodings. */
function offerThree() {
	const add = RTCPeerConnection.prototype.addTransceiver;
	RTCPeerConnection.prototype.addTransceiver = function (what, init) {
		const three = [{ rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 }, { rid: 'f' }];
		return add.call(this, what, what.kind === 'video' ? { ...init, sendEncodings: three } : init);
	};
}

/** The native peer has decoded pictures of each rid, of these widths, with the card's counter on them. */
async function hasDecoded(native, widths) {
	for (const rid of Object.keys(widths))
		await until(`encoding ${rid} arrives`, () => native.output.includes(`encoding ${rid}\n`), 40000);
	await new Promise(done => setTimeout(done, 2000));
	same(await native.stop('SIGINT'), 0, native.output);
	for (const [rid, width] of Object.entries(widths)) {
		const line = native.output.match(new RegExp(`encoding ${rid}: (\\d+) x \\d+, decoded (\\d+) \\((\\d+) with`));
		ok(line, native.output);
		same(Number(line[1]), width, `${line[0]}: its width`);
		ok(line[2] > 20 && line[3] > 20, line[0]);
	}
}

async function relayKilled(after, tls) {
	let own = await startRelay(0, ...(tls ? ['--tls'] : []));
	after(() => own.stop());
	const options = ['--data-only', ...(tls ? ['--insecure'] : [])], room = 'killed';
	const one = call(after, own.url, room, ...options);
	await until('the first has joined', () => one.output.includes('joined'));
	const two = call(after, own.url, room, ...options);
	await until('they are connected', () => [one, two].every(p => p.output.includes('hello Native')));
	await own.stop('SIGKILL');
	await until('both miss the relay', () => [one, two].every(p => p.output.includes('unreachable')));
	own = await startRelay(own.port, ...(tls ? ['--tls'] : []));
	await until('both are back', () => own.output.split('joins killed').length === 3);
	same(await one.stop('SIGINT'), 0, one.output);
	await until('the other hears the goodbye', () => two.output.includes('peer left'));
	same([one, two].map(p => p.output.match(/state +connected/g).length), [1, 1], 'the call was never begun anew');
}

const both = [[true, 'the page offers'], [false, 'the native peer offers']];

/** Chromium gives up after 15 s, taut after 39.5 s (RFC 8863): each side knows why before a restart hides it. */
async function noPath(after, pageFirst) {
	const { url, room } = await begin();
	const join = async () => joinPage(await browser, url, { room, name: 'Page', source: 'data', before: [NOWHERE] });
	const early = pageFirst ? await join() : null;
	if (early)
		await untilStatus(early, 'Nobody else');
	const native = call(after, url, room, '--send', 'test');
	await until('the native peer has joined', () => native.output.includes('joined'));
	const page = early ?? await join();
	after(() => page.context().close());
	await untilNotice(page, 'The connection with Native failed', 40000);
	ok(/Here: No path: \d+ requests? on \d+ pairs? of addresses and no answer; no request of the other side came\. Addresses here: \d+ its own; there: \d+ its own\. A TURN server would help/.test(
		await page.textContent('#notices')), await page.textContent('#notices'));
	const said = await until('the native peer hears of it', () => /peer failed +No path: [^]*why +\d+ requests on \d+ pairs? so far, and no answer yet/.exec(native.output));
	ok(!/192\.0\.2|\.local|::/.test(said[0].split('\n')[0]), 'no address is told');
	if (!pageFirst) {
		await untilNotice(page, 'Native says: ', 40000).catch(e => {
			throw new Error(`${e.message}; native: ${native.output}`);
		});
		ok(/Native says: \d+ requests? on \d+ pairs? and no answer/.test(await page.textContent('#notices')), await page.textContent('#notices'));
		ok(!/192\.0\.2|\.local|::/.test(await page.textContent('#notices')), 'no address is told');
	}
	same(page.errors, [], 'errors on the page');
}

export const tests = [
	['without a path both sides say why, the page first', after => noPath(after, true), true],
	['without a path both sides say why, the native peer too', after => noPath(after, false), true],

	['two native peers: the relay is killed and comes back', after => relayKilled(after, false)],
	['two native peers: the relay with TLS is killed and comes back', after => relayKilled(after, true)],
	['a native peer does not trust a self-made certificate unless told to', async after => {
		const own = await startRelay(0, '--tls');
		after(() => own.stop());
		const p = call(after, own.url, 'tls', '--data-only');
		await until('it says so', () => p.output.includes('unreachable'));
		ok(!p.output.includes('joined'), p.output);
	}],
	['the page offers three encodings, and each arrives', async after => {
		const { page, native } = await pair(after, true, { options: ['--send', 'test', '--simulcast'], before: [largeCard, offerThree] });
		await untilCardMoves(page);
		await hasDecoded(native, { q: 240, h: 480, f: 960 });
	}],
	['the native peer offers three and asks for three: it gets three, and one is taken of it', async after => {
		const { page, native } = await pair(after, false, { options: ['--send', 'test', '--simulcast'], before: [largeCard] });
		await untilCardMoves(page);
		same(await page.evaluate(() => document.querySelector('.tile:not(.me) video').videoWidth), 640, 'the first one is the largest');
		await hasDecoded(native, { lo: 240, mid: 480, hi: 960 });
	}],
	['three are offered to a native peer that takes one', async after => {
		const { page, native } = await pair(after, true, { before: [offerThree] });
		await untilCardMoves(page);
		await until('the first frame', () => native.output.includes('first frame'));
		same(await page.evaluate(() => window.taut.pc.getSenders().find(s => s.track?.kind === 'video').getParameters().encodings.length), 1, 'encodings that are left');
		ok(!native.output.includes('encoding'), native.output);
	}],
	...both.flatMap(([pageFirst, who]) => [
	[`${who}: picture, sound and chat both ways`, async after => {
		const { page, native } = await pair(after, pageFirst);
		await untilCardMoves(page);
		await until('the tone is heard', async () => Math.abs(await toneOf(page) - 440) < 12);
		await until('its chat is shown', async () => (await page.textContent('#chat')).includes('Native ·'));
		await say(page, 'hello from the page');
		await until('the native peer hears it', () => native.output.includes('hello from the page'));
		same(page.errors, [], 'errors of the page');
	}],
	[`${who}: keys of a telephone, pressed on both sides`, async after => {
		const { page, native } = await pair(after, pageFirst, { options: ['--send', 'test', '--dial', '5'.repeat(60)] });
		await until('the page can press keys', () => page.evaluate(() => window.taut.pc.getSenders().some(s => s.dtmf?.canInsertDTMF)));
		await page.evaluate(() => window.taut.pc.getSenders().find(s => s.dtmf).dtmf.insertDTMF('1*#D', 100, 70));
		await until('the native peer hears them', () => native.output.match(/ key +\S/g)?.length === 4);
		same(native.output.match(/ key +(\S)/g).map(k => k.at(-1)), [...'1*#D'], 'keys');
		/* a 5 is 770 Hz and 1,336 Hz */
		await until('the page plays those of the native peer', async () => {
			const tone = await toneOf(page);
			return Math.abs(tone - 770) < 12 || Math.abs(tone - 1336) < 12;
		});
	}],
	[`${who}: the fake camera arrives at the native peer`, async after => {
		const { page, native } = await pair(after, pageFirst, { source: 'camera' });
		await untilCardMoves(page);
		const frames = () => page.evaluate(async () => {
			let n = 0;
			for (const s of (await window.taut.pc.getStats()).values())
				n += s.type === 'outbound-rtp' && s.kind === 'video' ? s.framesEncoded : 0;
			return n;
		});
		await until('frames leave', async () => await frames() > 60);
		same(await native.stop('SIGINT'), 0, native.output);
		ok(/decoded [1-9]\d+/.test(native.output), native.output);
	}],
	[`${who}: a mebibyte of messages and one of 262,144 bytes come back unharmed`, async after => {
		const { page } = await pair(after, pageFirst, { source: 'none', options: ['--send', 'none'] });
		const { sent, back } = await echo(page, [...new Array(64).fill(16384), 262144, 1, 0, 1200]);
		same(back, sent, 'hashes');
	}],
	[`${who}: text alone, with mDNS names`, async after => {
		const own = await startBrowser({ devices: false });
		after(() => own.close());
		const { page, native } = await pair(after, pageFirst, { source: 'data', options: ['--data-only'], own });
		await say(page, 'by way of .local');
		await until('the native peer hears it', () => native.output.includes('by way of .local'));
	}],
	[`${who}: the page is reloaded and the call is there again`, async after => {
		const { page } = await pair(after, pageFirst);
		await untilCardMoves(page);
		await page.reload();
		await page.click('#join');
		await untilStatus(page, 'Connected with Native');
		await untilCardMoves(page);
	}],
	[`${who}: the native peer leaves, and the page says so`, async after => {
		const { page, native } = await pair(after, pageFirst);
		same(await native.stop('SIGINT'), 0, native.output);
		await untilNotice(page, 'Native has left');
		await untilStatus(page, 'Nobody else');
	}],
	[`${who}: the tab is closed, and the native peer says why the call ended`, async after => {
		const { page, native } = await pair(after, pageFirst);
		await page.close();
		await until('it is reported', () => /peer left|state +closed|state +failed/.test(native.output), 40000);
	}],
]),
];
