// run.mjs - `node run.mjs [part of a name ...]`: prints "ok NAME" or "not ok NAME reason" for each
// test and ends with a count. --only relay or --only page runs half of them.

import { existsSync } from 'node:fs';
import { chromiumPath, runTests } from './harness.mjs';
import * as page from './page.mjs';
import * as relay from './relay.mjs';

const args = process.argv.slice(2), only = args.indexOf('--only');
const half = only < 0 ? null : args.splice(only, 2)[1];
const all = [];
if (half !== 'page')
	all.push(...relay.tests);
if (half !== 'relay') {
	const missing = existsSync(chromiumPath()) ? null : `no browser at ${chromiumPath()}`;
	all.push(...page.tests.map(([name, test]) => [name, missing ? async () => ({ skip: missing }) : test]));
	all.push(['the relay behind the page ends with status 0', () => page.end()]);
}
process.exitCode = await runTests(all, args) ? 0 : 1;
if (half !== 'relay' && args.length)
	await page.end();
