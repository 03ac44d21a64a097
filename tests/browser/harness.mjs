// harness.mjs - what the browser tests stand on: a relay, Chromium, and conditions with deadlines.
//
// TAUT names the taut command (else the newest build/*/bin/taut); CHROMIUM the browser. Nothing
// here sleeps for a fixed time in hope: every wait is for a condition and ends with a reason.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import WebSocket from 'ws';
import { chromiumFlags, leftOut } from './flags.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export function tautCommand() {
	if (process.env.TAUT)
		return process.env.TAUT;
	const build = join(root, 'build');
	const all = existsSync(build) ? readdirSync(build).map(d => join(build, d, 'bin', 'taut')).filter(existsSync) : [];
	all.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
	if (!all[0])
		throw new Error('no taut command: build it, or name it in TAUT');
	return all[0];
}

export async function freePort() {
	const server = createServer();
	await new Promise(done => server.listen(0, '127.0.0.1', done));
	const { port } = server.address();
	await new Promise(done => server.close(done));
	return port;
}

/** A child process with what it has printed. */
export class Process {
	constructor(command, args, stdin = 'ignore') {
		this.output = '';
		this.child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'] });
		for (const stream of [this.child.stdout, this.child.stderr])
			stream.on('data', d => { this.output += d; });
		this.ended = new Promise(done => this.child.on('exit', (code, signal) => {
			this.code = code ?? signal;
			done(this.code);
		}));
	}

	async stop(signal = 'SIGTERM') {
		if (this.code === undefined)
			this.child.kill(signal);
		return within(10000, 'the process ends', this.ended);
	}
}

export async function startRelay(port = 0, ...more) {
	const p = new Process(tautCommand(), ['relay', '--port', String(port), ...more]);
	await until('the relay prints its URL', () => {
		if (p.code !== undefined)
			throw new Error(`the relay ended with ${p.code}: ${p.output}`);
		return (p.url = /https?:\/\/\S+\//.exec(p.output)?.[0]);
	});
	p.port = Number(new URL(p.url).port);
	return p;
}

export const pause = ms => new Promise(done => setTimeout(done, ms));

/** Waits until test() is true, and gives its value. */
export async function until(what, test, ms = 15000) {
	const end = Date.now() + ms;
	for (;;) {
		const value = await test();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`not within ${ms} ms: ${what}`);
		await pause(25);
	}
}

export async function within(ms, what, promise) {
	let timer;
	const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`not within ${ms} ms: ${what}`)), ms); });
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

export function same(actual, expected, what = 'value') {
	const a = JSON.stringify(actual), e = JSON.stringify(expected);
	if (a !== e)
		throw new Error(`${what}: ${a} instead of ${e}`);
}

export function ok(condition, what) {
	if (!condition)
		throw new Error(`not so: ${what}`);
}

// ---- a plain WebSocket in a room, message by message ----

export class Client {
	constructor(url, options = {}) {
		this.heard = [];
		this.ws = new WebSocket(`${url.replace(/^http/, 'ws')}ws`, options.protocol ?? 'taut-room', { origin: options.origin, rejectUnauthorized: false, perMessageDeflate: options.deflate ?? false });
		this.ws.on('message', data => this.heard.push(JSON.parse(data)));
		this.closed = new Promise(done => this.ws.on('close', (code, reason) => {
			this.code = code;
			this.reason = String(reason);
			done(code);
		}));
		this.opened = new Promise((done, fail) => {
			this.ws.on('open', done);
			this.ws.on('error', fail);
			this.ws.on('unexpected-response', (_, response) => fail(new Error(`HTTP ${response.statusCode}`)));
		});
		this.opened.catch(() => {});
	}

	static async join(url, room, name, more = {}) {
		const c = new Client(url);
		await within(5000, 'the WebSocket opens', c.opened);
		c.room = room;
		c.say({ type: 'ready', name, agent: 'native', rooms: [room], ...more });
		c.id = (await c.hear('joined')).id;
		return c;
	}

	say(message) {
		this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify({ room: this.room, ...message }));
	}

	/** The next message of this type; those before it are dropped. */
	hear(type, test = () => true) {
		return until(`a message of type ${type}`, () => {
			const i = this.heard.findIndex(m => m.type === type && test(m));
			return i < 0 ? null : this.heard.splice(0, i + 1)[i];
		}, 5000);
	}

	close() {
		this.ws.close(1000);
		return within(5000, 'the WebSocket closes', this.closed);
	}
}

// ---- Chromium ----

// Chromium takes the last list of features alone, so this one has of playwright's what matters on Linux.
const features = ['AvoidUnnecessaryBeforeUnloadCheckSync', 'BoundaryEventDispatchTracksNodeRemoval', 'DestroyProfileOnBrowserClose',
	'DialMediaRouteProvider', 'GlobalMediaControls', 'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'OptimizationHints', 'PaintHolding', 'RenderDocument', 'ThirdPartyStoragePartitioning',
	'Translate', ...leftOut];
const fakeDevices = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

export function chromiumPath() {
	return process.env.CHROMIUM ?? '/usr/bin/chromium';
}

/** A browser with fake camera and microphone; {devices: false}: permissions as a person has them. */
export function startBrowser({ devices = true, args = [] } = {}) {
	return chromium.launch({ executablePath: chromiumPath(), headless: true, args: [...chromiumFlags, `--disable-features=${features}`, ...(devices ? fakeDevices : []), ...args] });
}

/** A page that has joined; everything it throws or logs as an error fails the test that asks. */
/** before: functions that run in the page before its own scripts. */
export async function joinPage(browser, url, { room, name, source = 'test', context = {}, form = true, before = [] }) {
	const c = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...context });
	const page = await c.newPage();
	watch(page);
	for (const script of before)
		await page.addInitScript(script);
	await page.goto(`${url}#${new URLSearchParams({ room, name, source })}`);
	if (form)
		await page.click('#join');
	return page;
}

export function watch(page) {
	page.errors = [];
	page.on('pageerror', e => page.errors.push(String(e)));
	page.on('console', m => {
		const text = m.text();
		if (m.type() === 'error' && !/WebSocket connection to|net::ERR|Failed to load resource/.test(text))
			page.errors.push(text);
	});
}

export const statusOf = page => page.textContent('#status');

export function untilStatus(page, text, ms = 20000) {
	return until(`the status line says "${text}"`, async () => {
		const is = await statusOf(page);
		return text instanceof RegExp ? text.test(is) : is.includes(text);
	}, ms).catch(async e => {
		throw new Error(`${e.message}; it says "${await statusOf(page)}"`);
	});
}

export function untilNotice(page, text, ms = 15000) {
	return until(`a notice says "${text}"`, async () => (await page.textContent('#notices')).includes(text), ms).catch(async e => {
		throw new Error(`${e.message}; they say "${await page.textContent('#notices')}"`);
	});
}

/** Reads the test card's counter from the index-th remote picture; null: none there. */
export function cardOf(page, index = 0) {
	return page.evaluate(at => {
		const video = document.querySelectorAll('.tile:not(.me) video')[at];
		if (!video || video.videoWidth === 0)
			return null;
		const w = video.videoWidth, h = video.videoHeight, canvas = new OffscreenCanvas(w, h), g = canvas.getContext('2d');
		g.drawImage(video, 0, 0);
		const px = g.getImageData(0, 0, w, h).data;
		const lum = (x, y) => {
			const i = 4 * (Math.floor(y * h / 12) * w + Math.floor(x * w / 16));
			return (px[i] + px[i + 1] + px[i + 2]) / 3;
		};
		const bit = i => (lum(i % 16 + 0.5, 9.5 + Math.floor(i / 16)) > 127 ? 1 : 0);
		const bits = (from, n) => {
			let v = 0;
			for (let i = 0; i < n; i++)
				v = v * 2 + bit(from + i);
			return v;
		};
		return { there: bits(40, 8) === 0xb2, number: bits(0, 32), flash: lum(13, 7) > 127, width: w, height: h };
	}, index);
}

/** The picture is the test card and its counter grows. */
export async function untilCardMoves(page, index = 0, ms = 20000) {
	const first = await until('the test card is seen', async () => {
		const c = await cardOf(page, index);
		return c?.there ? c : null;
	}, ms);
	return until('its counter advances', async () => {
		const c = await cardOf(page, index);
		return c?.there && c.number > first.number + 5 ? c : null;
	}, ms);
}

/** The loudest frequency of the index-th remote sound, in hertz; 0: silence. */
export function toneOf(page, index = 0) {
	return page.evaluate(async at => {
		const video = document.querySelectorAll('.tile:not(.me) video')[at];
		const audio = video?.srcObject?.getAudioTracks()[0];
		if (!audio)
			return 0;
		const context = new AudioContext(), analyser = context.createAnalyser();
		await context.resume();
		analyser.fftSize = 8192;
		context.createMediaStreamSource(new MediaStream([audio])).connect(analyser);
		const data = new Float32Array(analyser.frequencyBinCount);
		await new Promise(done => setTimeout(done, 600));
		analyser.getFloatFrequencyData(data);
		let best = 0;
		for (let i = 1; i < data.length; i++)
			if (data[i] > data[best])
				best = i;
		const hertz = data[best] > -70 ? best * context.sampleRate / analyser.fftSize : 0;
		await context.close();
		return hertz;
	}, index);
}

// ---- running ----

/** tests: [name, function, beside] each. A function that returns {skip: reason} is skipped. beside: it waits for most of its time and
 * disturbs no other, so it begins first and they are run meanwhile. */
export async function runTests(tests, names = []) {
	const count = { ok: 0, 'not ok': 0, skip: 0 };
	const chosen = tests.filter(([name]) => !names.length || names.some(n => name.includes(n)));
	const run = async ([name, test]) => count[await runTest(name, test)]++;
	const waiting = chosen.filter(([, , beside]) => beside).map(run);
	for (const test of chosen.filter(([, , beside]) => !beside))
		await run(test);
	await Promise.all(waiting);
	console.log(`${count.ok} passed, ${count['not ok']} failed, ${count.skip} skipped`);
	return count['not ok'] === 0;
}

async function runTest(name, test) {
	const began = Date.now();
	const undo = [];
	let verdict = 'ok', more = '';
	try {
		const result = await within(120000, 'the test ends', test(f => undo.push(f)));
		verdict = result?.skip ? 'skip' : 'ok';
		more = result?.skip ?? `(${Date.now() - began} ms)`;
	} catch (error) {
		verdict = 'not ok';
		more = String(error.message).replace(/\s+/g, ' ') + (process.env.VERBOSE ? `\n${error.stack}` : '');
	}
	console.log(`${verdict} ${name} ${more}`);
	for (const f of undo.reverse())
		try {
			await f();
		} catch (e) {
			console.log(`# cleaning up after ${name}: ${e.message}`);
		}
	return verdict;
}
