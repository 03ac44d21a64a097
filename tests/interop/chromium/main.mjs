// main.mjs - runs the tests, or those whose names contain one of the arguments.

import { runTests } from '../../browser/harness.mjs';
import { tests as changes } from './changes.mjs';
import { tests as data } from './data.mjs';
import { tests as ends } from './ends.mjs';
import { tests as media } from './media.mjs';

const all = [...data, ...media, ...changes, ...ends].map(([name, ...test]) => [`interop/chromium/${name}`, ...test]);
process.exit(await runTests(all, process.argv.slice(2)) ? 0 : 1);
