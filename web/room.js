// room.js - the line to the relay: docs/SIGNALING.md, from the browser's side.
//
// Comes back by itself, 0.5 s after it broke, then after twice as long, at most after 5 s. The
// secret is made once per page, so that the relay gives the same id after it was away.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

export function randomHex(digits) {
	const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
	return Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');
}

/** Events: "state" {state, wait, why}, "signal" {out, message}, and one for each type of message. */
export class Room extends EventTarget {
	constructor(room, name) {
		super();
		this.room = room;
		this.name = name;
		this.secret = randomHex(32);
		this.id = null;
		this.joined = false;
		this.closed = false;
		this.wait = FIRST_WAIT;
	}

	connect() {
		const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
		const ws = new WebSocket(`${scheme}//${location.host}/ws`, 'taut-room');
		this.ws = ws;
		this.#tell('state', { state: 'connecting' });
		ws.onopen = () => {
			this.send({ type: 'ready', name: this.name, agent: 'browser', secret: this.secret, rooms: [this.room] });
		};
		// Of an older connection nothing counts: it must not bring up a third one.
		ws.onmessage = e => ws === this.ws && this.#hear(e.data);
		ws.onclose = e => ws === this.ws && this.#lost(e);
	}

	/** False: not connected, and nothing was sent. */
	send(message) {
		if (this.ws?.readyState !== WebSocket.OPEN)
			return false;
		const full = message.type === 'ready' ? message : { room: this.room, ...message };
		this.ws.send(JSON.stringify(full));
		this.#tell('signal', { out: true, message: full });
		return true;
	}

	leave() {
		this.closed = true;
		clearTimeout(this.timer);
		this.send({ type: 'leave' });
		this.ws?.close(1000);
		this.joined = false;
	}

	/** Try again now: the page came back to the front, or somebody pressed the button. */
	retry() {
		if (this.closed || !this.ws || this.ws.readyState <= WebSocket.OPEN)
			return;
		clearTimeout(this.timer);
		this.connect();
	}

	#hear(text) {
		let message;
		try {
			message = JSON.parse(text);
		} catch {
			return;
		}
		this.#tell('signal', { out: false, message });
		if (message.type === 'joined') {
			this.joined = true;
			this.wait = FIRST_WAIT;
			this.id = message.id;
			this.#tell('state', { state: 'joined' });
		}
		this.#tell(message.type, message);
		if (message.type === 'joined')
			this.send({ type: 'user_here' });
	}

	#lost(event) {
		this.joined = false;
		if (this.closed)
			return;
		const wait = this.wait;
		this.wait = Math.min(2 * wait, LONGEST_WAIT);
		this.timer = setTimeout(() => this.connect(), wait);
		this.#tell('state', { state: 'lost', wait, code: event.code, why: event.reason });
	}

	#tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}
}
