// app.js - the page: joins a room, keeps a call for everyone in it, and says how it goes.

import { Call } from './call.js';
import { Room } from './room.js';
import { explain, openSource } from './source.js';
import * as view from './view.js';

const { $ } = view;

let room = null;
let sourceKind = 'camera';
let source = { stream: null, stop() {} };
let myTile = null;
let statsTimer = null;
let opening = 0;
const peers = new Map(); // by id: {id, name, agent, role, gone, call, tile, card, before}

// ---- where the link leads ----

function wanted() {
	const query = new URLSearchParams(location.search), hash = new URLSearchParams(location.hash.slice(1));
	const get = key => hash.get(key) ?? query.get(key);
	return { room: get('room'), name: get('name'), source: get('source'), join: get('join') };
}

function link() {
	return `${location.origin}${location.pathname}#room=${encodeURIComponent(room?.room ?? '')}`;
}

async function copyLink() {
	try {
		await navigator.clipboard.writeText(link());
		view.notice('copy', 'info', 'The link is copied.', { seconds: 3 });
	} catch {
		view.notice('copy', 'info', 'Copy this link:', { code: link() });
	}
}

function remember(key, value) {
	try {
		localStorage.setItem(`taut-${key}`, value);
	} catch { /* a private window: nothing is remembered */ }
}

function recall(key) {
	try {
		return localStorage.getItem(`taut-${key}`);
	} catch {
		return null;
	}
}

// ---- status line ----

function refresh() {
	if (!room)
		return view.status('idle', 'Not in a room');
	const calls = [...peers.values()].filter(p => p.call), up = calls.filter(p => p.call.connected);
	const names = list => list.map(p => p.name).join(', ');
	$('waiting')?.toggleAttribute('hidden', calls.length > 0);
	$('state-empty').hidden = calls.length > 0;
	if (!room.joined && room.lost)
		return view.status('busy', `The relay does not answer; trying again.${up.length ? ` The call with ${names(up)} goes on.` : ''}`);
	if (!room.joined)
		return view.status('busy', 'Connecting to the relay …');
	if (calls.length === 0)
		return view.status('good', 'In the room. Nobody else is here yet.');
	const rest = calls.filter(p => !p.call.connected);
	if (rest.length === 0)
		return view.status('good', `Connected with ${names(up)}`);
	const bad = rest.some(p => ['failed', 'disconnected'].includes(p.call.pc.connectionState));
	view.status(bad ? 'bad' : 'busy', bad ? `The connection with ${names(rest)} is interrupted` : `Connecting with ${names(rest)} …`);
}

// ---- peers and their calls ----

function peerOf(message, id = message.from) {
	let peer = peers.get(id);
	if (!peer) {
		peer = { id, name: 'somebody', agent: 'browser', role: 'turns', gone: false, call: null, before: null };
		peers.set(id, peer);
	}
	peer.gone = false;
	for (const key of ['name', 'agent', 'role'])
		if (typeof message[key] === 'string')
			peer[key] = message[key];
	if (peer.call)
		peer.call.role = peer.role;
	peer.tile?.name(peer.name);
	return peer;
}

function startCall(peer, starts, callId = null) {
	endCall(peer);
	const call = new Call(room, peer, { starts, role: peer.role, media: source.stream, source: sourceKind });
	peer.call = call;
	if (callId)
		call.call = callId;
	if (!peer.tile) {
		peer.tile = view.tile(peer.name);
		peer.card = view.stateCard();
		$('tiles').insertBefore(peer.tile.root, myTile.root);
		$('states').append(peer.card.root);
	}
	const again = () => showCall(peer);
	call.addEventListener('state', again);
	call.addEventListener('media', again);
	call.addEventListener('chat', e => view.chatLine(peer.name, e.detail.text));
	call.addEventListener('refused', e => tellRefused(peer, e.detail));
	call.addEventListener('why', e => tellFailure(peer, 'ours', e.detail.text));
	call.addEventListener('over', e => dropPeer(peer, `${peer.name} is gone: ${e.detail.why}.`));
	call.addEventListener('anew', () => startCall(peer, true));
	call.addEventListener('channel', e => window.taut.onchannel?.(e.detail.channel, peer));
	again();
}

function endCall(peer) {
	peer.call?.close();
	peer.call = null;
	peer.before = null;
	peer.tile?.show(null);
}

function dropPeer(peer, why) {
	const had = peer.call !== null;
	endCall(peer);
	peer.tile?.root.remove();
	peer.card?.root.remove();
	peers.delete(peer.id);
	forgetFailure(peer);
	if (had) {
		view.chatEvent(why);
		view.notice(`gone-${peer.id}`, 'info', why, { seconds: 8 });
	}
	refresh();
}

const WORDS = {
	new: ['busy', 'connecting'], connecting: ['busy', 'connecting'], connected: ['good', 'connected'],
	disconnected: ['bad', 'interrupted'], failed: ['bad', 'failed, trying again'], closed: ['bad', 'closed'],
};

function showCall(peer) {
	const { call } = peer;
	if (!call)
		return;
	const [kind, text] = WORDS[call.pc.connectionState];
	peer.tile.state(kind, peer.gone && call.connected ? 'connected, but away from the relay' : text);
	peer.tile.show(call.stream);
	if (call.connected && call.said !== true) {
		call.said = true;
		call.restarted = false;
		view.chatEvent(`Connected with ${peer.name}.`);
		view.clearNotice(`sdp-${peer.id}`);
	}
	if (call.connected)
		forgetFailure(peer);
	showState(peer);
	refresh();
}

// ---- why a connection failed ----

const LONGEST_FAILURE = 1024;

/** whose: "ours", of this browser; "theirs", what the other side says of itself. */
function tellFailure(peer, whose, text) {
	peer.failure = { ...peer.failure, [whose]: text.slice(0, LONGEST_FAILURE) };
	const { ours, theirs } = peer.failure, lines = [];
	if (ours)
		lines.push(`Here: ${ours}`);
	if (theirs)
		lines.push(`${peer.name} says: ${theirs}`);
	view.notice(`failed-${peer.id}`, 'bad', `The connection with ${peer.name} failed; it is tried again.`, { lines });
}

function forgetFailure(peer) {
	peer.failure = null;
	view.clearNotice(`failed-${peer.id}`);
}

/** Which line of a description the browser did not take, as far as it says so. */
function refusedLine(error, sdp) {
	const lines = sdp.split(/\r?\n/).filter(Boolean);
	if (error.sdpLineNumber > 0)
		return lines[error.sdpLineNumber - 1];
	return lines.filter(l => l.length > 3 && error.message.includes(l)).sort((a, b) => b.length - a.length)[0] ?? null;
}

function tellRefused(peer, { what, error, sdp }) {
	const line = refusedLine(error, sdp);
	view.notice(`sdp-${peer.id}`, 'bad', line ? `The browser refuses ${what}, because of this line:` : `The browser refuses ${what}:`,
		{ code: line ? `${line}\n${error.message}` : error.message });
	refresh();
}

// ---- what the relay says ----

const fromRelay = {
	state({ state, code, why }) {
		if (state === 'lost') {
			room.lost = true;
			room.away = true;
			view.notice('relay', 'bad', `The relay does not answer${why ? ` (${why})` : ''}. The page tries again by itself; calls that are up go on.`,
				{ actions: [['Try now', () => room?.retry()]] });
			if (code === 4001)
				view.notice('replaced', 'bad', 'This page has connected a second time; the older connection was closed.');
		} else if (state === 'joined') {
			room.lost = false;
			view.clearNotice('relay');
			if (room.away)
				view.notice('back', 'info', 'The relay is back.', { seconds: 4 });
			room.away = false;
		}
		refresh();
	},
	joined(message) {
		const here = new Set(message.peers.map(p => p.id));
		for (const p of message.peers) {
			const peer = peerOf(p, p.id);
			if (peer.call)
				peer.call.lineBack();
			else
				startCall(peer, false);
		}
		for (const peer of [...peers.values()])
			if (!here.has(peer.id))
				wentAway(peer, `${peer.name} did not come back.`);
		refresh();
	},
	announce(message) {
		peerOf(message).call?.lineBack();
		view.chatEvent(`${message.name} is here.`);
		refresh();
	},
	user_here(message) {
		const peer = peerOf(message);
		if (peer.call?.alive)
			peer.call.lineBack();
		else
			startCall(peer, true);
	},
	description(message) {
		const peer = peerOf(message);
		if (message.description.type === 'offer')
			takeCall(peer, message);
		if (peer.call && (!message.call || message.call === peer.call.call))
			peer.call.description(message.description);
	},
	candidate(message) {
		const call = peers.get(message.from)?.call;
		if (call && (!message.call || message.call === call.call))
			call.candidate(message.candidate);
	},
	failure(message) {
		const peer = peers.get(message.from);
		if (peer?.call && typeof message.text === 'string' && (!message.call || message.call === peer.call.call))
			tellFailure(peer, 'theirs', message.text);
	},
	turn(message) {
		const call = peers.get(message.from)?.call;
		if (call)
			call.turn();
		else
			room.send({ type: 'turn_done', to: message.from });
	},
	chat(message) {
		view.chatLine(message.name, message.text, { via: 'relay' });
	},
	leave(message) {
		const peer = peers.get(message.from);
		if (!peer)
			view.chatEvent(`${message.name} has left.`);
		else if (message.reason === 'left')
			dropPeer(peer, `${peer.name} has left.`);
		else
			wentAway(peer, `${peer.name} is gone: the connection broke.`);
	},
	error(message) {
		const words = {
			room_full: 'This room is full: 8 are in it already. Choose another one.',
			relay_full: 'The relay has all the connections it takes. Try again later.',
			address_full: 'Too many connections come from your address. Close some pages.',
		};
		if (message.code === 'no_turn')
			return offersRefused();
		if (['no_such_peer', 'not_in_room'].includes(message.code))
			return; // of something that is over already
		view.notice(`error-${message.code}`, 'bad', words[message.code] ?? `The relay says: ${message.text} (${message.code})`);
	},
	signal({ out, message }) {
		view.logLine(out, message, id => (id === room.id ? 'me' : peers.get(id)?.name ?? id));
		window.taut.log.push({ out, message });
		if (window.taut.log.length > 1000)
			window.taut.log.shift();
	},
};

/** An offer of a new call: it is the first one, or the old connection makes way for it. */
function takeCall(peer, message) {
	const call = peer.call;
	if (!call)
		startCall(peer, false, message.call ?? null);
	else if (!call.call)
		call.call = message.call ?? null;
	else if (message.call && message.call !== call.call)
		startCall(peer, false, message.call);
}

/** A turn was over before it was used: an offer that nobody got is made again in a new call. */
function offersRefused() {
	for (const peer of peers.values())
		if (peer.role === 'turns' && peer.call?.pc.signalingState === 'have-local-offer')
			startCall(peer, true);
}

/** Not in the room, without a word: a call that works goes on until it ends by itself. */
function wentAway(peer, why) {
	peer.gone = true;
	if (peer.call?.connected)
		showCall(peer);
	else
		dropPeer(peer, why);
}

// ---- joining and leaving ----

async function setSource(kind) {
	const mine = ++opening;
	let next = { stream: null, stop() {} };
	view.clearNotice('source');
	try {
		next = await openSource(kind);
	} catch (error) {
		const actions = [['Use the test pattern', () => setSource('test')]];
		if (error.name !== 'InsecureAddress')
			actions.unshift(['Try again', () => setSource('camera')]);
		view.notice('source', 'bad', `${explain(error)} You are in the room without picture and sound.`, { actions });
		kind = 'none';
	}
	if (mine !== opening)
		return next.stop(); // another choice was made meanwhile
	source.stop();
	source = next;
	sourceKind = kind;
	$('source-select').value = kind === 'data' ? 'none' : kind;
	for (const track of source.stream?.getTracks() ?? [])
		track.addEventListener('ended', () => track.readyState === 'ended' && mine === opening &&
			view.notice('source', 'bad', `Your ${track.kind === 'video' ? 'camera' : 'microphone'} has stopped.`, { actions: [['Try again', () => setSource(kind)]] }));
	showMine();
	await Promise.all([...peers.values()].map(p => p.call?.setMedia(source.stream)));
}

function showMine() {
	const toggles = [['mic', 'audio', 'Microphone'], ['cam', 'video', sourceKind === 'test' ? 'Picture' : 'Camera']];
	for (const [id, kind, word] of toggles) {
		const track = source.stream?.getTracks().find(t => t.kind === kind), button = $(id);
		button.disabled = !track;
		button.setAttribute('aria-pressed', Boolean(track?.enabled));
		button.textContent = track ? `${id === 'mic' && sourceKind === 'test' ? 'Tone' : word} ${track.enabled ? 'on' : 'off'}` : `No ${word.toLowerCase()}`;
	}
	myTile?.show(source.stream);
	myTile?.state('', source.stream ? '' : 'sending nothing');
}

function toggle(kind) {
	const track = source.stream?.getTracks().find(t => t.kind === kind);
	if (track)
		track.enabled = !track.enabled;
	showMine();
}

async function join(roomName, name, kind) {
	if (room)
		return;
	room = new Room(roomName, name);
	remember('name', name);
	remember('source', kind);
	for (const [type, handler] of Object.entries(fromRelay))
		room.addEventListener(type, e => handler(e.detail));
	history.replaceState(null, '', `${location.pathname}#room=${encodeURIComponent(roomName)}`);
	document.title = `${roomName} · taut`;
	$('room-label').textContent = roomName;
	$('lobby').hidden = true;
	for (const id of ['call', 'bar-actions', 'room-label'])
		$(id).hidden = false;
	myTile = view.tile(name, { mine: true });
	myTile.name(`${name} (you)`);
	$('tiles').append(view.waiting(link(), copyLink), myTile.root);
	sourceKind = kind;
	statsTimer = setInterval(() => peers.forEach(showState), 1000);
	refresh();
	await setSource(kind);
	room?.connect();
}

function leave() {
	if (!room)
		return;
	for (const peer of [...peers.values()])
		endCall(peer);
	peers.clear();
	room.leave();
	room = null;
	opening++;
	source.stop();
	source = { stream: null, stop() {} };
	clearInterval(statsTimer);
	for (const id of ['tiles', 'states', 'notices', 'chat'])
		$(id).replaceChildren();
	for (const id of ['call', 'bar-actions', 'room-label'])
		$(id).hidden = true;
	$('lobby').hidden = false;
	document.title = 'taut';
	refresh();
}

// ---- connection states ----

const rate = (bytes, ms) => (ms > 0 ? `${Math.round(8 * bytes / ms)} kbit/s` : '');
const place = c => (c ? `${c.address ?? 'hidden'}:${c.port} ${c.candidateType}` : '');

async function showState(peer) {
	const { call, card } = peer;
	if (!call)
		return;
	const s = await call.stats().catch(() => ({})), now = performance.now(), before = peer.before;
	if (peer.call !== call)
		return;
	const ms = before ? now - before.now : 0, pc = call.pc;
	if (ms > 900 || !before)
		peer.before = { now, sent: s.bytesSent, received: s.bytesReceived };
	if (ms > 900)
		peer.rates = `${rate(s.bytesReceived - before.received, ms)} in, ${rate(s.bytesSent - before.sent, ms)} out`;
	card.set(`${peer.name} (${peer.agent})`, [
		['connection', pc.connectionState], ['ICE', `${pc.iceConnectionState}, gathering ${pc.iceGatheringState}`],
		['signaling', `${pc.signalingState}, ${peer.role}${peer.gone ? ', away from the relay' : ''}`],
		['DTLS', [s.dtls, s.cipher, s.srtp].filter(Boolean).join(', ')],
		['chat channel', call.chat?.readyState ?? 'none yet'],
		['path', s.local ? `${place(s.local)} – ${place(s.remote)}` : ''],
		['round trip', s.rtt === undefined ? '' : `${(1000 * s.rtt).toFixed(1)} ms`],
		['bit rate', peer.rates],
		['picture', s.width ? `${s.width} × ${s.height}, ${s.fps ?? 0} per second, ${s.videoCodec}` : ''],
		['sound', s.audioCodec ? `${s.audioCodec}, level ${(s.audioLevel ?? 0).toFixed(3)}` : ''],
	]);
}

// ---- chat ----

function say(text, via) {
	if (!text.trim() || !room)
		return;
	const calls = [...peers.values()].filter(p => p.call);
	const direct = via === 'direct' ? calls.filter(p => p.call.sendChat(text)) : [];
	if (direct.length > 0) {
		view.chatLine('You', text, { mine: true, to: direct.length < calls.length ? `direct, to ${direct.map(p => p.name).join(', ')} only` : null });
		return true;
	}
	if (room.joined && room.send({ type: 'chat', text })) {
		view.chatLine('You', text, { mine: true, via: 'relay' });
		return true;
	}
	view.notice('chat', 'bad', via === 'relay' ? 'The relay does not answer: the message was not sent.' : 'Nobody is connected: the message was not sent.', { seconds: 6 });
	return false;
}

// ---- the page itself ----

$('join-form').onsubmit = e => {
	e.preventDefault();
	const name = $('name').value.trim(), roomName = $('room').value.trim();
	if (name && roomName)
		join(roomName, name, document.querySelector('[name=source]:checked').value);
};
$('leave').onclick = leave;
$('copy').onclick = copyLink;
$('mic').onclick = () => toggle('audio');
$('cam').onclick = () => toggle('video');
$('source-select').onchange = e => setSource(e.target.value);
$('chat-form').onsubmit = e => {
	e.preventDefault();
	if (say($('chat-text').value, $('chat-via').value))
		$('chat-text').value = '';
};
view.tabs();
addEventListener('pagehide', leave);
addEventListener('online', () => room?.retry());
document.addEventListener('visibilitychange', () => document.hidden || room?.retry());

const start = wanted();
$('name').value = start.name ?? recall('name') ?? '';
$('room').value = start.room ?? 'lobby'; // where the native peer of ./dev run waits
const choice = document.querySelector(`[name=source][value="${CSS.escape(start.source ?? recall('source') ?? 'camera')}"]`);
if (choice)
	choice.checked = true;
if (!window.isSecureContext)
	view.notice('insecure', 'bad', explain({ name: 'InsecureAddress' }));
$($('name').value ? 'join' : 'name').focus();
if (start.join && $('name').value && start.room)
	join(start.room, $('name').value, document.querySelector('[name=source]:checked').value);

// For tests and the curious. Nothing on the page depends on it.
window.taut = {
	log: [],
	peers,
	join,
	leave,
	say,
	setSource,
	get room() {
		return room;
	},
	/** The newest call's RTCPeerConnection. */
	get pc() {
		return [...peers.values()].filter(p => p.call).at(-1)?.call.pc ?? null;
	},
	stats: id => (id ? peers.get(id) : [...peers.values()].at(-1))?.call?.stats(),
	onchannel: null,
};
