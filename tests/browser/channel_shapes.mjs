// channel_shapes.mjs - sessions of data channels between two ends, each with what must be true at the end. `a` offers;
// `browser` and `taut` are the same two.

import { connected, negotiate } from './ends.mjs';
import { ok, same, until } from './harness.mjs';

const MINUTES = 60000;

/** A first channel, without which there is nothing to negotiate; and the connection. */
async function meet(a, b) {
	await a.open('first');
	await negotiate(a, b);
	await connected(a, b);
}

async function channelOf(end, label, from = 0) {
	return (await end.state(from)).channels.findLast(c => c.label === label);
}

/** Opened by one end, open at both: their numbers, the opener's first. */
async function openBoth(opener, other, label, how = {}) {
	const here = await opener.open(label, how), there = how.negotiated ? await other.open(label, how) : null;
	const found = await until(`"${label}" is open at both ends`, async () => {
		const c = await channelOf(other, label), own = await channelOf(opener, label);
		return c?.opened && own.opened && (!there || c.channel === there) && c;
	});
	return [here, found.channel];
}

const byNumber = async (end, number) => (await end.state()).channels.find(c => c.channel === number);

/** All of it leaves one end and comes to the other; in any order where `anyOrder`. What both ends say of it. */
async function arrives(from, fromChannel, to, toChannel, work, { anyOrder = false, ms = MINUTES } = {}) {
	const before = { sent: await byNumber(from, fromChannel), got: await byNumber(to, toChannel) };
	await from.send(fromChannel, work);
	const wanted = before.got.got.messages + work.count;
	const got = await until(`${work.count} messages come to ${to.name}`, async () => {
		const c = await byNumber(to, toChannel), sender = await byNumber(from, fromChannel);
		if (sender.why)
			throw new Error(`${from.name}: ${sender.why}`);
		return c.got.messages >= wanted && c.got;
	}, ms).catch(async e => {
		throw new Error(`${e.message}: ${JSON.stringify({ sender: await byNumber(from, fromChannel), receiver: await byNumber(to, toChannel) })}`);
	});
	const { sent } = await until(`${from.name} has sent all`, async () => {
		const c = await byNumber(from, fromChannel);
		return c.sent.messages >= before.sent.sent.messages + work.count && c;
	});
	same([got.messages, got.bytes, got.texts], [sent.messages, sent.bytes, sent.texts], `messages, bytes and texts at ${to.name}`);
	same(got.anyOrder, sent.anyOrder, `hashes at ${to.name}`);
	if (!anyOrder)
		same(got.chain, sent.chain, `hashes in order at ${to.name}`);
	return { sent, got };
}

const MB = 1e6;

/** A file from one end to the other, in messages of 64 KiB. */
async function file(from, to, megabytes, seed) {
	const [here, there] = await openBoth(from, to, `file from ${from.name}`), size = 65536;
	const count = Math.ceil(megabytes * MB / size);
	const { got } = await arrives(from, here, to, there, { seed, count, sizes: [size] }, { ms: 20 * MINUTES });
	return { bytes: got.bytes, megabytes_per_second: Number((got.bytes / got.us).toFixed(1)) };
}

/* What a message may be long: one octet, around what a packet holds, around powers of two, the most. */
const SIZES = [1, 2, 3, 4, 5, 0, 255, 256, 1023, 1024, 1150, 1171, 1172, 1173, 1199, 1200, 1201, 2344, 4096, 16383, 16384, 16385, 65535, 65536, 65537, 131072, 200003, 262143, 262144];

const RELIABILITIES = [
	['ordered and reliable', {}],
	['unordered and reliable', { unordered: true }],
	['ordered, resent at most three times', { retransmits: 3 }],
	['unordered, never resent', { unordered: true, retransmits: 0 }],
	['ordered, for five seconds', { lifetime: 5000 }],
	['unordered, for a quarter of a second', { unordered: true, lifetime: 250 }],
];

/** What both ends say of how a channel was made. */
function sameManner(c, label, how) {
	same({ label: c.label, ordered: c.ordered, lifetime: c.lifetime, retransmits: c.retransmits, protocol: c.protocol, negotiated: c.negotiated },
		{ label, ordered: !how.unordered, lifetime: how.lifetime ?? null, retransmits: how.retransmits ?? null, protocol: how.protocol ?? '', negotiated: how.negotiated ?? false }, label);
}

/** On a channel that may lose: half at least comes, nothing twice, nothing that was not sent, and in order if there is one. */
async function mostArrive(from, fromChannel, to, toChannel, work, ordered) {
	await from.send(fromChannel, work);
	await until(`half of ${work.count} messages come to ${to.name}`, async () => (await byNumber(to, toChannel)).got.messages >= work.count / 2, MINUTES);
	const { got } = await byNumber(to, toChannel);
	const { sent } = await until(`${from.name} has sent all`, async () => {
		const c = await byNumber(from, fromChannel);
		return c.sent.messages === work.count && c;
	}, MINUTES);
	const places = got.each.map(hash => sent.each.indexOf(hash));
	same(new Set(sent.each).size, work.count, 'messages that differ');
	ok(places.every(at => at >= 0) && new Set(places).size === places.length, `${to.name} heard ${places}`);
	ok(!ordered || places.every((at, i) => i === 0 || at > places[i - 1]), `${to.name} heard in this order: ${places}`);
}

/** 200 messages, as reliable and as ordered as the channel is. A socket's buffer may overflow even on loopback. */
function asReliable(from, fromChannel, to, toChannel, how) {
	const work = { seed: 5, count: 200, sizes: [10, 1000, 3000] };
	return how.retransmits === undefined && how.lifetime === undefined
		? arrives(from, fromChannel, to, toChannel, work, { anyOrder: how.unordered })
		: mostArrive(from, fromChannel, to, toChannel, work, !how.unordered);
}

async function closedAtBoth(opener, here, other, there) {
	await until('the channel is closed at both ends', async () => {
		const [c, d] = [await byNumber(opener, here), await byNumber(other, there)];
		return c.closed && d.closed;
	});
}

export const shapes = megabytes => [
	[`a file of ${megabytes} MB each way`, async ({ a, b, browser, taut, note }) => {
		await meet(a, b);
		const up = await file(browser, taut, megabytes, 11), down = await file(taut, browser, megabytes, 12);
		const { peakKb } = await taut.state();
		note({ bytes: up.bytes, from_it: up.megabytes_per_second, to_it: down.megabytes_per_second, peak_kb: peakKb });
		ok(peakKb < 200000, `taut has taken ${peakKb} KB`);
		for (const c of (await browser.state()).channels)
			ok(c.bufferedMost < 8 << 20, `the page keeps ${c.bufferedMost} bytes`);
	}],
	['both send a file at once', async ({ a, b }) => {
		await meet(a, b);
		const part = Math.max(megabytes / 4, 4);
		await Promise.all([file(a, b, part, 21), file(b, a, part, 22)]);
	}],
	['200 channels at once, half of them opened by either', async ({ a, b }) => {
		await meet(a, b);
		const labels = [];
		for (const end of [a, b])
			for (let i = 0; i < 100; i++) {
				await end.open(`${end.name} ${i}`, { protocol: `p${i}` });
				labels.push(`${end.name} ${i}`);
			}
		for (const end of [a, b])
			await until(`${end.name} has all open`, async () => {
				const { channels } = await end.state();
				return labels.every(l => channels.some(c => c.label === l && c.opened));
			}, MINUTES);
		const work = i => ({ seed: i + 1, count: 50, sizes: [1 + i * 7 % 3000, 1200] });
		for (const end of [a, b])
			for (const c of (await end.state()).channels.filter(one => one.label !== 'first'))
				await end.send(c.channel, work(labels.indexOf(c.label)));
		for (const end of [a, b])
			await until(`all has come to ${end.name}`, async () => (await end.state()).channels.every(c => c.label === 'first' || c.got.messages === 50 && c.sent.messages === 50), MINUTES);
		const here = (await a.state()).channels, there = (await b.state()).channels;
		same(new Set(here.map(c => c.stream)).size, 201, 'streams');
		for (const c of here) {
			const d = there.find(one => one.label === c.label);
			same([c.stream, c.protocol], [d.stream, d.protocol], `stream and protocol of ${c.label}`);
			same([c.got.chain, c.got.bytes], [d.sent.chain, d.sent.bytes], `${c.label} to ${a.name}`);
			same([d.got.chain, d.got.bytes], [c.sent.chain, c.sent.bytes], `${c.label} to ${b.name}`);
		}
		/* RFC 8832 section 6: the DTLS client takes even streams, the other end odd ones */
		const parity = end => [...new Set(here.filter(c => c.label.startsWith(`${end.name} `)).map(c => c.stream % 2))];
		same([parity(a).length, parity(b).length, parity(a)[0] + parity(b)[0]], [1, 1, 1], 'one parity each');
	}],
	['every reliability, opened by either', async ({ a, b }) => {
		await meet(a, b);
		for (const [opener, other] of [[a, b], [b, a]])
			for (const [what, how] of RELIABILITIES) {
				const label = `${what}, by ${opener.name}`, full = { ...how, protocol: what };
				const [here, there] = await openBoth(opener, other, label, full);
				sameManner(await byNumber(opener, here), label, full);
				sameManner(await byNumber(other, there), label, full);
				await asReliable(opener, here, other, there, how);
				await asReliable(other, there, opener, here, how);
			}
	}],
	['every reliability, agreed on without a word', async ({ a, b }) => {
		await meet(a, b);
		let stream = 100;
		for (const [what, how] of RELIABILITIES) {
			const full = { ...how, negotiated: true, stream: stream++, protocol: what };
			const [here, there] = await openBoth(a, b, what, full);
			for (const [end, number] of [[a, here], [b, there]]) {
				const c = await byNumber(end, number);
				sameManner(c, what, full);
				same(c.stream, full.stream, 'stream');
			}
			await asReliable(a, here, b, there, how);
			await asReliable(b, there, a, here, how);
		}
	}],
	['messages of every size, as text and as octets', async ({ a, b }) => {
		await meet(a, b);
		const [here, there] = await openBoth(a, b, 'sizes');
		for (const text of [false, true])
			for (const [from, fromChannel, to, toChannel] of [[a, here, b, there], [b, there, a, here]])
				await arrives(from, fromChannel, to, toChannel, { seed: 9, count: 3 * SIZES.length, sizes: SIZES, text });
	}],
	['100,000 messages of one octet', async ({ a, b }) => {
		await meet(a, b);
		const [here, there] = await openBoth(a, b, 'small');
		await arrives(a, here, b, there, { seed: 9, count: 50000, sizes: [1] });
		await arrives(b, there, a, here, { seed: 9, count: 50000, sizes: [1] });
	}],
	['a message larger than the other end takes is refused, and nothing else suffers', async ({ a, b, taut, browser }) => {
		await meet(a, b);
		for (const [from, to] of [[taut, browser], [browser, taut]]) {
			const { most } = await from.state(), [here, there] = await openBoth(from, to, `large from ${from.name}`);
			if (most > 1 << 20) { /* Firefox takes 1 GiB */
				await arrives(from, here, to, there, { seed: 3, count: 3, sizes: [1 << 20, 700001] });
				continue;
			}
			same(most, 262144, `what ${to.name} takes`);
			await from.send(here, { seed: 3, count: 1, sizes: [most + 1] });
			const refused = await until('it is refused', async () => {
				const c = await byNumber(from, here);
				return c.why && c;
			});
			same(refused.sent.messages, 0, 'messages that left');
			const [again, other] = await openBoth(from, to, `afterwards from ${from.name}`);
			await arrives(from, again, to, other, { seed: 3, count: 1, sizes: [most] });
			same((await byNumber(to, there)).got.messages, 0, 'messages that came');
		}
	}],
	['closed by either with all sent before, and opened again 40 times', async ({ a, b }) => {
		await meet(a, b);
		const streams = new Set();
		for (let i = 0; i < 40; i++) {
			const [opener, other] = i % 2 ? [a, b] : [b, a], closer = i % 4 < 2 ? opener : other;
			const [here, there] = await openBoth(opener, other, `round ${i}`);
			const [from, to] = closer === opener ? [here, there] : [there, here], listener = closer === opener ? other : opener;
			streams.add((await byNumber(opener, here)).stream);
			/* webrtc-pc 6.2: what was queued before close() is still sent */
			await closer.send(from, { seed: i + 1, count: 20, sizes: [3000] });
			await closer.closeChannel(from);
			await closedAtBoth(opener, here, other, there);
			const [c, d] = await until('all is hashed', async () => {
				const both = [await byNumber(closer, from), await byNumber(listener, to)];
				return both[0].sent.messages === 20 && both[1].got.messages === 20 && both;
			});
			same([d.got.messages, d.got.chain], [20, c.sent.chain], `what came before the end of round ${i}`);
			same([c.errors ?? [], d.errors ?? []], [[], []], 'errors');
		}
		ok(streams.size <= 4, `streams are taken again: ${[...streams]}`);
	}],
	['both close one channel at once', async ({ a, b }) => {
		await meet(a, b);
		for (let i = 0; i < 10; i++) {
			const [here, there] = await openBoth(a, b, `round ${i}`);
			await Promise.all([a.closeChannel(here), b.closeChannel(there)]);
			await closedAtBoth(a, here, b, there);
		}
		const [here, there] = await openBoth(a, b, 'afterwards');
		await arrives(a, here, b, there, { seed: 4, count: 10, sizes: [1000] });
	}],
	['an agreed stream is closed and agreed on again', async ({ a, b }) => {
		await meet(a, b);
		for (let i = 0; i < 5; i++) {
			const how = { negotiated: true, stream: 77 }, label = `round ${i}`;
			const [here, there] = await openBoth(a, b, label, how);
			await arrives(a, here, b, there, { seed: i + 1, count: 20, sizes: [2000] });
			await arrives(b, there, a, here, { seed: i + 1, count: 20, sizes: [2000] });
			await (i % 2 ? a.closeChannel(here) : b.closeChannel(there));
			await closedAtBoth(a, here, b, there);
		}
	}],
	['one of many is closed while the others carry a file', async ({ a, b }) => {
		await meet(a, b);
		const [here, there] = await openBoth(a, b, 'file'), [short, theirs] = await openBoth(a, b, 'short');
		const all = arrives(a, here, b, there, { seed: 8, count: 400, sizes: [65536] });
		await b.closeChannel(theirs);
		await closedAtBoth(a, short, b, theirs);
		await all;
	}],
];
