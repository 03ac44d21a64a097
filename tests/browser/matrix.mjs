// matrix.mjs - `node matrix.mjs [OPTIONS] [part of a name ...]`: every shape of session, between taut and
// each browser, offered by either. Prints "ok NAME" or "not ok NAME reason", and ends with a count.
//
//   --quick            one session with each browser, offered by either
//   --browser NAME     chromium or firefox alone
//   --json             one object per line: a session, then the sum
//   --evidence         writes docs/evidence/browsers.json at the end, when all were run
//   --list             the names
//
// examples:
//   node matrix.mjs --browser firefox rolled back
//   node matrix.mjs --json >matrix.jsonl

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BrowserEnd, TautEnd, paths, startBrowser } from './ends.mjs';
import { within } from './harness.mjs';
import { shapes } from './shapes.mjs';

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
	console.log('usage: node matrix.mjs [--quick] [--browser chromium|firefox] [--json] [--evidence] [--list] [part of a name ...]');
	process.exit(0);
}
const quick = flag('--quick'), json = flag('--json'), only = value('--browser'), list = flag('--list'), evidence = flag('--evidence');
const command = join(process.env.TAUT_BUILD ?? 'build/dev', 'bin', 'browser_peer');

const sessions = (only ? [only] : ['chromium', 'firefox']).flatMap(name => ['browser', 'taut'].flatMap(offerer => shapes
	.filter(([shape, , more]) => (!quick || shape === 'audio, video and data') && (more?.offerer ?? offerer) === offerer && (more?.browser ?? name) === name && !(more?.bundlePolicy && offerer === 'taut'))
	.map(([shape, run, more]) => ({ name: `${name}: ${shape}, ${offerer === 'taut' ? 'taut' : 'it'} offers`, browser: name, offerer, run, args: more?.lite ? ['--ice-lite'] : [], config: more?.bundlePolicy ? { bundlePolicy: more.bundlePolicy } : {} }))))
	.filter(s => args.every(word => s.name.includes(word)));

if (list) {
	console.log(sessions.map(s => s.name).join('\n'));
	process.exit(0);
}

async function play(session, browser) {
	const taut = await TautEnd.begin(command, session.args), page = await BrowserEnd.begin(browser, session.config);
	const [a, b] = session.offerer === 'taut' ? [taut, page] : [page, taut];
	try {
		await within(90000, 'the session is over', session.run({ a, b, browser: page, taut }));
	} finally {
		await page.end();
		await taut.end();
	}
}

const say = o => console.log(json ? JSON.stringify(o) : o.ok ? `ok ${o.name} (${o.ms} ms)` : o.skip ? `skip ${o.name} ${o.skip}` : `not ok ${o.name} ${o.why}`);
const sum = { passed: 0, failed: 0, skipped: 0, browsers: {} };
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
		const why = await play(session, browser).then(() => null, e => String(e.message).replaceAll('\n', ' '));
		sum[why ? 'failed' : 'passed']++;
		say({ name: session.name, ok: !why, ...(why && { why }), ms: Date.now() - began });
	}
	await browser?.close();
}
console.log(json ? JSON.stringify({ sum }) : `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
if (evidence && !quick && !only && args.length === 0)
	execFileSync('python3', ['tools/evidence.py', 'write', 'browsers', './dev test --browsers', `passed=${sum.passed}`, `failed=${sum.failed}`, `skipped=${sum.skipped}`,
		...Object.entries(sum.browsers).map(([name, version]) => `${name}=${version}`)], { stdio: 'inherit' });
process.exitCode = sum.failed ? 1 : 0;
