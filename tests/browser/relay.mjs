// relay.mjs - the relay over real sockets: HTTP, upgrades, limits, WebSockets that misbehave.
// The protocol itself is tested in virtual time by tests/unit/signal/test_relay_core.c.

import http from 'node:http';
import net from 'node:net';
import { Client, ok, same, startRelay, until, within } from './harness.mjs';

function get(url, { method = 'GET', path, headers = {} } = {}) {
	return new Promise((done, fail) => {
		const u = new URL(url);
		const q = http.request({ host: u.hostname, port: u.port, method, path: path ?? u.pathname, headers }, r => {
			let body = '';
			r.on('data', d => { body += d; });
			r.on('end', () => done({ status: r.statusCode, headers: r.headers, body }));
		});
		q.on('error', fail);
		q.end();
	});
}

/** Bytes out, everything that comes back until the other side closes. */
function raw(port, bytes, { ms = 15000, keep = false } = {}) {
	return within(ms, 'the relay closes the connection', new Promise(done => {
		let got = Buffer.alloc(0);
		const s = net.connect(port, '127.0.0.1', () => s.write(bytes));
		s.on('data', d => { got = Buffer.concat([got, d]); });
		s.on('error', () => {});
		s.on('close', () => done(got));
		if (keep)
			keep(s);
	}));
}

const upgrade = (port, more = '') => `GET /ws HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
	`Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

/** The close code in the last frame of what a server sent, or null. */
function closeCode(bytes) {
	const i = bytes.lastIndexOf(0x88);
	return i >= 0 && bytes.length >= i + 4 ? bytes.readUInt16BE(i + 2) : null;
}

let relay;
const fresh = async () => (relay ??= await startRelay());

export const tests = [
	['the page is served with its headers and nothing else is', async () => {
		const { url } = await fresh(), page = await get(url);
		same(page.status, 200, 'status');
		ok(page.body.includes('<title>taut</title>'), 'it is the page');
		ok(page.headers['content-security-policy'].startsWith("default-src 'self'"), 'it has a policy');
		same(page.headers['cache-control'], 'no-store', 'caching');
		for (const [path, type] of [['/app.js', 'text/javascript'], ['/style.css', 'text/css'], ['/favicon.svg', 'image/svg+xml'], ['/index.html?x=1', 'text/html']])
			ok((await get(url, { path })).headers['content-type'].startsWith(type), `${path} is ${type}`);
		for (const path of ['/../../etc/passwd', '//etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/.git/config', '/nothing'])
			ok((await get(url, { path })).status >= 400, `${path} is refused`);
		same((await get(url, { method: 'HEAD' })).status, 200, 'HEAD');
		same((await get(url, { method: 'POST' })).status, 405, 'POST');
	}],
	['an upgrade from another origin, host or path is refused', async () => {
		const { url, port } = await fresh();
		const refused = async options => {
			const c = new Client(url, options);
			return c.opened.then(() => 'open', e => e.message);
		};
		same(await refused({ origin: 'http://evil.example' }), 'HTTP 403', 'foreign origin');
		same(await refused({ origin: 'null' }), 'HTTP 403', 'origin null');
		same(await refused({ origin: `https://localhost:${port}` }), 'HTTP 403', 'other scheme');
		same(await refused({ origin: `http://localhost:${port}` }), 'open', 'own origin');
		same(await refused({}), 'open', 'no origin');
		const rebound = await raw(port, upgrade(port).replace(`localhost:${port}`, `evil.example:${port}`).replace('\r\n\r\n', `\r\nOrigin: http://evil.example:${port}\r\n\r\n`));
		ok(!rebound.toString().includes('101 '), 'a name that points to loopback is refused');
		ok(!(await raw(port, upgrade(port).replace('/ws', '/other'))).toString().includes('101 '), 'only /ws');
	}],
	['a WebSocket without a subprotocol is served, too', async () => {
		const { url } = await fresh();
		const c = new Client(url, { protocol: [] });
		await c.opened;
		c.say({ type: 'ready', name: 'plain', rooms: ['plain'] });
		await c.hear('joined');
		await c.close();
	}],
	['two clients meet, talk and part', async () => {
		const { url } = await fresh(), a = await Client.join(url, 'meet', 'Ada'), b = await Client.join(url, 'meet', 'Bob');
		same((await a.hear('announce')).name, 'Bob', 'announced');
		b.say({ type: 'user_here' });
		same((await a.hear('user_here')).from, b.id, 'user_here');
		a.say({ type: 'description', to: b.id, call: 'x', description: { type: 'offer', sdp: 'v=0\r\n' } });
		same((await b.hear('description')).description.sdp, 'v=0\r\n', 'sdp');
		b.say({ type: 'chat', text: '<img src=x onerror=alert(1)> ä€😀' });
		const chat = await a.hear('chat');
		same([chat.name, chat.text], ['Bob', '<img src=x onerror=alert(1)> ä€😀'], 'chat');
		b.ws.terminate();
		same((await a.hear('leave')).reason, 'gone', 'reason');
		await a.close();
	}],
	['a message of 262,144 bytes passes in one frame and in many', async () => {
		const { url } = await fresh(), a = await Client.join(url, 'big', 'Ada'), b = await Client.join(url, 'big', 'Bob');
		const bare = JSON.stringify({ room: 'big', type: 'description', description: { type: 'offer', sdp: '' } }).length;
		const sdp = 'x'.repeat(262144 - bare);
		for (const pieces of [1, 700]) {
			const text = JSON.stringify({ room: 'big', type: 'description', description: { type: 'offer', sdp } });
			const size = Math.ceil(text.length / pieces);
			for (let at = 0; at < text.length; at += size)
				a.ws.send(text.slice(at, at + size), { fin: at + size >= text.length });
			same((await b.hear('description')).description.sdp.length, sdp.length, `in ${pieces} frames`);
		}
		await Promise.all([a.close(), b.close()]);
	}],
	['a message that is too large gets an error, the second one 1009', async () => {
		const { url } = await fresh(), c = await Client.join(url, 'large', 'Ada');
		c.say('x'.repeat(262145));
		same((await c.hear('error')).code, 'too_large', 'code');
		c.ws.send('x'.repeat(200000), { fin: false });
		c.ws.send('x'.repeat(200000), { fin: true });
		same(await within(5000, 'it closes', c.closed), 1009, 'close code');
	}],
	['a frame that claims 2^63 bytes, more or less, ends the connection', async () => {
		const { port } = await fresh();
		for (const length of ['8000000000000000', 'ffffffffffffffff', '7fffffffffffffff']) {
			const frame = Buffer.concat([Buffer.from(upgrade(port)), Buffer.from(`81ff${length}01020304`, 'hex'), Buffer.alloc(100)]);
			const got = await raw(port, frame, { ms: 3000 });
			ok(got.toString('latin1').includes('101 '), 'the upgrade went through');
			if (length.startsWith('7')) // a length that is allowed, RFC 6455 section 5.2; the others libwebsockets drops without a word
				same(closeCode(got), 1009, 'close code');
		}
	}],
	['malformed messages get errors, the fifth a close code, binary is refused', async () => {
		const { url } = await fresh(), c = await Client.join(url, 'bad', 'Ada');
		c.say('{"type":');
		same((await c.hear('error')).code, 'bad_json', 'cut');
		c.say('['.repeat(100000));
		same((await c.hear('error')).code, 'too_deep', 'deep');
		c.say({ type: 'sudo' });
		same((await c.hear('error')).code, 'unknown_type', 'unknown');
		c.say(Buffer.from('{}'));
		same((await c.hear('error')).code, 'not_text', 'binary');
		c.say({ type: 'chat' });
		same((await c.hear('error')).code, 'bad_field', 'field');
		same(await within(5000, 'it closes', c.closed), 1008, 'close code');
		same(c.reason, 'too many malformed messages', 'reason');
	}],
	['what breaks RFC 6455 ends the connection', async () => {
		const { port } = await fresh();
		const masked = (head, body) => Buffer.concat([Buffer.from(head), Buffer.from([0, 0, 0, 0]), Buffer.from(body)]);
		const rows = [
			['text that is not UTF-8', masked([0x81, 0x84], [0xc0, 0x80, 0xed, 0xa0]), 1007],
			['a reserved opcode', masked([0x83, 0x81], [0x41]), 1002],
			['a reserved bit', masked([0xc1, 0x81], [0x41]), 1002],
			['a control frame of 126 bytes', masked([0x89, 0xfe, 0, 126], new Array(126).fill(65)), null], // libwebsockets ends it without a word
			['a continuation of nothing', masked([0x80, 0x81], [0x41]), 1002],
		];
		for (const [what, frame, code] of rows) {
			const got = await raw(port, Buffer.concat([Buffer.from(upgrade(port)), frame]), { ms: 8000 });
			ok(got.toString('latin1').includes('101 '), `${what}: upgraded`);
			same(closeCode(got), code, `${what}: close code`);
		}
	}],
	['two hundred and fifty messages at once all arrive, in order, at the rate', async () => {
		const { url } = await fresh(), a = await Client.join(url, 'rate', 'Ada'), b = await Client.join(url, 'rate', 'Bob');
		const began = Date.now();
		for (let i = 0; i < 250; i++)
			a.say({ type: 'chat', text: String(i) });
		await until('all are heard', () => b.heard.filter(m => m.type === 'chat').length === 250, 15000);
		same(b.heard.filter(m => m.type === 'chat').map(m => Number(m.text)).every((n, i) => n === i), true, 'order');
		const took = Date.now() - began;
		ok(took > 2000 && took < 9000, `150 over the burst take about 3 s (${took} ms)`);
		same(a.heard.filter(m => m.type === 'error').length, 0, 'errors');
		await Promise.all([a.close(), b.close()]);
	}],
	['a reader that does not read is cut off, and nobody waits for it', async () => {
		const { url, port } = await fresh(), a = await Client.join(url, 'slow', 'Ada'), c = await Client.join(url, 'slow', 'Cid');
		let cut = false;
		const slow = net.connect(port, '127.0.0.1', () => {
			const body = Buffer.from(JSON.stringify({ type: 'ready', name: 'Slow', rooms: ['slow'] }));
			slow.write(Buffer.concat([Buffer.from(upgrade(port)), Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]));
		});
		slow.on('error', () => {});
		slow.on('close', () => { cut = true; });
		slow.pause();
		await a.hear('announce');
		let sent = 0, heard = 0, worst = 0;
		const text = 'x'.repeat(200000);
		while (!cut && sent < 200) {
			const began = Date.now();
			a.say({ type: 'description', description: { type: 'answer', sdp: text } });
			sent++;
			await c.hear('description');
			worst = Math.max(worst, Date.now() - began);
			heard++;
			cut ||= a.heard.some(m => m.type === 'leave');
		}
		ok(cut, `the slow reader is gone after ${sent} messages of 200 KB`);
		same(heard, sent, 'the other one heard');
		ok(worst < 1000, `without a delay (at most ${worst} ms)`);
		slow.destroy();
		await Promise.all([a.close(), c.close()]);
	}],
	['requests that never end and headers that are too long are dropped', async () => {
		const { url, port } = await fresh(), all = [];
		for (let i = 0; i < 100; i++)
			all.push(raw(port, 'GET / HTTP/1.1\r\nHost: x\r\n', { ms: 12000 }));
		same((await get(url)).status, 200, 'meanwhile the page');
		const c = await Client.join(url, 'lorris', 'Ada');
		await c.close();
		await Promise.all(all);
		const long = await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(1 << 20)}\r\n\r\n`);
		ok(!long.toString().includes('200 OK'), 'a header of 1 MiB is refused');
	}],
	['the relay comes with TLS and a certificate of its own', async () => {
		const tls = await startRelay(0, '--tls');
		try {
			ok(tls.url.startsWith('https://'), tls.url);
			const c = new Client(tls.url);
			await within(5000, 'wss opens', c.opened);
			c.say({ type: 'ready', name: 'Ada', rooms: ['r'] });
			await c.hear('joined');
			await c.close();
		} finally {
			await tls.stop();
		}
	}],
	['the relay takes the next port when one is taken and ends cleanly', async () => {
		const one = await startRelay(8080), two = await startRelay(8080);
		try {
			ok(two.port > one.port && two.port <= 8099, `${one.port}, then ${two.port}`);
			const c = await Client.join(two.url, 'r', 'Ada');
			same(await two.stop('SIGINT'), 0, 'status');
			same(await within(5000, 'it closes', c.closed), 1001, 'close code');
		} finally {
			await one.stop();
			await two.stop();
		}
	}],
];

export async function end() {
	if (relay)
		same(await relay.stop(), 0, `the relay ends with status 0: ${relay.output.slice(-2000)}`);
}
