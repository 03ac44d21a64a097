// main.mjs - what becomes of a call of Chromium or Firefox with `taut call` when paths change, and which
// candidates it is made of. Started by run, inside its namespaces: `run [--all] [--evidence] [part of a name]...`
//
// It is passed when frames are decoded at both ends afterwards. How long the page saw no new frame is printed, and
// with --evidence written to docs/evidence/mobility.json; nobody judges it. Without --all: one case for each browser.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBrowser } from '../../browser/ends.mjs';
import { ok, Process, runTests, until } from '../../browser/harness.mjs';
import { Native, release, sanitized } from '../chromium/lib.mjs';

const { homes, addresses, relay, drops } = JSON.parse(process.env.TAUT_MOBILITY);
const url = `http://${relay}:8080/`, root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const args = process.argv.slice(2), take = word => args.includes(word) && args.splice(args.indexOf(word), 1).length > 0;
const evidence = take('--evidence'), all = take('--all') || evidence;
const gaps = {};
let rooms = 0;

// ---- the homes ----

const inside = (home, words, input = '') => execFileSync(homes[home][0], [...homes[home].slice(1), ...words], { input, stdio: ['pipe', 'pipe', 'inherit'] });
const gateway = '203.0.113.1';

/** As at the beginning; the wire for signaling lets UDP pass if names are to be heard by it. */
function reset(udpOnWire) {
	for (const home of ['native', 'page']) {
		inside(home, ['sh', '-c', `ip link set eth1 down; ip link set eth0 up; ip addr replace ${addresses[home]}/24 dev eth0
			ip route replace default via ${gateway} dev eth0; nft flush ruleset`]);
		if (!udpOnWire)
			inside(home, ['nft', '-f', '-'], drops);
	}
}

/** The address in use goes, and another comes. One that is only down may still be sent from. */
function move(home) {
	inside(home, ['sh', '-c', `ip addr flush dev eth0; ip link set eth0 down; ip link set eth1 up; ip route replace default via ${gateway} dev eth1`]);
}

const dropUdp = home => inside(home, ['nft', '-f', '-'], `table inet silence {
	chain out {
		type filter hook output priority 1
		oifname != "lo" meta l4proto udp drop
	}
}
`);

// ---- the ends ----

function launch(name, mdns) {
	return startBrowser(name, { names: mdns, args: [`--unsafely-treat-insecure-origin-as-secure=${new URL(url).origin}`],
		prefs: { 'media.peerconnection.ice.loopback': false, 'media.peerconnection.ice.tcp': true, 'dom.securecontext.allowlist': gateway } });
}

/** Firefox uses the address by which the page came and no other (RFC 8828 section 5.2, mode 2): no wire for signaling. */
const pageUrl = name => (name === 'firefox' ? `http://${gateway}:8080/` : url);

/** Counts frames, and notes the longest time without a new one. */
function inPage() {
	window.seen = { frames: 0, at: performance.now(), gap: 0, lost: 0 };
	setInterval(async () => {
		const pc = window.taut?.pc;
		if (!pc || window.asking)
			return;
		window.asking = true;
		try {
			for (const s of (await pc.getStats()).values())
				if (s.type === 'inbound-rtp' && s.kind === 'video' && s.framesDecoded !== window.seen.frames) {
					const now = performance.now();
					window.seen.gap = Math.max(window.seen.gap, now - window.seen.at);
					Object.assign(window.seen, { frames: s.framesDecoded, at: now, lost: s.packetsLost });
				}
		} finally {
			window.asking = false;
		}
	}, 20);
}

class Call {
	static async begin(after, name, { nativeFirst = false, mdns = false, noUdp = false, native = [] }) {
		const c = new Call(), room = `m${rooms++}`;
		reset(mdns);
		if (noUdp)
			dropUdp('page');
		c.browser = await launch(name, mdns);
		after(() => c.browser.close());
		const join = async () => {
			c.page = await c.browser.newPage();
			await c.page.evaluateOnNewDocument(inPage);
			await c.page.goto(`${pageUrl(name)}#${new URLSearchParams({ room, name: 'page', source: 'test' })}`);
			await c.page.click('#join');
			await until('the page has joined', () => c.page.evaluate(() => window.taut.room?.joined));
		};
		if (!nativeFirst)
			await join();
		c.native = new Native([...homes.native, sanitized], url, room, '--send', 'test', '--width', '320', '--height', '240', ...(mdns ? ['--mdns'] : []), ...native);
		after(() => c.native.kill());
		await c.native.joined();
		if (nativeFirst)
			await join();
		await c.flows();
		return c;
	}

	frames() {
		const last = this.native.events.filter(e => e.event === 'stats').at(-1);
		return this.page.evaluate(() => window.seen).then(seen => ({ page: seen.frames, native: last?.frames_decoded ?? 0 }));
	}

	/** Both ends decode more than they have. */
	async flows(ms = 60000) {
		const before = await this.frames();
		await until('both ends decode', async () => {
			const now = await this.frames();
			return now.page > before.page + 10 && now.native > before.native + 10;
		}, ms).catch(async e => {
			throw new Error(`${e.message}; ${JSON.stringify([before, await this.frames()])} ${this.native.tail()}; ${await this.page.evaluate(() => JSON.stringify(window.taut.log.map(l => l.message).filter(m => m.type === 'candidate' || m.type === 'description').map(m => m.candidate?.candidate ?? [m.description?.type, ...(m.description?.sdp.match(/a=candidate.*/g) ?? [])])))}`);
		});
	}

	/** What the page lost sight of while it happened; then both go on. */
	async during(what, does) {
		await this.page.evaluate(() => { Object.assign(window.seen, { gap: 0, at: performance.now() }); });
		await does();
		await this.flows();
		const { gap } = await this.page.evaluate(() => window.seen);
		gaps[what] = Math.round(gap);
		console.log(`# ${what}: no new frame for ${gaps[what]} ms`);
	}

	path() {
		return this.page.evaluate(async () => {
			const all = await window.taut.pc.getStats();
			const pair = [...all.values()].find(s => s.type === 'candidate-pair' && s.state === 'succeeded' && (s.nominated || s.selected));
			return ['localCandidateId', 'remoteCandidateId'].map(k => all.get(pair?.[k])).map(c => `${c?.candidateType} ${c?.protocol} ${c?.address}`).join(' -> ');
		});
	}
}

// ---- the cases ----

/** A generation that is concluded has other credentials, on both sides. */
async function restart(after, name, ours) {
	const c = await Call.begin(after, name, { native: ours ? ['--stdin'] : [] });
	const ufrags = () => c.page.evaluate(() => [window.taut.pc.localDescription, window.taut.pc.remoteDescription].map(d => /a=ice-ufrag:(\S+)/.exec(d.sdp)[1]));
	const before = await ufrags(), lost = await c.page.evaluate(() => window.seen.lost);
	await c.during(`${name}: ICE restarts${ours ? ', by the native peer' : ''}`, async () => {
		if (ours)
			c.native.type('/restart');
		else
			await c.page.evaluate(() => { window.taut.pc.restartIce(); });
		await until('both have other credentials', async () => (await ufrags()).every((u, i) => u !== before[i]));
	});
	ok(await c.page.evaluate(() => window.seen.lost) === lost, 'no packet was lost');
	await c.native.end();
}

async function moves(after, name, home, nativeFirst) {
	const c = await Call.begin(after, name, { nativeFirst });
	const first = nativeFirst ? 'the native peer began' : 'the page began';
	await c.during(`${name}: another address of the ${home === 'native' ? 'native peer' : 'browser'}, ${first}`, () => move(home));
	await c.native.end();
}

async function byNames(after, name) {
	const c = await Call.begin(after, name, { mdns: true });
	const told = await c.page.evaluate(() => window.taut.log.map(l => JSON.stringify(l.message)));
	const candidates = told.filter(t => t.includes('candidate:'));
	ok(candidates.some(t => /[0-9a-f-]{36}\.local/.test(t)) && !candidates.some(t => /203\.0\.113\.\d+ \d+ typ host/.test(t)), `names alone: ${candidates}`);
	console.log(`# ${name}: ${await c.path()}`);
	await c.native.end();
}

async function overTcp(after, name) {
	const c = await Call.begin(after, name, { noUdp: true, native: ['--ice-tcp', 'listen'] });
	const path = await c.path();
	console.log(`# ${name}: ${path}`);
	ok((path.match(/ tcp 203/g) ?? []).length === 2, `over TCP, on the net: ${path}`);
	await c.native.end();
}

const cases = [];
for (const name of ['chromium', 'firefox']) {
	cases.push([`${name}, another address of the native peer, the page began`, after => moves(after, name, 'native', false), true]);
	cases.push([`${name}, another address of the native peer, which began`, after => moves(after, name, 'native', true)]);
	cases.push([`${name}, another address of the browser, the page began`, after => moves(after, name, 'page', false)]);
	cases.push([`${name}, another address of the browser, the native peer began`, after => moves(after, name, 'page', true)]);
	cases.push([`${name}, an ICE restart of the page`, after => restart(after, name, false)]);
	cases.push([`${name}, an ICE restart of the native peer`, after => restart(after, name, true)]);
	cases.push([`${name}, names on both sides`, after => byNames(after, name)]);
	cases.push([`${name}, over TCP alone`, after => overTcp(after, name)]);
}

const server = new Process(homes.net[0], [...homes.net.slice(1), release, 'relay', '--host', '0.0.0.0', '--port', '8080']);
await until('the relay listens', () => server.output.includes('http')).catch(e => { throw new Error(`${e.message}: ${server.output}`); });
const good = await runTests(cases.filter(c => all || c[2]).map(([name, test]) => [`interop/mobility/${name}`, test]), args);
server.child.kill('SIGTERM');
await server.ended;
if (evidence && good) {
	const of = what => execFileSync('git', ['-C', root, ...what], { encoding: 'utf8' }).trim();
	writeFileSync(join(root, 'docs/evidence/mobility.json'), `${JSON.stringify({ name: 'mobility', commit: of(['rev-parse', 'HEAD']),
		command: 'tests/interop/mobility/run --evidence', date: new Date().toISOString().slice(0, 10), figures: gaps }, null, 1)}\n`);
}
process.exit(good ? 0 : 1);
