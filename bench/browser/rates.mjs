// rates.mjs - `node rates.mjs [OPTIONS]`: how fast messages of 64 KiB go from taut to Chromium and back, beside Chromium
// to Chromium and taut to taut. ./dev bench --browser starts it.
//
//   --rounds N         of each pair, in turns (3)
//   --megabytes N      in a round (100)
//   --delays A,B       one way, in milliseconds (0,25)
//   --only TEXT        the pairs whose "from to to" has TEXT in it
//   --json             an object for each row
//   --evidence         writes docs/evidence/browser-rates.json, and docs/BENCH.md anew
//
// Each end is in a network of its own, with tools/impair between them, and each round makes a new connection: the beginning,
// when windows are small, counts. CPU is of both ends, Chromium with all its processes; the page does not
// hash. What a round took is measured by the receiver, from the first message to the last.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PageChannels, TautChannels } from '../../tests/browser/channel_ends.mjs';
import { connected, negotiate, paths, startBrowser } from '../../tests/browser/ends.mjs';
import { until, within } from '../../tests/browser/harness.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const args = process.argv.slice(2), asked = args.filter(a => a !== '--evidence');
const flag = name => {
	const at = args.indexOf(name);
	return at >= 0 && args.splice(at, 1).length > 0;
};
const value = (name, usual) => {
	const at = args.indexOf(name);
	return at < 0 ? usual : args.splice(at, 2)[1];
};
if (flag('--help')) {
	console.log('usage: ./dev bench --browser [--rounds N] [--megabytes N] [--delays A,B] [--only TEXT] [--json] [--evidence]');
	process.exit(0);
}
const rounds = Number(value('--rounds', 3)), megabytes = Number(value('--megabytes', 100)), delays = value('--delays', '0,25').split(',').map(Number);
const only = value('--only', ''), json = flag('--json'), evidence = flag('--evidence'), inside = flag('--inside');
if (args.length) {
	console.error(`rates: what is "${args[0]}"?`);
	process.exit(2);
}
const bin = resolve(root, process.env.TAUT_RELEASE ?? 'build/peer', 'bin'), SIZE = 65536;

// ---- inside: networks a and b are there ----

const scratch = inside ? mkdtempSync(join(tmpdir(), 'rates-')) : null;

/** A program that is Chromium in one of the networks. */
function chromiumIn(network) {
	const file = join(scratch, network);
	writeFileSync(file, `#!/bin/sh\nexec '${process.env.IMPAIR}' in ${network} '${paths.chromium}' "$@"\n`);
	chmodSync(file, 0o755);
	return file;
}

const TICKS = 100; /* of the kernel's clock in a second, sysconf(_SC_CLK_TCK) */

/** Seconds of CPU of a process and all that come from it. */
function cpuOf(top) {
	const children = new Map(), ticks = new Map();
	for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name)))
		try {
			const text = readFileSync(`/proc/${pid}/stat`, 'latin1'), f = text.slice(text.lastIndexOf(')') + 2).split(' ');
			ticks.set(Number(pid), f.slice(11, 15).reduce((sum, t) => sum + Number(t), 0)); /* and of children that have ended */
			children.set(Number(f[1]), [...children.get(Number(f[1])) ?? [], Number(pid)]);
		} catch { /* it has ended meanwhile */ }
	const sum = pid => (ticks.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((all, one) => all + sum(one), 0);
	return sum(top) / TICKS;
}

class Chromium {
	constructor(network) {
		this.network = network;
	}

	async begin() {
		/* the fake user interface lets it see all interfaces, since there is no default route */
		this.browser ??= await startBrowser('chromium', { program: chromiumIn(this.network), args: ['--use-fake-ui-for-media-stream'] });
		return PageChannels.begin(this.browser, 'about:blank');
	}

	cpu() {
		return cpuOf(this.browser.process().pid);
	}

	end() {
		return this.browser?.close();
	}
}

class Taut {
	constructor(network) {
		this.network = network;
	}

	async begin() {
		this.last = await TautChannels.begin(process.env.IMPAIR, ['in', this.network, join(bin, 'browser_channels')]);
		return this.last;
	}

	async cpu() {
		return (await this.last.state()).cpu;
	}

	end() {}
}

async function oneRound(from, to) {
	const a = await from.begin(), b = await to.begin(), lost = lostBy();
	const heard = async () => (await b.state()).channels.find(c => c.label === 'plain');
	try {
		const channel = await a.open('plain');
		await negotiate(a, b);
		await connected(a, b);
		await until('the channel is open', async () => (await heard())?.opened);
		const before = await from.cpu() + await to.cpu(), count = Math.ceil(megabytes * 1e6 / SIZE);
		await a.send(channel, { seed: 1, count, sizes: [SIZE] });
		await within(600000, 'all has come', b.has('plain', count));
		const { got } = await heard();
		return { mb_per_second: got.bytes / got.us, cpu_s_per_gb: (await from.cpu() + await to.cpu() - before) / got.bytes * 1e9, ...since(lost) };
	} finally {
		await a.end();
		await b.end();
	}
}

/** Packets that found no room so far: on their way into the link, which was to lose none, and in the socket of who should read them. */
function lostBy() {
	const sum = { link: 0, socket: 0 };
	for (const network of ['a', 'b']) {
		const lines = execFileSync(process.env.IMPAIR, ['in', network, 'cat', '/proc/net/dev', '/proc/net/snmp', '/proc/net/snmp6'], { encoding: 'utf8' }).split('\n').map(l => l.trim().split(/[\s:]+/));
		sum.link += Number(lines.find(l => l[0] === 'eth0')[12]); /* dropped of those that were sent */
		const [names, values] = lines.filter(l => l[0] === 'Udp');
		sum.socket += Number(values[names.indexOf('RcvbufErrors')]) + Number(lines.find(l => l[0] === 'Udp6RcvbufErrors')?.[1] ?? 0);
	}
	return sum;
}

function since(before) {
	const now = lostBy();
	return { link: now.link - before.link, socket: now.socket - before.socket };
}

function rank(values, part) {
	const sorted = [...values].sort((x, y) => x - y), at = (sorted.length - 1) * part, below = Math.floor(at);
	return sorted[below] + (at - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

/** The rows of one path, in turns. */
async function measure(delay) {
	const chromium = { a: new Chromium('a'), b: new Chromium('b') }, taut = { a: new Taut('a'), b: new Taut('b') };
	const pairs = [['taut', taut.a, 'Chromium', chromium.b], ['Chromium', chromium.b, 'taut', taut.a], ['Chromium', chromium.a, 'Chromium', chromium.b], ['taut', taut.a, 'taut', taut.b]]
		.filter(([from, , to]) => `${from} to ${to}`.includes(only)).map(([from, sender, to, receiver]) => ({ from, sender, to, receiver, rounds: [] }));
	try {
		for (let i = 0; i < rounds; i++)
			for (const p of pairs) {
				p.rounds.push(await oneRound(p.sender, p.receiver).catch(e => { throw new Error(`${p.from} to ${p.to}: ${e.message}`); }));
				process.stderr.write(`\r${2 * delay} ms, round ${i + 1} of ${rounds}: ${p.from} to ${p.to} ${p.rounds.at(-1).mb_per_second.toFixed(1)} MB/s   `);
			}
	} finally {
		process.stderr.write('\r\n');
		for (const end of [...Object.values(chromium), ...Object.values(taut)])
			await end.end();
	}
	for (const p of pairs) {
		const rates = p.rounds.map(r => r.mb_per_second);
		console.log(JSON.stringify({ from: p.from, to: p.to, round_trip_ms: 2 * delay, mb_per_second: rank(rates, 0.5), low: rank(rates, 0.25), high: rank(rates, 0.75), cpu_s_per_gb: rank(p.rounds.map(r => r.cpu_s_per_gb), 0.5), link_lost: p.rounds.reduce((sum, r) => sum + r.link, 0), socket_lost: p.rounds.reduce((sum, r) => sum + r.socket, 0) }));
	}
}

// ---- outside: a link for each delay ----

async function over(delay) {
	const own = ['--rounds', rounds, '--megabytes', megabytes, '--delays', delay, '--only', only, '--inside'].map(String);
	const child = spawn(join(bin, 'impair'), ['--delay', String(delay), '--stats', '/dev/null', '--', process.execPath, fileURLToPath(import.meta.url), ...own], { stdio: ['ignore', 'pipe', 'inherit'] });
	let text = '';
	child.stdout.on('data', d => { text += d; });
	const status = await new Promise(done => child.on('exit', done));
	if (status === 77)
		throw new Error('no network namespaces or no /dev/net/tun here');
	if (status !== 0)
		throw new Error(`the run over ${delay} ms ended with ${status}`);
	return text.split('\n').filter(Boolean).map(line => JSON.parse(line));
}

const three = x => Number(x.toPrecision(4));

async function run() {
	const rows = [];
	for (const delay of delays)
		for (const r of await over(delay)) {
			rows.push({ ...r, mb_per_second: three(r.mb_per_second), low: three(r.low), high: three(r.high), cpu_s_per_gb: three(r.cpu_s_per_gb) });
			console.log(json ? JSON.stringify(rows.at(-1)) : `${`${r.from} to ${r.to}`.padEnd(24)} ${String(r.round_trip_ms).padStart(4)} ms ${r.mb_per_second.toFixed(1).padStart(8)} MB/s (${r.low.toFixed(1)} to ${r.high.toFixed(1)}) ${r.cpu_s_per_gb.toFixed(1).padStart(7)} s/GB, lost by the link ${r.link_lost}, by sockets ${r.socket_lost}`);
		}
	if (!evidence || only)
		return;
	const version = execFileSync(paths.chromium, ['--version'], { encoding: 'utf8' }).trim();
	execFileSync('python3', ['tools/evidence.py', 'write', 'browser-rates', ['./dev bench --browser', ...asked].join(' '), `rounds=${rounds}`, `megabytes=${megabytes}`, `chromium=${version}`, `rows=${JSON.stringify(rows)}`], { cwd: root, stdio: 'inherit' });
	execFileSync('python3', ['-B', 'tools/bench_report.py', 'write'], { cwd: root, stdio: 'inherit' });
}

if (inside)
	await measure(delays[0]).finally(() => rmSync(scratch, { recursive: true, force: true }));
else
	await run().catch(e => {
		console.error(`rates: ${e.message}`);
		process.exitCode = 1;
	});
