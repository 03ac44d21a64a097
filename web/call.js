// call.js - one peer connection: perfect negotiation (webrtc-pc section 10.7) with the relay's roles.
//
// role "impolite": offers when it needs to, ignores an offer that collides with its own (the
// other side, a native peer, gives way). role "turns": another browser; it asks the relay for
// the turn before it offers, so that nothing collides. Who was there first starts; a newcomer
// offers only after it has heard an offer.

import { randomHex } from './room.js';
import { whyFailed } from './why.js';

export class Call extends EventTarget {
	constructor(room, peer, { starts, role, media, source }) {
		super();
		this.room = room;
		this.peer = peer;
		this.starts = starts;
		this.role = role;
		this.media = media; // MediaStream of what we send, or null
		this.dataOnly = source === 'data';
		this.call = starts ? randomHex(16) : null;
		this.heard = starts;
		this.makingOffer = false;
		this.ignoredOffer = false;
		this.wantsOffer = false;
		this.wantsTurn = false;
		this.closed = false;
		this.serverErrors = new Map(); // by URL: the last icecandidateerror
		this.pairsSeen = []; // Chromium 156 forgets them when they have failed
		this.stream = new MediaStream();
		/* What we send is of one stream for ever: to change it, Chromium 156 says one id in offers and another in answers. */
		this.sent = new MediaStream();
		this.queue = Promise.resolve();
		this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
		this.#wire();
		if (starts) {
			this.#takeChannel(this.pc.createDataChannel('chat'));
			if (!this.dataOnly)
				this.#addMissing();
		}
	}

	get connected() {
		return this.pc.connectionState === 'connected';
	}

	get alive() {
		return !this.closed && this.connected && this.pc.signalingState === 'stable';
	}

	#tell(type, detail) {
		if (!this.closed)
			this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	#send(message) {
		return this.room.send({ ...message, to: this.peer.id, call: this.call });
	}

	#wire() {
		const pc = this.pc;
		pc.onnegotiationneeded = () => this.#needed();
		pc.onicecandidate = e => this.#send({ type: 'candidate', candidate: e.candidate });
		pc.onicecandidateerror = e => this.serverErrors.set(e.url, e);
		pc.ondatachannel = e => this.#takeChannel(e.channel);
		pc.ontrack = e => {
			this.stream.addTrack(e.track);
			e.track.onunmute = e.track.onmute = () => this.#tell('media');
			this.#tell('media');
		};
		for (const type of ['connectionstatechange', 'iceconnectionstatechange', 'signalingstatechange', 'icegatheringstatechange'])
			pc.addEventListener(type, () => this.#tell('state'));
		pc.addEventListener('connectionstatechange', () => this.#mend());
		pc.addEventListener('signalingstatechange', () => {
			if (pc.signalingState === 'stable' && this.wantsOffer)
				this.#needed();
		});
	}

	#takeChannel(channel) {
		this.#tell('channel', { channel });
		if (channel.label !== 'chat')
			return;
		this.chat = channel;
		channel.onmessage = e => {
			if (typeof e.data === 'string')
				this.#tell('chat', { text: e.data });
		};
		channel.onopen = channel.onclose = () => this.#tell('state');
	}

	/** True: it went out by the data channel. */
	sendChat(text) {
		if (this.chat?.readyState !== 'open')
			return false;
		this.chat.send(text);
		return true;
	}

	// ---- offers out ----

	#needed() {
		this.wantsOffer = true;
		if (!this.heard || this.closed || !this.room.joined || this.pc.signalingState !== 'stable')
			return; // again when it is heard, joined or stable
		if (this.role !== 'turns')
			this.#enqueue(() => this.#offer());
		else if (!this.wantsTurn)
			this.wantsTurn = this.room.send({ type: 'turn_request', to: this.peer.id });
	}

	/** The relay grants the turn. */
	turn() {
		this.wantsTurn = false;
		this.#enqueue(async () => {
			if (!await this.#offer())
				this.room.send({ type: 'turn_done', to: this.peer.id });
		});
	}

	async #offer() {
		if (!this.wantsOffer || this.pc.signalingState !== 'stable')
			return false;
		this.wantsOffer = false;
		this.makingOffer = true;
		try {
			await this.pc.setLocalDescription();
			return this.#send({ type: 'description', description: this.pc.localDescription.toJSON() });
		} catch (error) {
			this.#tell('refused', { what: 'our own offer', error, sdp: '' });
			return false;
		} finally {
			this.makingOffer = false;
		}
	}

	/** The relay was away and is back. */
	lineBack() {
		this.wantsTurn = false;
		if (this.wantsOffer)
			this.#needed();
	}

	// ---- what the peer says, one thing after the other ----

	#enqueue(task) {
		this.queue = this.queue.then(async () => {
			if (!this.closed)
				await task();
		}).catch(error => console.error(error));
	}

	description(description) {
		const collides = description.type === 'offer' && (this.makingOffer || this.pc.signalingState !== 'stable');
		if (this.role === 'impolite' && collides) {
			this.ignoredOffer = true;
			return;
		}
		this.#enqueue(() => this.#takeDescription(description));
	}

	async #takeDescription(description) {
		const pc = this.pc;
		if (description.type === 'answer' && pc.signalingState !== 'have-local-offer')
			return; // to an offer that is no more
		this.ignoredOffer = false;
		try {
			await pc.setRemoteDescription(description);
		} catch (error) {
			this.#tell('refused', { what: `an ${description.type} from ${this.peer.name}`, error, sdp: description.sdp });
			return;
		}
		if (description.type !== 'offer')
			return;
		this.heard = true;
		await this.#fillOffered();
		try {
			await pc.setLocalDescription();
			this.#send({ type: 'description', description: pc.localDescription.toJSON() });
		} catch (error) {
			this.#tell('refused', { what: 'our own answer', error, sdp: '' });
			return;
		}
		if (!this.dataOnly)
			this.#addMissing();
	}

	candidate(candidate) {
		this.#enqueue(async () => {
			try {
				await this.pc.addIceCandidate(candidate ?? undefined);
			} catch (error) {
				if (!this.ignoredOffer)
					console.warn('a candidate was refused', error);
			}
		});
	}

	// ---- what we send ----

	#track(kind) {
		return this.media?.getTracks().find(t => t.kind === kind) ?? null;
	}

	#transceiver(kind) {
		return this.pc.getTransceivers().find(t => t.receiver.track.kind === kind && t.direction !== 'stopped');
	}

	/** What the offer brings gets our tracks before the answer is made. */
	async #fillOffered() {
		for (const kind of ['audio', 'video']) {
			const t = this.#transceiver(kind), track = this.dataOnly ? null : this.#track(kind);
			if (t)
				await this.#fill(t, track);
		}
	}

	async #fill(transceiver, track) {
		await transceiver.sender.replaceTrack(track);
		if (track)
			transceiver.sender.setStreams(this.sent);
		transceiver.direction = this.dataOnly ? 'inactive' : track ? 'sendrecv' : 'recvonly';
	}

	/** Kinds that nobody has offered yet; this makes a negotiation needed. */
	#addMissing() {
		for (const kind of ['audio', 'video']) {
			if (this.#transceiver(kind))
				continue;
			const track = this.#track(kind);
			if (track || this.starts)
				this.pc.addTransceiver(track ?? kind, { direction: track ? 'sendrecv' : 'recvonly', streams: track ? [this.sent] : [] });
		}
	}

	async setMedia(media) {
		this.media = media;
		if (!this.heard || this.dataOnly)
			return;
		for (const kind of ['audio', 'video']) {
			const t = this.#transceiver(kind);
			if (t)
				await this.#fill(t, this.#track(kind));
		}
		this.#addMissing();
	}

	// ---- its end ----

	#mend() {
		if (this.pc.connectionState !== 'failed' || this.closed)
			return;
		this.#sayWhy(); // asked for before a restart makes the browser forget
		if (this.peer.gone) {
			this.#tell('over', { why: 'the connection is lost' });
			return;
		}
		if (!this.starts)
			return; // the other side mends it
		const dtls = this.pc.sctp?.transport?.state ?? this.pc.getSenders()[0]?.transport?.state;
		if (dtls === 'failed' || dtls === 'closed' || this.restarted)
			this.retry ??= setTimeout(() => this.#tell('anew'), 2000);
		else {
			this.restarted = true;
			this.pc.restartIce();
		}
	}

	async #sayWhy() {
		const text = await whyFailed(this.pc, [...this.serverErrors.values()], this.pairsSeen);
		this.pairsSeen = [];
		this.#send({ type: 'failure', text });
		this.#tell('why', { text });
	}

	close() {
		this.closed = true;
		clearTimeout(this.retry);
		this.pc.close();
		for (const track of this.stream.getTracks())
			track.onmute = track.onunmute = null;
	}

	// ---- how it goes ----

	async stats() {
		const all = await this.pc.getStats(), out = { bytesSent: 0, bytesReceived: 0 };
		if ([...all.values()].some(s => s.type === 'candidate-pair'))
			this.pairsSeen = [...all.values()].filter(s => s.type === 'candidate-pair' || s.type.endsWith('-candidate'));
		for (const s of all.values()) {
			if (s.type === 'transport') {
				out.bytesSent += s.bytesSent;
				out.bytesReceived += s.bytesReceived;
				out.dtls = s.dtlsState;
				out.cipher = s.dtlsCipher;
				out.srtp = s.srtpCipher;
				out.pair = all.get(s.selectedCandidatePairId);
			} else if (s.type === 'inbound-rtp' && s.kind === 'video') {
				Object.assign(out, { width: s.frameWidth, height: s.frameHeight, fps: s.framesPerSecond, framesDecoded: s.framesDecoded, videoCodec: all.get(s.codecId)?.mimeType });
			} else if (s.type === 'inbound-rtp' && s.kind === 'audio') {
				Object.assign(out, { audioLevel: s.audioLevel, audioCodec: all.get(s.codecId)?.mimeType, packetsLost: s.packetsLost });
			}
		}
		if (out.pair) {
			out.rtt = out.pair.currentRoundTripTime;
			out.local = all.get(out.pair.localCandidateId);
			out.remote = all.get(out.pair.remoteCandidateId);
		}
		return out;
	}
}
