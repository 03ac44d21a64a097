// why.js - why a connection failed, in words, from what the browser knows: getStats and icecandidateerror.
//
// The sentence goes to the peer as well, so that it holds no address of this host; servers that were of no help it names.

const KINDS = { host: 'its own', srflx: 'seen by a server', prflx: 'seen by the peer', relay: 'relayed' };
const LONGEST_SERVER = 80, SERVERS = 3;

const some = (n, what) => `${n || 'no'} ${what}${n === 1 ? '' : 's'}`;

/** "2 its own, 1 relayed" */
function kinds(candidates) {
	const count = new Map();
	for (const c of candidates)
		count.set(c.candidateType, (count.get(c.candidateType) ?? 0) + 1);
	return [...count].map(([type, n]) => `${n} ${KINDS[type] ?? 'other'}`).join(', ') || 'none';
}

/** What others wrote, in ASCII: the relay counts octets. */
const plain = text => text.slice(0, LONGEST_SERVER).replace(/[^ -~]/g, '?');

/** Of icecandidateerror. 701: the server was not reached. */
function servers(errors) {
	return errors.slice(0, SERVERS).map(e => {
		const what = e.errorCode === 701 ? 'did not answer' : `answered ${e.errorCode} ${plain(e.errorText)}`;
		return ` The server ${plain(e.url)} ${what}.`;
	}).join('');
}

/** What there is to say of the pairs; the first thing that holds. */
function path(pairs, local, remote, wasConnected) {
	const sent = pairs.reduce((n, p) => n + (p.requestsSent ?? 0), 0), came = pairs.reduce((n, p) => n + (p.requestsReceived ?? 0), 0);
	if (wasConnected)
		return 'The path that was there is lost: the peer answers no longer.';
	if (remote.length === 0)
		return 'No path: no address of the other side came.';
	if (local.length === 0)
		return 'No path: this browser has no address to offer.';
	if (pairs.length === 0)
		return 'No path: no address of ours fits one of theirs.';
	return `No path: ${some(sent, 'request')} on ${some(pairs.length, 'pair')} of addresses and no answer; ${came ? `${some(came, 'request')} of the other side came` : 'no request of the other side came'}.`;
}

/** seen: pairs and candidates of a moment ago, for a browser that forgets those that have failed. */
export async function whyFailed(pc, errors, seen) {
	const stats = await pc.getStats().catch(() => new Map()), now = [...stats.values()];
	const all = now.some(s => s.type === 'candidate-pair') ? now : [...now.filter(s => s.type === 'transport'), ...seen];
	const of = type => all.filter(s => s.type === type);
	const pairs = of('candidate-pair'), transport = of('transport')[0];
	const local = of('local-candidate'), remote = of('remote-candidate');
	const answered = pairs.some(p => p.responsesReceived > 0);
	if (transport?.dtlsState === 'failed')
		return 'A path was found, and the encryption failed: the other side has another certificate than it said, or none.';
	const text = `${path(pairs, local, remote, answered)} Addresses here: ${kinds(local)}; there: ${kinds(remote)}.${servers(errors)}`;
	const relayed = [...local, ...remote].some(c => c.candidateType === 'relay');
	return answered || relayed || remote.length === 0 ? text : `${text} A TURN server would help if NATs are in the way.`;
}
