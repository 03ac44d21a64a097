// run.mjs - `node run.mjs [part of a name ...]`: prints "ok NAME" or "not ok NAME reason" for each
// test and ends with a count. --only relay, page or native runs that part.

import { existsSync } from 'node:fs';
import { chromiumPath, runTests } from './harness.mjs';
import * as native from './native.mjs';
import * as page from './page.mjs';
import * as relay from './relay.mjs';

const args = process.argv.slice(2), only = args.indexOf('--only');
const part = only < 0 ? null : args.splice(only, 2)[1];
const missing = existsSync(chromiumPath()) ? null : `no browser at ${chromiumPath()}`;
const skip = tests => (missing ? tests.map(([name]) => [name, async () => ({ skip: missing })]) : tests);
const parts = { relay: relay.tests, page: skip(page.tests), native: skip(native.tests) };

let good = await runTests(Object.entries(parts).filter(([name]) => !part || part === name).flatMap(([, tests]) => tests), args);
for (const { end } of [relay, page, native])
	await end().catch(error => {
		console.log(`# ${error.message}`);
		good = false;
	});
process.exitCode = good ? 0 : 1;
