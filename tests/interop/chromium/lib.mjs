// lib.mjs - a native peer beside Chromium: `taut call` as a process, and what the page can tell.
//
// TAUT_BUILD is the sanitized build, TAUT_RELEASE the quick one. Every wait is for a condition.

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
		this.command = [...command, 'call', url, '--room', room, '--name', 'native', '--json', ...more];
		this.process = new Process(this.command[0], this.command.slice(1));
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
