// facts.mjs - one description as two readers see it, in the same words: what taut sdp --json
// prints, and what sdp-transform returns. Values are compared as text.

import transform from 'sdp-transform';

const text = value => (value === undefined || value === null ? undefined : String(value));
const list = (all, each) => (all ?? []).map(each);
const address = (version, where) => (where === undefined ? undefined : `IP${version} ${where}`);
const joined = (...parts) => parts.filter(part => part !== undefined && part !== '').join(' ');
const last = all => (all ?? []).at(-1);
const lines = (all, type) => list((all ?? []).filter(line => line.type === type), line => line.value);

// A list whose order says nothing: how often each stands in it.
function counted(all) {
	const counts = {};
	for (const one of all)
		counts[one] = (counts[one] ?? 0) + 1;
	return counts;
}

// What stands under a name of its own in the JSON of taut and among "invalid" in sdp-transform.
const unknownToThem = o => [o.tls_id && `tls-id:${o.tls_id}`, o.rtcp_mux_only && 'rtcp-mux-only',
	o.ice_pacing !== undefined && `ice-pacing:${o.ice_pacing}`].filter(Boolean);
// What sdp-transform has a pattern for and taut keeps as it is.
const knownToThem = ['ptime', 'maxptime', 'label', 'content', 'framerate', 'control', 'crypto', 'imageattr', 'source-filter',
	'x-google-flag', 'keywds', 'ts-refclk', 'mediaclk', 'remote-candidates', 'confid', 'userid', 'floorid', 'floorctrl'];
const single = ['ptime', 'maxptime', 'label', 'content', 'framerate', 'control', 'x-google-flag', 'keywds'];
const theirName = { keywds: 'keywords', 'x-google-flag': 'xGoogleFlag' };

// sdp-transform keeps the last of several c= lines; taut the first, and the others as lines.
function lastConnection(o) {
	const more = last(lines(o.other_lines, 'c'));
	return more?.replace(/^IN /, '') ?? (o.connection && `${o.connection.addrtype} ${o.connection.address}`);
}

const lineNames = { i: 'description', u: 'uri', e: 'email', p: 'phone', z: 'timezones', r: 'repeats' };

function ourCommon(o) {
	const others = o.other_attributes ?? [], named = {};
	for (const { name, value } of others)
		if (single.includes(name))
			named[name] = text(value);
	for (const [type, name] of Object.entries(lineNames))
		named[name] = last(lines(o.other_lines, type));
	const session = o.sections !== undefined;
	return {
		...named,
		connection: lastConnection(o),
		bandwidth: counted(list(o.bandwidth, b => `${b.type}:${b.value}`)),
		iceOptions: o.ice_options,
		extmaps: list(o.extmaps, e => joined(joined(e.id, e.direction), e.uri, e.attributes)),
		extmapAllowMixed: o.extmap_allow_mixed,
		endOfCandidates: o.end_of_candidates,
		timing: session ? last(lines(o.other_lines, 't')) : undefined,
		crypto: others.filter(a => a.name === 'crypto').length || undefined,
		unknown: counted([...others.filter(a => !knownToThem.includes(a.name)).map(a => joined(a.name) + (a.value === undefined ? '' : `:${a.value}`)),
			...unknownToThem(o)]),
	};
}

function theirCommon(t) {
	const named = {};
	for (const name of single)
		named[name] = text(t[theirName[name] ?? name]);
	for (const name of Object.values(lineNames))
		named[name] = text(t[name]);
	return {
		...named,
		connection: t.connection && address(t.connection.version, t.connection.ip),
		bandwidth: counted(list(t.bandwidth, b => `${b.type}:${b.limit}`)),
		iceOptions: text(t.iceOptions),
		extmaps: list(t.ext, e => joined(joined(e.value, e.direction), e['encrypt-uri'], e.uri, e.config)),
		extmapAllowMixed: t.extmapAllowMixed && true,
		endOfCandidates: t.endOfCandidates && true,
		timing: t.timing && `${t.timing.start} ${t.timing.stop}`,
		crypto: t.crypto?.length,
		unknown: counted(list(t.invalid, i => text(i.value))),
	};
}

// ---- a section ----

function ourSection(o) {
	return {
		...ourCommon(o),
		kind: o.kind, port: text(o.port), proto: o.proto, mid: o.mid ?? undefined,
		formats: o.codecs ? list(o.codecs, c => text(c.payload_type)) : o.formats ?? [],
		direction: o.direction, setup: o.setup, ufrag: o.ice_ufrag ?? undefined, pwdLength: text(o.ice_pwd_length),
		fingerprint: last(list(o.fingerprints, f => `${f.hash} ${f.value}`)),
		bundleOnly: o.bundle_only, rtcpMux: o.rtcp_mux || undefined, rtcpRsize: o.rtcp_rsize,
		rtcp: o.rtcp_port === undefined ? undefined
			: joined(o.rtcp_port, o.rtcp_address && `${o.rtcp_address.addrtype} ${o.rtcp_address.address}`),
		codecs: list(o.codecs, c => ({
			rtpmap: c.static || c.name === undefined ? undefined : [c.name, c.clock_rate, c.channels].filter(Boolean).join('/'),
			fmtp: c.fmtp, feedback: c.rtcp_fb ?? [],
		})),
		feedbackOfAll: counted(o.rtcp_fb_all ?? []),
		candidates: list(o.candidates, ourCandidate),
		msids: list(o.msids, m => joined(m.stream, m.track)),
		ssrcs: list(o.ssrcs, s => joined(s.id, s.attribute, s.value)),
		ssrcGroups: list(o.ssrc_groups, g => joined(g.semantics, ...g.ids)),
		rids: list(o.rids, r => joined(r.id, r.direction, r.restrictions)),
		simulcast: list(o.simulcast, s => `${s.direction} ${s.stream} ${s.paused ? '~' : ''}${s.rid}`).sort(),
		sctpmap: o.sctpmap, connectionUse: o.connection_use, sctpPort: text(o.sctp_port), maxMessageSize: text(o.max_message_size),
	};
}

function ourCandidate(c) {
	const extra = {}, words = (c.extensions ?? '').split(' ');
	for (let i = 0; i + 1 < words.length; i += 2)
		extra[words[i]] = words[i + 1];
	return { foundation: c.foundation, component: text(c.component), transport: c.transport, priority: text(c.priority),
		address: c.address, port: text(c.port), type: c.type, raddr: c.raddr, rport: text(c.rport), tcptype: c.tcptype,
		generation: text(c.generation), networkId: extra['network-id'], networkCost: extra['network-cost'] };
}

const theirCandidate = c => ({ foundation: text(c.foundation), component: text(c.component), transport: c.transport,
	priority: text(c.priority), address: text(c.ip), port: text(c.port), type: c.type, raddr: text(c.raddr), rport: text(c.rport),
	tcptype: c.tcptype, generation: text(c.generation), networkId: text(c['network-id']), networkCost: text(c['network-cost']) });

// sdp-transform leaves fmtp, rtpmap and rtcp-fb lines beside one another: collected here by payload type.
function theirCodec(m, pt) {
	const map = last(m.rtp.filter(r => String(r.payload) === pt));
	const fmtp = m.fmtp.filter(f => String(f.payload) === pt).map(f => text(f.config));
	const feedback = theirFeedback(m, pt);
	return { rtpmap: map && [map.codec, map.rate, map.encoding].filter(Boolean).join('/'), fmtp: fmtp.length ? fmtp.join(';') : undefined, feedback };
}

function theirFeedback(m, pt) {
	return [...(m.rtcpFb ?? []).filter(f => String(f.payload) === pt).map(f => joined(f.type, f.subtype)),
		...(m.rtcpFbTrrInt ?? []).filter(f => String(f.payload) === pt).map(f => `trr-int ${f.value}`)];
}

function theirSimulcast(m) {
	const found = [];
	for (const [direction, streams] of [[m.simulcast?.dir1, m.simulcast?.list1], [m.simulcast?.dir2, m.simulcast?.list2]])
		if (direction)
			transform.parseSimulcastStreamList(String(streams)).forEach((formats, n) =>
				formats.forEach(f => found.push(`${direction} ${n} ${f.paused ? '~' : ''}${f.scid}`)));
	return found.sort();
}

function theirSection(s, m) {
	const fingerprint = m.fingerprint ?? s.fingerprint;
	const formats = (m.payloads === undefined ? '' : String(m.payloads)).split(' ').filter(Boolean);
	const rtp = m.protocol?.includes('RTP'), sctp = m.protocol?.includes('SCTP');
	return {
		...theirCommon(m),
		kind: m.type, port: text(m.port), proto: m.protocol, mid: text(m.mid), formats,
		direction: m.direction ?? s.direction ?? 'sendrecv', setup: m.setup ?? s.setup ?? '',
		ufrag: text(m.iceUfrag ?? s.iceUfrag), pwdLength: text((m.icePwd ?? s.icePwd) && String(m.icePwd ?? s.icePwd).length),
		fingerprint: fingerprint && `${fingerprint.type.toLowerCase()} ${String(fingerprint.hash).toUpperCase()}`,
		bundleOnly: m.bundleOnly && true, rtcpMux: m.rtcpMux && true, rtcpRsize: m.rtcpRsize && true,
		rtcp: m.rtcp && joined(m.rtcp.port, m.rtcp.address && address(m.rtcp.ipVer, m.rtcp.address)),
		codecs: rtp ? formats.map(pt => theirCodec(m, pt)) : [],
		feedbackOfAll: counted(theirFeedback(m, '*')),
		candidates: list(m.candidates, theirCandidate),
		msids: list(m.msid, i => joined(text(i.id), text(i.appdata))),
		ssrcs: list(m.ssrcs, x => joined(x.id, x.attribute, text(x.value))),
		ssrcGroups: list(m.ssrcGroups, g => joined(g.semantics, ...String(g.ssrcs).split(' '))),
		rids: list(m.rids, r => joined(text(r.id), r.direction, text(r.params))),
		simulcast: theirSimulcast(m),
		sctpmap: m.sctpmap && joined(m.sctpmap.sctpmapNumber, m.sctpmap.app, m.sctpmap.maxMessageSize), connectionUse: m.connectionType,
		sctpPort: sctp ? text(m.sctpPort ?? m.sctpmap?.sctpmapNumber ?? 5000) : undefined,
		maxMessageSize: sctp ? text(m.maxMessageSize ?? 65536) : undefined,
	};
}

// ---- the whole ----

// objects: the lines of taut sdp --json about one description
export function ourFacts(objects) {
	const s = objects[0];
	return {
		...ourCommon(s),
		user: s.user, sessionId: s.session_id, sessionVersion: s.session_version,
		origin: s.origin && `${s.origin.addrtype} ${s.origin.address}`, name: s.session_name,
		iceLite: s.ice_lite || undefined, msidSemantic: s.msid_semantic,
		groups: s.groups.map(g => joined(g.semantics, ...g.mids)),
		media: objects.filter(o => o.section).map(ourSection),
	};
}

export function theirFacts(description) {
	const s = transform.parse(description), o = s.origin ?? {};
	return {
		...theirCommon(s),
		user: text(o.username), sessionId: text(o.sessionId), sessionVersion: text(o.sessionVersion),
		origin: address(o.ipVer, o.address), name: text(s.name),
		iceLite: s.icelite && true, msidSemantic: s.msidSemantic && joined(s.msidSemantic.semantic, text(s.msidSemantic.token)),
		groups: list(s.groups, g => joined(g.type, ...String(g.mids).split(' '))),
		media: s.media.map(m => theirSection(s, m)),
	};
}

// Every leaf of a nested value, as [path, text].
export function* leaves(value, path = '') {
	if (value !== null && typeof value === 'object')
		for (const [key, inner] of Object.entries(value))
			yield* leaves(inner, path ? `${path}.${key}` : key);
	else if (value !== undefined)
		yield [path, String(value)];
}
