// ends.mjs - how a call ends and begins again: reload, close, a killed browser; and hostile text.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { joinPage, ok, same, startBrowser, startRelay, until, untilStatus } from '../../browser/harness.mjs';
import { descendants, echo, Native, sanitized } from './lib.mjs';

const commandLine = pid => {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
	} catch {
		return []; // it has ended
	}
};

const CONSENT_ENDS = 35000; // RFC 7675 section 5.1: 30 s without an answer, and its last check

async function aCall(after, ...more) {
	const relay = await startRelay(0, '--quiet');
	after(() => relay.stop());
	const native = new Native([sanitized], relay.url, 'ends', '--data-only', ...more);
	after(() => native.kill());
	await native.joined();
	const mark = `--taut-test=${randomUUID()}`; // Chromium does not know it
	const browser = await startBrowser({ devices: false, args: [mark] });
	const first = descendants(process.pid).findLast(p => commandLine(p).includes(mark));
	ok(first, 'the browser is found');
	const processes = () => [...descendants(first), first]; // some come later
	after(() => browser.close());
	const page = await joinPage(browser, relay.url, { room: 'ends', name: 'page', source: 'data' });
	await untilStatus(page, 'Connected with');
	await native.connected();
	return { relay, native, browser, page, processes };
}

/** What the native peer says of the end, and how long that took. */
async function end(native, doIt, ms) {
	const began = Date.now();
	await doIt();
	const e = await Promise.any([
		native.until('peer left', () => true, ms),
		native.until('state', s => /^(failed|closed)/.test(s.text), ms),
	]);
	console.log(`# ${e.event}: "${e.text}" after ${Date.now() - began} ms`);
	return { ...e, took: Date.now() - began };
}

async function reload(after) {
	const { native, page } = await aCall(after);
	await end(native, () => page.reload(), 5000);
	await page.click('#join');
	await untilStatus(page, 'Connected with native');
	await native.connected(1);
	const r = await echo(page, 4, 65536);
	same(r.back, r.sent, 'SHA-256 in the new call');
	await native.end();
}

async function pageCloses(after) {
	const { native, page } = await aCall(after);
	const e = await end(native, () => page.close({ runBeforeUnload: false }), 5000);
	ok(/left the room|closed/.test(e.text), `a reason: ${e.text}`);
	await native.end();
}

async function connectionCloses(after) {
	const { native, page } = await aCall(after);
	const e = await end(native, () => page.evaluate(() => window.taut.pc.close()), 3000);
	ok(/closed by the peer|close_notify/.test(e.text), `the reason is DTLS's: ${e.text}`);
	await native.end();
}

async function browserKilled(after) {
	const { native, processes } = await aCall(after);
	ok(processes().length > 1, 'the browser has processes');
	const kill = p => {
		try {
			process.kill(p, 'SIGKILL');
		} catch { /* it went with another */ }
	};
	const e = await end(native, () => processes().forEach(kill), CONSENT_ENDS);
	ok(e.took > 10000 && /consent/.test(e.text), `consent has run out: ${e.text}`);
	await native.end();
}

async function hostileText(after) {
	const img = '<img src=x onerror="window.hurt=1">';
	const { native, page } = await aCall(after, '--name', img);
	await until('the greeting is read', async () => (await page.textContent('#chat')).includes(`this is ${img}`));
	await untilStatus(page, `Connected with ${img}`);
	await page.fill('#chat-text', img);
	await page.keyboard.press('Enter');
	await native.until('chat', e => e.text === img);
	same(await page.evaluate(() => [window.hurt ?? 0, document.querySelectorAll('#chat img, #tiles img, #status img, #states img, #log img').length]), [0, 0], 'it stays text');
	await native.end();
}

export const tests = [
	['reload: a new call comes up', reload],
	['page closed: the native peer hears it at once', pageCloses],
	['connection closed: the native peer hears it at once', connectionCloses],
	['browser killed: consent ends the call', browserKilled, true],
	['<img onerror> as name and chat is text', hostileText],
];
