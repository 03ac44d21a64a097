// exceptions.mjs - where the two readers may differ, and why. A difference that no entry
// explains fails the test, and so does, when all descriptions are there, an entry that explains none.
//
// path: of the field; holds(ours, theirs, path, all): is it this case? all has both readers' fields.

const section = path => path.slice(0, path.lastIndexOf('unknown'));
const values = (map, start) => [...map].filter(([path]) => path.startsWith(start)).map(([, value]) => value);

export const differences = [
	{ why: 'sdp-transform keeps the first id of a=msid-semantic; RFC 8830 draft 15 lists several',
		path: /^msidSemantic$/, holds: (ours, theirs) => theirs && ours?.startsWith(`${theirs} `) },
	{ why: 'sdp-transform wants two words in a=msid-semantic, and counts one as unknown',
		path: /^(msidSemantic|unknown\.msid-semantic:.*)$/,
		holds: (ours, theirs, path, all) => path === 'msidSemantic' ? !theirs && all.theirs.get(`unknown.msid-semantic:${ours}`)
			: !ours && path.endsWith(`:${all.ours.get('msidSemantic')}`) },
	{ why: 'sdp-transform wants a member in a=group; RFC 5888 section 5 does not (Chromium: a rejected BUNDLE)',
		path: /^(groups\.\d+|unknown\.group:\w+)$/,
		holds: (ours, theirs, path, all) => path.startsWith('groups') ? !theirs && all.theirs.get(`unknown.group:${ours}`)
			: !ours && values(all.ours, 'groups.').includes(path.slice('unknown.group:'.length)) },
	{ why: "sdp-transform's a=msid knows letters, digits and - only; RFC 8830 has token-chars (Firefox: braces)",
		path: /\.(msids\.\d+|unknown\.msid:.*)$/,
		holds: (ours, theirs, path, all) => /\.msids/.test(path) ? !theirs && all.theirs.get(path.replace(/msids\.\d+$/, `unknown.msid:${ours}`))
			: !ours && values(all.ours, `${section(path)}msids.`).includes(path.slice(path.indexOf('msid:') + 5)) },
	{ why: "sdp-transform ends a word of a=msid before a character it does not know",
		path: /\.msids\.\d+$/, holds: (ours, theirs) => theirs && ours?.startsWith(theirs) && /^[^\w-]/.test(ours.slice(theirs.length).trim()) },
	{ why: 'taut leaves out an a=msid that was said before, with a warning',
		path: /\.msids\.\d+$/, holds: (ours, theirs, path, all) => !ours && values(all.ours, path.replace(/\d+$/, '')).includes(theirs) },
	{ why: 'taut forgives a space behind "a=msid:", sdp-transform counts the line as unknown',
		path: /\.(msids\.\d+|unknown\.msid: .*)$/,
		holds: (ours, theirs, path, all) => /\.msids/.test(path) ? !theirs && all.theirs.get(path.replace(/msids\.\d+$/, `unknown.msid: ${ours}`))
			: !ours && values(all.ours, `${section(path)}msids.`).includes(path.slice(path.indexOf('msid: ') + 6)) },
	{ why: 'sdp-transform keeps the first word of a=ice-options; RFC 8839 section 5.6 has several',
		path: /(^|\.)iceOptions$/, holds: (ours, theirs) => theirs && ours?.startsWith(`${theirs} `) },
	{ why: 'sdp-transform takes a=rtcp-mux-only for a=rtcp-mux',
		path: /\.unknown\.rtcp-mux-only$/, holds: (ours, theirs) => ours && !theirs },
	{ why: 'sdp-transform takes a=rtcp-mux-only for a=rtcp-mux, and says so',
		path: /\.rtcpMux$/, holds: (ours, theirs, path, all) => !ours && all.ours.get(path.replace(/rtcpMux$/, 'unknown.rtcp-mux-only')) },
	{ why: 'sdp-transform has no pattern for m= with a number of ports, "49170/2"',
		path: /^media\.\d+\.(kind|port|proto|formats|codecs)\b/,
		holds: (ours, theirs, path, all) => !theirs && !all.theirs.get(path.replace(/^(media\.\d+\.).*/, '$1kind')) },
	{ why: 'sdp-transform keeps the first word of the attributes of an extension; RFC 8285 section 8 has any text',
		path: /\.extmaps\.\d+$/, holds: (ours, theirs) => theirs && ours?.startsWith(`${theirs} `) },
	{ why: 'sdp-transform reads network-cost behind network-id only; RFC 8839 has extensions in any order',
		path: /\.candidates\.\d+\.networkCost$/, holds: (ours, theirs) => ours && !theirs },
	{ why: 'taut reads an empty s= as "-", which RFC 8866 section 5.3 has for it',
		path: /^name$/, holds: (ours, theirs) => ours === '-' && theirs?.trim() === '' },
	{ why: 'taut gives a description without t= the t=0 0 that it has to have (RFC 8866 section 5.9)',
		path: /^timing$/, holds: (ours, theirs) => ours === '0 0' && !theirs },
	{ why: 'taut skips the spaces before the parameters of a=fmtp',
		path: /\.fmtp$/, holds: (ours, theirs) => ours === theirs?.trim() },
	{ why: 'sdp-transform reads b=AS:-1000 as b=AS: and no number; taut leaves it out with a warning',
		path: /bandwidth\.\w+:$/, holds: (ours, theirs) => !ours && theirs },
	{ why: 'sdp-transform knows five types of b= only',
		path: /bandwidth\.X-YZ:\d+$/, holds: (ours, theirs) => ours && !theirs },
	{ why: 'sdp-transform reads attributes of a section before the first m= as well; taut keeps them as they are',
		path: /^unknown\.(candidate|rtpmap):/, holds: (ours, theirs) => ours && !theirs },
	{ why: 'sdp-transform reads nothing of an o= whose address type is not IP4 or IP6; taut takes any token',
		path: /^(user|sessionId|sessionVersion|origin)$/,
		holds: (ours, theirs, path, all) => !theirs && !/^IP[46] /.test(all.ours.get('origin')) },
];

// What taut refuses and sdp-transform, which refuses nothing, reads: by message and rule.
export const refusals = [
	['not a credential of ICE', 'RFC 8839 section 5.4', 'a user name or password with a colon, or too long'],
	['something is missing', 'RFC 8866 section 5.2', 'o= has six words'],
	['something is missing', 'RFC 8866 section 5.7', 'c= has three words'],
	['something is missing', 'RFC 8866 section 5.14', 'm= has at least four words'],
	['something is missing', 'RFC 8830 section 2', 'a=msid without an id'],
	['something is missing', 'RFC 5888 section 4', 'a=mid without a value'],
	['something is missing', 'RFC 8841 section 5', 'a=sctp-port without a port'],
	['not a number of the range', 'RFC 8866 section 6.6', 'a clock rate of 0, no digits, or more than 255 channels'],
	['not a number of the range', 'RFC 8866 section 5.1', 'v= other than 0'],
	['not a number of the range', 'RFC 8866 section 5.14', 'a payload type above 127'],
	['not a number of the range', 'RFC 8839 section 5.1', 'a candidate without its component'],
	['no clock rate', 'RFC 8866 section 6.6', 'a=rtpmap without /rate'],
	['a second codec for this payload type', 'RFC 8866 section 6.6', 'two readers could take either'],
	['no section has this mid', 'RFC 9143 section 7', 'a=group names a mid that is not there'],
	['the mid is too long', 'RFC 5888 section 4', 'more than the one-byte header extension carries'],
	['not a session description', 'RFC 8866 section 9', 'it does not begin with v='],
	['not one of the words known here', 'RFC 4145 section 4', 'a=setup'],
	['contradicts an earlier line', 'RFC 8866 section 6.7', 'two directions'],
	['more than belongs here', 'RFC 8830 section 2', 'a third word in a=msid'],
	['a second a=simulcast', 'RFC 8853 section 5.1', 'one for a section; the old draft had several'],
];
