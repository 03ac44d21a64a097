// check.mjs - reads the rows of bench/browser/rates.mjs --json.
import { text } from 'node:stream/consumers';

const rows = (await text(process.stdin)).split('\n').filter(Boolean).map(line => JSON.parse(line));
let good = true;
for (const pair of ['taut to Chromium', 'Chromium to taut', 'Chromium to Chromium', 'taut to taut']) {
	const r = rows.find(row => `${row.from} to ${row.to}` === pair);
	/* less than 10 ms from the first message to the last would be a path without the delay of it */
	const ok = r && r.round_trip_ms === 10 && r.mb_per_second > 0 && r.mb_per_second < 200 && r.cpu_s_per_gb > 0 && r.link_lost >= 0 && r.socket_lost >= 0;
	console.log(ok ? `ok rates: ${pair}` : `not ok rates: ${pair} ${JSON.stringify(r)}`);
	good &&= Boolean(ok);
}
process.exitCode = good ? 0 : 1;
