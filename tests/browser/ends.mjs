// ends.mjs - the two ends of a session of the matrix: a page of a browser, and tests/browser/peer.c. Both
// are told the same words, so that a shape is written once and run with either of them as the offerer.
//
// Descriptions are exchanged with all candidates in them. A transceiver is named by its place in the order
// in which the test made them, and at the answerer by the place of its m-line.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import puppeteer from 'puppeteer-core';
import { chromiumFlags, leftOut } from './flags.mjs';
import { pause, until, within } from './harness.mjs';

export const paths = { chromium: process.env.CHROMIUM ?? '/usr/bin/chromium', firefox: process.env.FIREFOX ?? '/usr/bin/firefox-esr' };

// ---- a browser ----

const firefoxPrefs = {
	'media.peerconnection.ice.loopback': true, 'media.autoplay.default': 0,
	'media.autoplay.blocking_policy': 0, 'media.navigator.permission.disabled': true, 'app.update.enabled': false, 'media.peerconnection.ice.proxy_only': false,
};

/** names: its host candidates are behind .local names; args of Chromium and prefs of Firefox come behind the usual ones. program: in place
 * of Chromium's; from another network it is reached by a pipe. */
export function startBrowser(name, { names = false, args = [], prefs = {}, program = null } = {}) {
	const features = `--disable-features=${names ? leftOut : [...leftOut, 'WebRtcHideLocalIpsWithMdns']}`;
	return name === 'firefox'
		? puppeteer.launch({ browser: 'firefox', executablePath: paths.firefox, headless: true, extraPrefsFirefox: { ...firefoxPrefs, 'media.peerconnection.ice.obfuscate_host_addresses': names, ...prefs } })
		: puppeteer.launch({ browser: 'chrome', executablePath: program ?? paths.chromium, pipe: program !== null, headless: true, args: [...chromiumFlags, features, ...args] });
}

/** What runs in the page. Everything hangs on window.end. */
function inPage(config) {
	const end = window.end = { pc: new RTCPeerConnection(config), channels: [], messages: [], transceivers: [] };
	end.pc.ondatachannel = e => end.listen(e.channel);
	end.listen = channel => {
		end.channels.push(channel);
		channel.onmessage = e => {
			end.messages.push(e.data);
			if (e.data.startsWith('ping '))
				channel.send(`pong ${e.data.slice(5)}`);
		};
	};
	/* What nobody plays is not decoded. */
	end.pc.ontrack = e => {
		const player = document.createElement(e.track.kind);
		player.srcObject = new MediaStream([e.track]);
		document.body.append(player);
		player.play().catch(() => {});
	};
	/* A picture in motion, and a tone. */
	end.track = kind => {
		if (kind === 'audio') {
			const context = new AudioContext(), oscillator = context.createOscillator(), out = context.createMediaStreamDestination();
			oscillator.connect(out);
			oscillator.start();
			return out.stream.getAudioTracks()[0];
		}
		const canvas = document.createElement('canvas');
		[canvas.width, canvas.height] = [960, 720];
		let n = 0;
		const draw = () => {
			const g = canvas.getContext('2d');
			g.fillStyle = `hsl(${n * 7 % 360}, 80%, 50%)`;
			g.fillRect(0, 0, canvas.width, canvas.height);
			g.fillStyle = 'black';
			g.fillRect(n++ * 11 % 900, 100, 60, 400);
		};
		draw();
		setInterval(draw, 50);
		return canvas.captureStream(20).getVideoTracks()[0];
	};
	end.gathered = async () => {
		while (end.pc.iceGatheringState !== 'complete')
			await new Promise(done => setTimeout(done, 10));
		return { type: end.pc.localDescription.type, sdp: end.pc.localDescription.sdp };
	};
	/* What was decoded so far, by kind: frames of video, samples of audio that were not made up. */
	end.decoded = async () => {
		const sum = { audio: 0, video: 0 };
		for (const s of (await end.pc.getStats()).values())
			if (s.type === 'inbound-rtp')
				sum[s.kind] += s.kind === 'video' ? s.framesDecoded ?? 0 : (s.totalSamplesReceived ?? 0) - (s.concealedSamples ?? 0);
		return sum;
	};
}

export class BrowserEnd {
	static async begin(browser, config = {}) {
		const e = new this();
		e.name = 'browser';
		e.page = await browser.newPage();
		await e.page.evaluate(inPage, config);
		return e;
	}

	ask(f, ...args) {
		return within(20000, `the page answers: ${f}`.slice(0, 120), this.page.evaluate(f, ...args));
	}

	add(kind, { direction = 'sendrecv', rids = null, mimes = null } = {}) {
		return this.ask(async (what, dir, names, types) => {
			const sends = dir.startsWith('send'), init = { direction: dir };
			if (names)
				init.sendEncodings = names.map((rid, i) => ({ rid, scaleResolutionDownBy: 2 ** (names.length - 1 - i) }));
			const t = window.end.pc.addTransceiver(sends ? window.end.track(what) : what, init);
			if (types)
				t.setCodecPreferences(RTCRtpReceiver.getCapabilities(what).codecs.filter(c => types.includes(c.mimeType)));
		}, kind, direction, rids, mimes);
	}

	/** The answerer sends as well, by the transceivers that an offer has made. */
	giveBack() {
		return this.ask(async () => {
			for (const t of window.end.pc.getTransceivers())
				if (t.direction === 'recvonly' && !t.sender.track && !t.stopped) {
					await t.sender.replaceTrack(window.end.track(t.receiver.track.kind));
					t.direction = 'sendrecv';
				}
		});
	}

	channel(label) {
		return this.ask(name => window.end.listen(window.end.pc.createDataChannel(name)), label);
	}

	setDirection(index, direction) {
		return this.ask((i, d) => { window.end.pc.getTransceivers()[i].direction = d; }, index, direction);
	}

	stop(index) {
		return this.ask(i => window.end.pc.getTransceivers()[i].stop(), index);
	}

	restart() {
		return this.ask(() => window.end.pc.restartIce());
	}

	async local(type = null) {
		return this.ask(async what => {
			const pc = window.end.pc;
			if (what === 'rollback' || !what) {
				await pc.setLocalDescription(what ? { type: what } : undefined);
				return what ? null : window.end.gathered();
			}
			const made = what === 'offer' ? await pc.createOffer() : await pc.createAnswer();
			await pc.setLocalDescription({ type: what, sdp: made.sdp });
			return window.end.gathered();
		}, type);
	}

	remote(description) {
		return this.ask(d => window.end.pc.setRemoteDescription(d), description);
	}

	say(text) {
		return this.ask(async what => {
			const channel = window.end.channels[0];
			while (channel.readyState === 'connecting')
				await new Promise(done => setTimeout(done, 10));
			channel.send(what);
		}, text);
	}

	async state() {
		return this.ask(async () => ({
			signaling: window.end.pc.signalingState,
			connection: window.end.pc.connectionState,
			transceivers: window.end.pc.getTransceivers().map(t => ({ kind: t.receiver.track.kind, mid: t.mid, direction: t.direction, current: t.currentDirection })),
			decoded: await window.end.decoded(),
			messages: window.end.messages,
			encodings: window.end.pc.getSenders().filter(s => s.track?.kind === 'video').map(s => s.getParameters().encodings.length),
		}));
	}

	async end() {
		await this.ask(() => window.end.pc.close()).catch(() => {});
		await this.page.close().catch(() => {});
	}
}

// ---- taut ----

export class TautEnd {
	static async begin(command, args = []) {
		const e = new this();
		e.name = 'taut';
		e.waiting = new Map();
		e.next = 1;
		e.made = [];
		e.trouble = '';
		e.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
		e.child.stderr.on('data', d => { e.trouble += d; });
		e.ended = new Promise(done => e.child.on('exit', (code, signal) => {
			e.code = code ?? signal;
			for (const [, fail] of e.waiting.values())
				fail(new Error(`the peer ended with ${e.code}: ${e.trouble.slice(-2000)}`));
			done(e.code);
		}));
		createInterface({ input: e.child.stdout }).on('line', line => e.#heard(JSON.parse(line)));
		return e;
	}

	#heard(o) {
		const [done, fail] = this.waiting.get(o.id) ?? [];
		this.waiting.delete(o.id);
		if (o.event === 'open')
			this.opened = o.channel;
		if (done)
			o.error ? fail(Object.assign(new Error(`${o.name}: ${o.error}`), { name: o.name })) : done(o);
	}

	ask(what, more = {}) {
		const id = this.next++;
		const answer = new Promise((done, fail) => this.waiting.set(id, [done, fail]));
		this.child.stdin.write(`${JSON.stringify({ id, do: what, ...more })}\n`);
		return within(20000, `the peer answers: ${what}`, answer);
	}

	async add(kind, { direction = 'sendrecv', rids = null, receive = null, mimes = null } = {}) {
		const { t } = await this.ask('add', { kind, direction, ...(rids && { rids }), ...(receive && { receive }) });
		if (mimes)
			await this.ask('prefer', { t, mimes });
	}

	async #at(index) {
		return (await this.ask('state')).transceivers[index].t;
	}

	async giveBack() {
		for (const t of (await this.ask('state')).transceivers)
			if (t.direction === 'recvonly')
				await this.ask('direction', { t: t.t, direction: 'sendrecv' });
	}

	channel(label) {
		return this.ask('channel', { label });
	}

	async setDirection(index, direction) {
		return this.ask('direction', { t: await this.#at(index), direction });
	}

	async stop(index) {
		return this.ask('stop', { t: await this.#at(index) });
	}

	restart() {
		return this.ask('restart');
	}

	async local(type = null) {
		await this.ask('local', type ? { type } : {});
		if (type === 'rollback')
			return null;
		const d = await until('the peer has gathered', async () => {
			const is = await this.ask('described');
			return is.gathered && is;
		});
		return { type: d.type, sdp: d.sdp };
	}

	remote(description) {
		return this.ask('remote', description);
	}

	async say(text) {
		await until('the channel is open', () => this.opened);
		return this.ask('say', { channel: this.opened, text });
	}

	async state() {
		const s = await this.ask('state'), decoded = { audio: 0, video: 0 };
		for (const d of s.decoded)
			decoded[d.kind] += d.frames;
		return { ...s, decoded, heard: s.decoded };
	}

	/** The status with which it ended, and what a sanitizer said. */
	async end() {
		this.child.stdin.end();
		await within(10000, 'the peer ends', this.ended).catch(() => this.child.kill('SIGKILL'));
		if (this.code !== 0)
			throw new Error(`the peer ended with ${this.code}: ${this.trouble.slice(-2000)}`);
	}
}

/** Offer and answer with everything in them; answered: what the answerer does in between. */
export async function negotiate(offerer, answerer, answered = async () => {}) {
	await answerer.remote(await offerer.local());
	await answered();
	await offerer.remote(await answerer.local());
}

export async function connected(...ends) {
	for (const e of ends)
		await until(`${e.name} is connected`, async () => {
			const { connection } = await e.state();
			if (connection === 'failed')
				throw new Error(`${e.name}: the connection failed`);
			return connection === 'connected';
		});
}

/** From now on more of this kind is decoded at this end. */
export async function decodes(end, kind, least = kind === 'video' ? 5 : 10) {
	const before = (await end.state()).decoded[kind];
	await until(`${end.name} decodes ${kind}`, async () => (await end.state()).decoded[kind] >= before + least, 20000);
}

/** No more of this kind is decoded at this end, once what was under way is through. */
export async function decodesNothing(end, kind) {
	for (let still = 0, last = -1, i = 0; still < 4; i++) {
		const is = (await end.state()).decoded[kind];
		still = is === last ? still + 1 : 0;
		last = is;
		if (i > 100)
			throw new Error(`${end.name} still decodes ${kind}`);
		await pause(150);
	}
}

let pings = 0;
/** A message goes from this end to the other one and comes back. */
export async function echoes(end) {
	const n = ++pings;
	await end.say(`ping ${n}`);
	await until(`${end.name} hears its echo`, async () => (await end.state()).messages.includes(`pong ${n}`));
}
