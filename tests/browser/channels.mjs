// channels.mjs - `node channels.mjs [OPTIONS] [part of a name ...]`: sessions of data channels between taut and each
// browser, offered by either. Prints "ok NAME" or "not ok NAME reason", and ends with a count.
//
//   --megabytes N      of a file (16)
//   --whole            of 1,000 MB
//   --quick            two sessions with each browser
//   --browser NAME     chromium or firefox alone
//   --release          with the optimized program (TAUT_RELEASE) in place of the sanitized one (TAUT_BUILD)
//   --json             one object per line: a session, then the sum
//   --evidence         writes docs/evidence/channels.json, when all were run by the optimized program with whole files
//   --list             the names
//
// examples:
//   node channels.mjs --browser firefox reliability
//   node channels.mjs --whole --release --evidence

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PageChannels, TautChannels, serveEmptyPage } from './channel_ends.mjs';
import { shapes } from './channel_shapes.mjs';
import { paths, startBrowser } from './ends.mjs';
import { within } from './harness.mjs';

const args = process.argv.slice(2);
const flag = name => {
	const at = args.indexOf(name);
	return at >= 0 && args.splice(at, 1).length > 0;
};
const value = name => {
	const at = args.indexOf(name);
	return at < 0 ? null : args.splice(at, 2)[1];
};
if (flag('--help')) {
	console.log('usage: node channels.mjs [--megabytes N | --whole] [--quick] [--browser chromium|firefox] [--release] [--json] [--evidence] [--list] [part of a name ...]');
	process.exit(0);
}
const whole = flag('--whole'), megabytes = Number(value('--megabytes') ?? (whole ? 1000 : 16)), only = value('--browser');
const release = flag('--release'), json = flag('--json'), evidence = flag('--evidence'), list = flag('--list'), quick = flag('--quick');
const folder = release ? process.env.TAUT_RELEASE ?? 'build/release' : process.env.TAUT_BUILD ?? 'build/dev';
const command = join(folder, 'bin', 'browser_channels');

const QUICK = ['every reliability, opened by either', 'both close one channel at once'];
const sessions = (only ? [only] : ['chromium', 'firefox']).flatMap(name => ['browser', 'taut'].flatMap(offerer => shapes(megabytes)
	.map(([shape, run]) => ({ name: `${name}: ${shape}, ${offerer === 'taut' ? 'taut' : 'it'} offers`, browser: name, offerer, shape, run }))))
	.filter(s => args.every(word => s.name.includes(word)) && (!quick || QUICK.includes(s.shape) && s.offerer === 'taut'));
if (list) {
	console.log(sessions.map(s => s.name).join('\n'));
	process.exit(0);
}

async function play(session, browser, url) {
	const figures = {}, taut = await TautChannels.begin(command), page = await PageChannels.begin(browser, url);
	const [a, b] = session.offerer === 'taut' ? [taut, page] : [page, taut];
	try {
		await within(45 * 60000, 'the session is over', session.run({ a, b, browser: page, taut, note: o => Object.assign(figures, o) }));
	} finally {
		await page.end();
		await taut.end();
	}
	return figures;
}

const say = o => console.log(json ? JSON.stringify(o) : o.ok ? `ok ${o.name} (${o.ms} ms)${o.figures ? ` ${JSON.stringify(o.figures)}` : ''}` : o.skip ? `skip ${o.name} ${o.skip}` : `not ok ${o.name} ${o.why}`);
const sum = { passed: 0, failed: 0, skipped: 0, browsers: {}, files: [] };
const server = await serveEmptyPage();
for (const name of new Set(sessions.map(s => s.browser))) {
	const missing = existsSync(paths[name]) ? null : `no browser at ${paths[name]}`;
	const browser = missing ? null : await startBrowser(name);
	sum.browsers[name] = missing ? null : execFileSync(paths[name], ['--version'], { encoding: 'utf8' }).trim();
	for (const session of sessions.filter(s => s.browser === name)) {
		const began = Date.now();
		if (missing) {
			sum.skipped++;
			say({ name: session.name, skip: missing });
			continue;
		}
		const r = await play(session, browser, server.url).then(figures => ({ figures }), e => ({ why: String(e.message).replaceAll('\n', ' ') }));
		sum[r.why ? 'failed' : 'passed']++;
		const figures = r.figures?.bytes && r.figures;
		if (figures)
			sum.files.push({ browser: name, offerer: session.offerer, ...figures });
		say({ name: session.name, ok: !r.why, ...(r.why && { why: r.why }), ...(figures && { figures }), ms: Date.now() - began });
	}
	await browser?.close();
}
server.close();
console.log(json ? JSON.stringify({ sum }) : `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
if (evidence && whole && release && !quick && !only && args.length === 0 && !sum.skipped)
	execFileSync('python3', ['tools/evidence.py', 'write', 'channels', './dev channels', `passed=${sum.passed}`, `failed=${sum.failed}`, `megabytes=${megabytes}`,
		`files=${JSON.stringify(sum.files)}`, ...Object.entries(sum.browsers).map(([name, version]) => `${name}=${version}`)], { stdio: 'inherit' });
process.exitCode = sum.failed ? 1 : 0;
