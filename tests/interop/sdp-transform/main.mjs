// main.mjs - every description through both readers; what differs is looked up in exceptions.mjs.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { differences, refusals } from './exceptions.mjs';
import { leaves, ourFacts, theirFacts } from './facts.mjs';

const root = new URL('../../..', import.meta.url).pathname, corpus = process.env.TAUT_CORPUS ?? `${root}/../shared/corpus`;
const used = new Set();
let failed = false;

function report(name, good, detail) {
	console.log(`${good ? 'ok' : 'not ok'} interop/sdp-transform/${name}`);
	for (const line of [detail].flat())
		console.log(`# ${line}`);
	failed ||= !good;
}

// The JSON lines of all files, a list of objects for each.
function readByTaut(files, input) {
	const { stdout, status, signal } = spawnSync(process.env.TAUT, ['sdp', '--json', ...files],
		{ encoding: 'utf8', input, maxBuffer: 1 << 28 });
	if (signal || status > 1)
		throw new Error(`taut sdp ended with ${signal ?? status}`);
	const found = [];
	for (const object of stdout.split('\n').filter(Boolean).map(line => JSON.parse(line)))
		if (object.file !== undefined)
			found.push([object]);
		else
			found.at(-1).push(object);
	return found;
}

function explain(path, all) {
	const ours = all.ours.get(path), theirs = all.theirs.get(path);
	const entry = differences.find(d => d.path.test(path) && d.holds(ours, theirs, path, all));
	if (entry)
		used.add(entry);
	return entry ? null : `${path}: taut ${JSON.stringify(ours)}, sdp-transform ${JSON.stringify(theirs)}`;
}

// What differs without a reason, and how many fields there were.
function compare(objects, description) {
	const all = { ours: new Map(leaves(ourFacts(objects))), theirs: new Map(leaves(theirFacts(description))) };
	const paths = new Set([...all.ours.keys(), ...all.theirs.keys()]);
	const differing = [...paths].filter(path => all.ours.get(path) !== all.theirs.get(path));
	return { fields: paths.size, explained: differing.length, wrong: differing.map(path => explain(path, all)).filter(Boolean) };
}

function refused(object) {
	const entry = refusals.find(([message, spec]) => message === object.error && spec === object.spec);
	if (entry)
		used.add(entry);
	return entry ? null : `refused by taut at line ${object.line}: ${object.error} (${object.spec})`;
}

function compareFolder(name, folder, mayRefuse) {
	const files = readdirSync(folder).filter(file => file.endsWith('.sdp')).sort().map(file => `${folder}/${file}`);
	const read = readByTaut(files), problems = [];
	let fields = 0, explained = 0, refusedCount = 0;
	files.forEach((file, i) => {
		if (read[i]?.[0].file !== file)
			return problems.push(`${file}: no answer`);
		if (read[i][0].error) {
			refusedCount++;
			return problems.push(...[mayRefuse ? refused(read[i][0]) : read[i][0].error].filter(Boolean).map(text => `${file}: ${text}`));
		}
		const result = compare(read[i], readFileSync(file, 'utf8'));
		fields += result.fields;
		explained += result.explained;
		problems.push(...result.wrong.map(text => `${file}: ${text}`));
	});
	report(name, problems.length === 0 && files.length > 0, [`${files.length} descriptions, ${fields} fields, ${explained} that differ for a known reason, `
		+ `${refusedCount} refused by taut`, ...problems.slice(0, 20)]);
}

// Takes one line after the other out of what sdp-transform is given: each time something must
// differ, unless the line says what holds without it.
const defaults = ['v=0', 't=0 0', 'a=sendrecv', 'a=sctp-port:5000'];

function missingLineIsSeen(file) {
	const text = readFileSync(file, 'utf8'), lines = text.split(/\r?\n/), [objects] = readByTaut([file]);
	const without = i => lines.filter((_, k) => k !== i).join('\r\n');
	const unseen = lines.filter((line, i) => line && !defaults.includes(line) && compare(objects, without(i)).wrong.length === 0);
	return [lines.length, unseen];
}

function compareWithout() {
	const seeds = ['chrome_simulcast', 'firefox_av_data', 'data_answer', 'legacy_data_lf'].map(name => `fuzz/made/sdp/${name}.sdp`);
	const files = [...seeds, 'tests/vectors/browser-sdp/chrome156_av_data_bothsend_offer.sdp'].map(name => `${root}/${name}`);
	const results = files.map(missingLineIsSeen), unseen = results.flatMap(([, lines]) => lines);
	report('a_line_that_one_reader_does_not_get_is_noticed', unseen.length === 0,
		[`${results.reduce((sum, [n]) => sum + n, 0)} lines taken out, one at a time`, ...unseen]);
}

compareFolder('descriptions_of_browsers', `${root}/tests/vectors/browser-sdp`, false);
compareFolder('our_descriptions', `${root}/fuzz/made/sdp`, false);
compareWithout();
if (existsSync(`${corpus}/sdp`)) {
	compareFolder('descriptions_of_others', `${corpus}/sdp`, true);
	const stale = [...differences.filter(d => !used.has(d)).map(d => d.why), ...refusals.filter(r => !used.has(r)).map(r => r.join(', '))];
	report('every_exception_is_needed', stale.length === 0, stale);
} else {
	console.log('# no descriptions of others: TAUT_CORPUS is not there');
}
process.exitCode = failed ? 1 : 0;
