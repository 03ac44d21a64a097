// lib.mjs - a native peer beside Chromium: `taut call` as a process, and what the page can tell.
//
// TAUT_BUILD is the sanitized build, TAUT_RELEASE the quick one. Every wait is for a condition.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Process, until, within } from '../../browser/harness.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

function build(variable, preset) {
	return join(process.env[variable] ?? join(root, 'build', preset), 'bin', 'taut');
}

export const sanitized = build('TAUT_BUILD', 'dev');
export const release = existsSync(build('TAUT_RELEASE', 'gcc')) ? build('TAUT_RELEASE', 'gcc') : sanitized;
process.env.TAUT ??= release; // for the harness's relay

/** A directory that goes away with the test. */
export function scratch(after) {
	const dir = mkdtempSync(join(tmpdir(), 'taut-'));
	after(() => rmSync(dir, { recursive: true, force: true }));
	return dir;
}

/** `taut call`, line by line. */
export class Native {
	constructor(command, url, room, ...more) {
		// TAUT_CALL_ARGS: the whole suite over another path, "--no-gso" for one.
		const path = (process.env.TAUT_CALL_ARGS ?? '').split(' ').filter(Boolean);
		this.command = [...command, 'call', url, '--room', room, '--name', 'native', '--json', ...path, ...more];
		this.process = new Process(this.command[0], this.command.slice(1), more.includes('--stdin') ? 'pipe' : 'ignore');
	}

	/** A line for --stdin. */
	type(line) {
		this.process.child.stdin.write(`${line}\n`);
	}

	get events() {
		return this.process.output.split('\n').filter(l => l.startsWith('{')).flatMap(l => {
			try {
				return [JSON.parse(l)];
			} catch {
				return []; // not whole yet
			}
		});
	}

	/** The index-th event of that name that passes. */
	until(event, test = () => true, ms = 20000, index = 0) {
		return until(`the native peer says "${event}"`, () => {
			const found = this.events.filter(e => e.event === event && test(e));
			if (found.length > index)
				return found[index];
			if (this.process.code !== undefined)
				throw new Error(`the native peer ended with ${this.process.code}: ${this.tail()}`);
			return null;
		}, ms).catch(e => {
			throw new Error(`${e.message}; last: ${this.tail()}`);
		});
	}

	joined() {
		return this.until('room', e => e.text === 'joined', 10000);
	}

	connected(index = 0) {
		return this.until('state', e => e.text.startsWith('connected'), 20000, index);
	}

	tail() {
		return this.process.output.trim().split('\n').slice(-4).join(' | ').slice(-900);
	}

	/** Ends it and gives its summary; a sanitizer's report or a bad status is an error. */
	async end() {
		if (this.process.code === undefined)
			this.process.child.kill('SIGINT');
		await within(10000, 'the native peer ends', this.process.ended);
		this.check();
		return this.events.find(e => e.event === 'summary')?.sides[0];
	}

	check() {
		const bad = /(ERROR: \w+Sanitizer|runtime error:|Assertion)[^\n]*/.exec(this.process.output);
		if (bad)
			throw new Error(`the native peer: ${this.process.output.slice(bad.index, bad.index + 1500)}`);
		if (this.process.code !== 0)
			throw new Error(`the native peer ended with ${this.process.code}: ${this.tail()}`);
	}

	async kill() {
		if (this.process.code === undefined)
			this.process.child.kill('SIGKILL');
		await this.process.ended;
	}
}

// ---- what the page does ----

/** Sends count messages of size random bytes by the channel "echo" and hashes what comes back. */
export function echo(page, count, size, ms = 30000) {
	return within(ms, `${count} messages of ${size} bytes come back`, page.evaluate(async ([n, bytes]) => {
		const hex = async chunks => {
			const all = new Uint8Array(chunks.reduce((sum, c) => sum + c.byteLength, 0));
			let at = 0;
			for (const c of chunks) {
				all.set(new Uint8Array(c), at);
				at += c.byteLength;
			}
			return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', all)), b => b.toString(16).padStart(2, '0')).join('');
		};
		const channel = window.taut.pc.createDataChannel('echo');
		channel.binaryType = 'arraybuffer';
		await new Promise((done, fail) => {
			channel.onopen = done;
			channel.onerror = e => fail(new Error(String(e.error)));
		});
		const sent = [], back = [];
		for (let i = 0; i < n; i++) {
			const data = new Uint8Array(bytes);
			for (let at = 0; at < bytes; at += 65536)
				crypto.getRandomValues(data.subarray(at, Math.min(at + 65536, bytes)));
			sent.push(data.buffer);
		}
		const began = performance.now();
		await new Promise((done, fail) => {
			channel.onmessage = e => {
				back.push(e.data);
				if (back.length === n)
					done();
			};
			channel.onclose = () => fail(new Error('the channel closed'));
			channel.onerror = e => fail(new Error(String(e.error)));
			for (const data of sent)
				channel.send(data);
		});
		const took = performance.now() - began;
		channel.onclose = channel.onerror = null;
		channel.close();
		return { sent: await hex(sent), back: await hex(back), sizes: back.every((b, i) => b.byteLength === sent[i].byteLength), ms: took };
	}, [count, size]));
}

// ---- what the native peer saved, read by ffmpeg ----

function ffmpeg(...args) {
	const r = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', ...args, '-'], { maxBuffer: 1 << 28 });
	if (r.status !== 0)
		throw new Error(`ffmpeg ${args.join(' ')}: ${r.stderr}`);
	return r.stdout;
}

/** Size and pixels, [red, green, blue] each. */
export function pictureOf(file) {
	const png = readFileSync(file), width = png.readUInt32BE(16), height = png.readUInt32BE(20);
	const raw = ffmpeg('-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24');
	return { width, height, pixels: Array.from({ length: width * height }, (_, i) => [raw[3 * i], raw[3 * i + 1], raw[3 * i + 2]]) };
}

/** How long it is, and how many times it became loud. Beeps are half a second apart: what is loud again within
 * half of that goes on after a packet that was lost. */
export function soundOf(file) {
	const raw = ffmpeg('-i', file, '-f', 's16le', '-ac', '1', '-ar', '8000'), block = 80;
	let beeps = 0, loud = false, last = -Infinity;
	for (let at = 0; at + 2 * block <= raw.length; at += 2 * block) {
		let sum = 0;
		for (let i = 0; i < block; i++)
			sum += raw.readInt16LE(at + 2 * i) ** 2;
		const now = Math.sqrt(sum / block) > 1000;
		if (now && !loud && at - last > 2 * 8000 / 4) {
			beeps++;
			last = at;
		}
		loud = now;
	}
	return { seconds: raw.length / 16000, beeps };
}

/** All processes below that one, children first. */
export function descendants(pid) {
	const parents = new Map();
	for (const p of readdirSync('/proc').filter(d => /^\d+$/.test(d))) {
		try {
			const stat = readFileSync(`/proc/${p}/stat`, 'utf8');
			parents.set(Number(p), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
		} catch { /* it has ended meanwhile */ }
	}
	const below = id => [...parents].filter(([, parent]) => parent === id).flatMap(([child]) => [...below(child), child]);
	return below(pid);
}

/** Watches the first remote picture and sound for that long: when flash and beep begin, the card's
 * counter, its bars, the tone between the beeps. Times are performance.now(), in ms. */
export function watchCard(page, ms) {
	return within(ms + 15000, 'the test card is watched', page.evaluate(async span => {
		const video = document.querySelector('.tile:not(.me) video'), stream = video.srcObject;
		const canvas = new OffscreenCanvas(640, 480), g = canvas.getContext('2d', { willReadFrequently: true });
		const out = { counters: [], unreadable: 0, flashes: [], beeps: [], bars: null, tones: [], width: video.videoWidth, height: video.videoHeight };
		const end = performance.now() + span;

		// The picture, frame by frame: include/taut/media.h says how to read it.
		const crc8 = number => {
			let crc = 0;
			for (let shift = 24; shift >= 0; shift -= 8) {
				crc ^= number >>> shift & 255;
				for (let i = 0; i < 8; i++)
					crc = crc & 128 ? (crc << 1 ^ 7) & 255 : crc << 1;
			}
			return crc;
		};
		let flashing = null;
		const look = (now, frame) => {
			g.drawImage(video, 0, 0, 640, 480);
			const px = g.getImageData(0, 0, 640, 480).data;
			const at = (x, y) => 4 * (Math.floor(y * 40) * 640 + Math.floor(x * 40));
			const lum = (x, y) => (px[at(x, y)] + px[at(x, y) + 1] + px[at(x, y) + 2]) / 3;
			const bit = i => (lum(i % 16 + 0.5, 9.5 + Math.floor(i / 16)) > 127 ? 1 : 0);
			const bits = (from, n) => Array.from({ length: n }, (_, i) => bit(from + i)).reduce((v, b) => v * 2 + b, 0);
			const number = bits(0, 32), there = bits(40, 8) === 0xb2 && bits(32, 8) === crc8(number), flash = lum(13, 7) > 127;
			if (!there)
				out.unreadable++;
			else {
				out.counters.push(number);
				out.bars = Array.from({ length: 8 }, (_, i) => [0, 1, 2].map(c => px[at(2 * i + 1, 2.5) + c]));
				if (flash && flashing === false)
					out.flashes.push(frame.expectedDisplayTime);
				flashing = flash;
			}
			if (performance.now() < end)
				video.requestVideoFrameCallback(look);
		};
		video.requestVideoFrameCallback(look);

		// The sound, in blocks of 5 ms: when 1,000 Hz sets in, and 440 Hz in between.
		const context = new AudioContext({ sampleRate: 48000 }), tap = context.createScriptProcessor(256, 1, 1), analyser = context.createAnalyser();
		await context.resume();
		const source = context.createMediaStreamSource(stream);
		analyser.fftSize = 16384;
		analyser.smoothingTimeConstant = 0;
		source.connect(analyser);
		source.connect(tap).connect(context.destination);
		let beeping = null, quiet = 0, offset = -Infinity;
		const beeps = samples => {
			let re = 0, im = 0;
			samples.forEach((s, i) => {
				re += s * Math.cos(2 * Math.PI * 1000 * i / 48000);
				im += s * Math.sin(2 * Math.PI * 1000 * i / 48000);
			});
			return 2 * Math.hypot(re, im) / samples.length > 0.25;
		};
		tap.onaudioprocess = e => {
			const samples = e.inputBuffer.getChannelData(0), beep = beeps(samples);
			offset = Math.max(offset, 1000 * context.currentTime - performance.now());
			if (beep && beeping === false && quiet > 100) // a beep's first block, not its middle
				out.beeps.push(1000 * (e.playbackTime - 512 / 48000));
			quiet = beep ? 0 : quiet + 1;
			beeping = beep;
			if (quiet > 80 && out.tones.length < 5 && quiet % 20 === 0) {
				// The analyser hears what plays now. When this page is late, that is the next beep already.
				const sound = new Float32Array(analyser.fftSize), data = new Float32Array(analyser.frequencyBinCount);
				analyser.getFloatTimeDomainData(sound);
				analyser.getFloatFrequencyData(data);
				const best = data.indexOf(Math.max(...data)), size = samples.length;
				const between = Array.from({ length: sound.length / size }, (_, i) => sound.subarray(i * size, (i + 1) * size)).every(part => !beeps(part));
				if (between && data[best] > -70)
					out.tones.push(best * 48000 / analyser.fftSize);
			}
		};
		await new Promise(done => setTimeout(done, span));
		tap.onaudioprocess = null;
		out.latency = { output: context.outputLatency, base: context.baseLatency };
		await context.close();
		out.beeps = out.beeps.map(t => t - offset);
		// Each flash with the nearest beep: positive when the beep comes later.
		out.apart = out.flashes.flatMap(f => {
			const near = out.beeps.map(b => b - f).sort((a, b) => Math.abs(a) - Math.abs(b))[0];
			return near !== undefined && Math.abs(near) < 400 ? [near] : [];
		}).sort((a, b) => a - b);
		out.median = out.apart[Math.floor(out.apart.length / 2)];
		return out;
	}, ms));
}
