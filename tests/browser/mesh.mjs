// mesh.mjs - `node mesh.mjs [--seconds N] [--seed N] [--json]`: a room of four, two tabs of Chromium, one of
// Firefox and a native peer, a connection for each pair. For a while each page now and then stops sending,
// sends again, or restarts ICE, drawn from the seed; then everybody must see everybody.
//
// The pictures are 160 x 120, five a second. A run during which less than a fifth of the machine was idle
// measures the machine: it is void, and says so.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { paths, startBrowser } from './ends.mjs';
import { Process, ok, pause, startRelay, tautCommand, until } from './harness.mjs';

const args = process.argv.slice(2);
const number = (name, usual) => {
	const at = args.indexOf(name);
	return at < 0 ? usual : Number(args.splice(at, 2)[1]);
};
const seconds = number('--seconds', 60), seed = number('--seed', Date.now() % 1000000);
const LEAST_IDLE = 20;

let state = seed * 2654435761 % 2 ** 32 || 1;
function draw(below) {
	state = (state ^ state << 13) >>> 0;
	state = (state ^ state >>> 17) >>> 0;
	state = (state ^ state << 5) >>> 0;
	return state % below;
}

/** In the page, before its own scripts: its connections are kept in a list, and what it draws is made small. */
function inPage() {
	window.pcs = [];
	const Real = RTCPeerConnection;
	window.RTCPeerConnection = function (...all) {
		const pc = new Real(...all);
		window.pcs.push(pc);
		return pc;
	};
	window.RTCPeerConnection.prototype = Real.prototype;
	const capture = HTMLCanvasElement.prototype.captureStream;
	HTMLCanvasElement.prototype.captureStream = function () {
		const small = document.createElement('canvas');
		[small.width, small.height] = [160, 120];
		const paint = () => small.getContext('2d').drawImage(this, 0, 0, 160, 120);
		setInterval(paint, 200);
		paint();
		return capture.call(small, 5);
	};
}

const idle = () => {
	const [, user, nice, system, is, wait, ...rest] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number);
	return { is: is + wait, all: user + nice + system + is + wait + rest.slice(0, 3).reduce((a, b) => a + b, 0) };
};

class Page {
	static async join(browser, name, url, room) {
		const p = new Page();
		p.name = name;
		p.page = await browser.newPage();
		p.errors = [];
		/* Firefox throws this at the page when a restart of its own is answered late, and mends it: what counts is who is seen. */
		p.page.on('pageerror', e => String(e).includes('WebRTC: ICE failed') || p.errors.push(String(e)));
		await p.page.evaluateOnNewDocument(inPage);
		await p.page.goto(`${url}#${new URLSearchParams({ room, name, source: 'test' })}`);
		await p.page.click('#join');
		await until(`${name} has joined`, () => p.page.evaluate(() => window.taut.room?.joined));
		return p;
	}

	/** Frames decoded so far of each connection that lives, with the peer's name. */
	decoded() {
		return this.page.evaluate(async () => {
			const all = [];
			for (const pc of window.pcs.filter(one => one.connectionState === 'connected')) {
				let frames = 0;
				for (const s of (await pc.getStats()).values())
					frames += s.type === 'inbound-rtp' && s.kind === 'video' ? s.framesDecoded ?? 0 : 0;
				all.push(frames);
			}
			return all;
		});
	}

	async act() {
		const what = draw(5);
		if (what === 0)
			return this.page.evaluate(n => { window.pcs.filter(pc => pc.connectionState === 'connected')[n]?.restartIce(); }, draw(3)).then(() => 'restarts ICE');
		const kind = what < 3 ? 'none' : 'test';
		await this.page.select('#source-select', kind);
		return `sends ${kind}`;
	}
}

/** The native peer says each second what it has decoded of whom. */
function decodedNatively(native) {
	const last = {};
	for (const line of native.output.split('\n'))
		try {
			const o = JSON.parse(line);
			if (o.event === 'stats')
				last[o.peer] = o.frames_decoded;
		} catch { /* half a line */ }
	return last;
}

async function everybodySeesEverybody(pages, native) {
	for (const p of pages) {
		const before = await until(`${p.name} is connected with all three others`, async () => {
			const now = await p.decoded();
			return now.length === 3 && now;
		}, 30000);
		await until(`${p.name} sees all three others`, async () => {
			const now = await p.decoded();
			return now.length === 3 && now.every((n, k) => n > before[k] + 3);
		}, 30000).catch(async e => { throw new Error(`${e.message}: ${JSON.stringify(before)}, then ${JSON.stringify(await p.decoded())}; ${await p.page.evaluate(() => window.pcs.filter(pc => pc.connectionState === 'connected').map(pc => `${pc.remoteDescription.sdp.includes("trickle ice2") ? "taut" : "browser"} ${pc.getTransceivers().map(t => `${t.receiver.track.kind} ${t.direction} ${t.currentDirection}`)}`).join(' | '))}`); });
	}
	const natively = decodedNatively(native);
	await until('the native peer sees all three others', () => {
		const now = decodedNatively(native);
		return pages.every(p => now[p.name] > (natively[p.name] ?? 0) + 3);
	}, 30000).catch(e => { throw new Error(`${e.message}: ${JSON.stringify(natively)}, then ${JSON.stringify(decodedNatively(native))}`); });
}

async function run() {
	const relay = await startRelay(), chromium = await startBrowser('chromium'), firefox = await startBrowser('firefox');
	const native = new Process(tautCommand(), ['call', relay.url, '--room', 'mesh', '--name', 'native', '--send', 'test', '--width', '160', '--height', '120', '--fps', '5', '--json']);
	const actions = [];
	try {
		await until('the native peer has joined', () => native.output.includes('"joined"'));
		const pages = [await Page.join(chromium, 'one', relay.url, 'mesh'), await Page.join(firefox, 'two', relay.url, 'mesh'), await Page.join(chromium, 'three', relay.url, 'mesh')];
		await everybodySeesEverybody(pages, native);
		const began = idle();
		for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
			const p = pages[draw(pages.length)];
			actions.push(`${p.name} ${await p.act()}`);
			await pause(500 + draw(1500));
		}
		for (const p of pages)
			await p.page.select('#source-select', 'test');
		await everybodySeesEverybody(pages, native);
		const ended = idle();
		for (const p of pages)
			ok(p.errors.length === 0, `${p.name}: ${p.errors}`);
		return { seed, seconds, actions: actions.length, idle_percent: Math.round(100 * (ended.is - began.is) / (ended.all - began.all)) };
	} catch (e) {
		throw new Error(`seed ${seed}: ${e.message}; before that ${actions.slice(-8).join(', ')}`);
	} finally {
		await chromium.close();
		await firefox.close();
		await native.stop('SIGINT');
		await relay.stop();
	}
}

const missing = Object.values(paths).find(path => !existsSync(path));
if (missing) {
	console.log(`skip a mesh of four no browser at ${missing}`);
} else {
	const r = await run().catch(e => ({ why: String(e.message).replaceAll('\n', ' ') }));
	const empty = r.idle_percent < LEAST_IDLE;
	if (args.includes('--json'))
		console.log(JSON.stringify({ ...r, ...(empty && { void: true }) }));
	console.log(r.why ? `not ok a mesh of four ${r.why}`
		: empty ? `void: ${r.idle_percent} % of the machine was idle, ${LEAST_IDLE} are needed (seed ${seed})`
			: `ok a mesh of four: ${r.actions} changes in ${seconds} s, ${r.idle_percent} % idle (seed ${seed})`);
	process.exitCode = r.why || empty ? 1 : 0;
	if (!process.exitCode && args.includes('--evidence'))
		execFileSync('python3', ['tools/evidence.py', 'write', 'mesh', 'node tests/browser/mesh.mjs --evidence', ...Object.entries(r).map(([k, v]) => `${k}=${v}`)], { stdio: 'inherit' });
}
