// channel_ends.mjs - the two ends of a session of data channels: a page, and tests/browser/channel_peer.c. Both know
// the same words and say the same of each channel.
//
// What they send is drawn from a seed and hashed message by message, what they hear is hashed and dropped, as
// channel_peer.c says, so that a file of 1 GB is never in memory.

import { createServer } from 'node:http';
import { BrowserEnd, TautEnd } from './ends.mjs';
import { pause, within } from './harness.mjs';

/* Only a page of localhost may hash by crypto.subtle. */
export async function serveEmptyPage(host = '127.0.0.1') {
	const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><title>channels</title>'));
	await new Promise(done => server.listen(0, host, done));
	return { url: `http://${host === '127.0.0.1' ? 'localhost' : host}:${server.address().port}/`, close: () => server.close() };
}

/** What runs in the page. Everything hangs on window.end. */
function inPage() {
	const HIGH = 4 << 20, LOW = 1 << 20;
	const end = window.end = { pc: new RTCPeerConnection(), channels: [], opened: 0 };
	const newTally = () => ({ messages: 0, bytes: 0, texts: 0, chain: new Uint8Array(32), any: new Uint8Array(32), each: [], first: 0, last: 0, hashing: Promise.resolve(), waiting: 0, known: { messages: 0, bytes: 0, texts: 0 } });
	const sha = data => crypto.subtle.digest('SHA-256', data).then(d => new Uint8Array(d));
	const hex = hash => Array.from(hash, b => b.toString(16).padStart(2, '0')).join('');
	/* Hashed in order; what is known of a tally is what its hashes are of. */
	const count = (tally, hashed, data) => {
		const text = typeof data === 'string', octets = text ? new TextEncoder().encode(data) : data;
		tally.last = performance.now();
		if (tally.messages++ === 0)
			tally.first = tally.last;
		tally.bytes += octets.byteLength;
		tally.texts += text ? 1 : 0;
		const known = { messages: tally.messages, bytes: tally.bytes, texts: tally.texts };
		if (!hashed) {
			tally.known = known;
			return;
		}
		const digest = sha(octets);
		tally.waiting++;
		tally.hashing = tally.hashing.then(async () => {
			const one = await digest, both = new Uint8Array(64);
			both.set(tally.chain);
			both.set(one, 32);
			tally.chain = await sha(both);
			if (tally.each.length < 256)
				tally.each.push(hex(one.subarray(0, 4)));
			one.forEach((b, i) => { tally.any[i] ^= b; });
			tally.known = known;
			tally.waiting--;
		});
	};
	const drawn = (work, size) => {
		const words = new Uint32Array((size + 3) >> 2);
		let x = work.random;
		for (let i = 0; i < words.length; i++) {
			x ^= x << 13;
			x ^= x >>> 17;
			x ^= x << 5;
			words[i] = work.text ? ((x & 0x3f3f3f3f) + 0x20202020) : x;
		}
		work.random = x;
		return new Uint8Array(words.buffer, 0, size);
	};
	/* The page is slower in hashing than in sending: it lets nothing pile up. */
	const sendMore = async c => {
		if (c.pumping || !c.work || c.channel.readyState !== 'open')
			return;
		c.pumping = true;
		const { work } = c;
		while (work.next < work.count && c.channel.bufferedAmount < HIGH) {
			if (c.sent.waiting > 64)
				await c.sent.hashing;
			const size = work.sizes[work.next % work.sizes.length];
			const data = c.plain ? (work.same ??= new Uint8Array(size)) : drawn(work, size);
			const what = work.text ? new TextDecoder().decode(data) : data;
			try {
				c.channel.send(what);
			} catch (e) {
				c.why = String(e);
				work.count = work.next;
				break;
			}
			work.next++;
			count(c.sent, !c.plain, what);
		}
		c.most = Math.max(c.most, c.channel.bufferedAmount);
		c.pumping = false;
		/* It may have told of the low buffer while we waited for hashes. */
		if (work.next < work.count && c.channel.bufferedAmount <= LOW)
			setTimeout(sendMore, 0, c);
	};
	const keep = (channel, theirs) => {
		const c = { channel, theirs, plain: channel.label.startsWith('plain'), opened: false, closing: false, closed: false, why: '', errors: [], sent: newTally(), got: newTally(), work: null, most: 0 };
		c.number = end.channels.push(c);
		channel.binaryType = 'arraybuffer';
		channel.bufferedAmountLowThreshold = LOW;
		channel.onopen = () => {
			c.opened = true;
			sendMore(c);
		};
		channel.onmessage = e => count(c.got, !c.plain, e.data);
		channel.onbufferedamountlow = () => sendMore(c);
		channel.onclosing = () => { c.closing = true; };
		channel.onclose = () => { c.closed = true; };
		channel.onerror = e => c.errors.push(`${e.error?.errorDetail ?? ''} ${e.error?.message ?? ''}`);
		if (channel.readyState === 'open')
			channel.onopen();
		return c;
	};
	end.pc.ondatachannel = e => keep(e.channel, true);
	end.open = (label, options) => keep(end.pc.createDataChannel(label, options), false).number;
	end.send = (number, work) => {
		const c = end.channels[number - 1];
		c.work = { ...work, random: work.seed, next: 0 };
		sendMore(c);
	};
	const tallied = t => ({ ...t.known, chain: hex(t.chain), anyOrder: hex(t.any), each: t.each, us: (t.last - t.first) * 1000 });
	end.state = from => ({
		connection: end.pc.connectionState,
		most: end.pc.sctp?.maxMessageSize ?? 0,
		channels: end.channels.slice(from).map(c => ({
			channel: c.number, label: c.channel.label, protocol: c.channel.protocol, stream: c.channel.id, ordered: c.channel.ordered, negotiated: c.channel.negotiated,
			lifetime: c.channel.maxPacketLifeTime, retransmits: c.channel.maxRetransmits, theirs: c.theirs, state: c.channel.readyState,
			opened: c.opened, closing: c.closing, closed: c.closed, why: c.why, errors: c.errors, sending: c.work !== null && c.work.next < c.work.count,
			bufferedMost: c.most, sent: tallied(c.sent), got: tallied(c.got),
		})),
	});
	end.gathered = async () => {
		while (end.pc.iceGatheringState !== 'complete')
			await new Promise(done => setTimeout(done, 10));
		return { type: end.pc.localDescription.type, sdp: end.pc.localDescription.sdp };
	};
}

const init = ({ unordered, lifetime, retransmits, negotiated, stream, protocol }) => ({
	ordered: !unordered,
	...(lifetime !== undefined && { maxPacketLifeTime: lifetime }),
	...(retransmits !== undefined && { maxRetransmits: retransmits }),
	...(negotiated && { negotiated, id: stream }),
	...(protocol !== undefined && { protocol }),
});

export class PageChannels extends BrowserEnd {
	static async begin(browser, url) {
		const e = new this();
		e.name = 'browser';
		e.page = await browser.newPage();
		await e.page.goto(url);
		await e.page.evaluate(inPage);
		return e;
	}

	open(label, how = {}) {
		return this.ask((what, options) => window.end.open(what, options), label, init(how));
	}

	send(channel, work) {
		return this.ask((number, what) => window.end.send(number, what), channel, work);
	}

	closeChannel(channel) {
		return this.ask(number => window.end.channels[number - 1].channel.close(), channel);
	}

	/** When so many messages have come; asked inside the page, which costs it nothing to speak of. */
	has(label, messages) {
		return this.page.evaluate(async (name, count) => {
			const c = window.end.channels.findLast(one => one.channel.label === name);
			while (c.got.messages < count)
				await new Promise(done => setTimeout(done, 50));
		}, label, messages);
	}

	state(from = 0) {
		return within(60000, 'the page says how its channels are', this.page.evaluate(n => window.end.state(n), from));
	}
}

export class TautChannels extends TautEnd {
	async open(label, how = {}) {
		const { channel } = await this.ask('open', { label, ...how });
		return channel;
	}

	send(channel, work) {
		return this.ask('send', { channel, ...work });
	}

	/** One that the other end has closed meanwhile is gone, and that is as well. */
	closeChannel(channel) {
		return this.ask('close', { channel }).catch(e => {
			if (e.message !== 'InvalidStateError: no such channel')
				throw e;
		});
	}

	async has(label, messages) {
		while (((await this.state()).channels.findLast(c => c.label === label)?.got.messages ?? 0) < messages)
			await pause(50);
	}

	/** As a page says it: what a channel lacks of limits is null. */
	async state(from = 0) {
		const s = await this.ask('state', { from });
		for (const c of s.channels) {
			c.retransmits = c.retransmits ? c.retransmits - 1 : null;
			c.lifetime ||= null;
		}
		return s;
	}
}
