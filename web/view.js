// view.js - what is seen. Names, chat, descriptions and errors come from strangers: they reach
// the page by textContent only.

const LONGEST = 32768; // characters of one entry; hundreds of them are kept

export const $ = id => document.getElementById(id);

/** An element with classes, text and children. */
export function el(tag, className = '', text = null, ...children) {
	const e = document.createElement(tag);
	if (className)
		e.className = className;
	if (text !== null)
		e.textContent = text;
	e.append(...children);
	return e;
}

export function status(kind, text) {
	const s = $('status');
	if (s.textContent !== text)
		s.textContent = text;
	s.dataset.kind = kind;
}

/** A message in words, with what can be done about it: [label, action] each. key: one at a time. */
export function notice(key, kind, text, { code = null, lines = [], actions = [], seconds = 0 } = {}) {
	clearNotice(key);
	const p = el('p', '', text), n = el('div', 'notice', null, p);
	p.append(...lines.map(line => el('span', 'line', line)));
	n.dataset.key = key;
	n.dataset.kind = kind;
	if (code)
		p.append(el('code', '', code));
	for (const [label, action] of [...actions, ['Dismiss', () => {}]]) {
		const b = el('button', label === 'Dismiss' ? 'quiet' : '', label);
		b.type = 'button';
		b.onclick = () => {
			n.remove();
			action();
		};
		n.append(b);
	}
	$('notices').append(n);
	if (seconds)
		setTimeout(() => n.remove(), 1000 * seconds);
}

export function clearNotice(key) {
	for (const n of [...$('notices').children])
		if (n.dataset.key === key)
			n.remove();
}

// ---- tiles ----

/** A picture with a name and a state under it. */
export function tile(name, { mine = false } = {}) {
	const video = el('video'), who = el('span', 'tag', name), state = el('span', 'tag'), hear = el('button', '', 'Click to hear');
	video.autoplay = video.playsInline = true;
	video.muted = mine;
	const blank = el('div', 'blank', [...name.trim()][0] ?? '?');
	const root = el('figure', mine ? 'tile me' : 'tile', null, blank, video, el('figcaption', 'caption', null, who, state), hear);
	hear.type = 'button';
	hear.hidden = state.hidden = true;
	hear.onclick = () => {
		hear.hidden = true;
		video.muted = false;
		video.play();
	};
	return {
		root,
		video,
		name: text => {
			who.textContent = text;
			blank.textContent = [...text.trim()][0] ?? '?';
		},
		state(kind, text) {
			state.hidden = !text;
			state.dataset.kind = kind;
			state.textContent = text;
		},
		show(stream) {
			if (video.srcObject !== stream)
				video.srcObject = stream;
			const live = stream?.getVideoTracks().some(t => t.readyState === 'live' && !t.muted);
			video.style.visibility = live ? '' : 'hidden';
			if (!stream)
				return;
			video.play().catch(error => {
				if (error.name !== 'NotAllowedError' || mine)
					return;
				video.muted = true; // no sound before a click on the page
				hear.hidden = false;
				video.play().catch(() => {});
			});
		},
	};
}

export function waiting(link, copy) {
	const input = el('input'), button = el('button', 'primary', 'Copy link');
	input.readOnly = true;
	input.value = link;
	input.setAttribute('aria-label', 'Link to this room');
	input.onfocus = () => input.select();
	button.type = 'button';
	button.onclick = copy;
	const root = el('div', 'waiting', null, el('b', '', 'Nobody else is here yet'), el('span', '', 'Send this link to whom you want to meet:'), input, button);
	root.id = 'waiting';
	return root;
}

// ---- chat ----

export function chatLine(author, said, { mine = false, via = 'direct', to = null } = {}) {
	const text = said.length > LONGEST ? `${said.slice(0, LONGEST)} …` : said;
	const time = new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
	const how = via === 'relay' ? 'by relay' : 'direct';
	const li = el('li', mine ? 'mine' : '', null, el('span', 'who', `${author} · ${time} · ${to ?? how}`), el('span', 'text', text));
	addLine(li);
}

export function chatEvent(text) {
	addLine(el('li', 'event', text));
}

function addLine(li) {
	const list = $('chat'), atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
	list.append(li);
	while (list.children.length > 500)
		list.firstChild.remove();
	if (atEnd)
		list.scrollTop = list.scrollHeight;
	if ($('panel-chat').hidden)
		$('tab-chat').dataset.unread = '';
}

// ---- signaling log ----

function summary(m, nameOf) {
	const kind = m.description ? `${m.type} ${m.description.type}` : m.type === 'candidate' && !m.candidate ? 'candidate end' : m.type;
	const who = m.from ?? m.to;
	const rest = m.candidate ? ` ${m.candidate.candidate.split(' ').slice(4, 8).join(' ')}` : m.code ? ` ${m.code}` : m.text ? ` ${m.text}` : '';
	return `${kind}${who ? ` · ${m.name ?? nameOf(who)}` : ''}${rest}`;
}

export function logLine(out, message, nameOf) {
	const time = new Date().toISOString().slice(11, 23);
	const shown = message.secret ? { ...message, secret: '…' } : message;
	// Whoever reads the password of ICE over a shoulder could take the call over.
	const whole = message.description ? message.description.sdp.replace(/^(a=ice-pwd:).*/gm, '$1…') : JSON.stringify(shown, null, 2);
	const body = whole.length > LONGEST ? `${whole.slice(0, LONGEST)} …` : whole;
	const details = el('details', '', null, el('summary', '', `${time} ${out ? '→' : '←'} ${summary(message, nameOf)}`));
	details.ontoggle = () => { // long texts only when they are looked at
		if (details.open && details.children.length === 1)
			details.append(el('pre', '', body));
	};
	$('log').append(el('li', out ? 'out' : 'in', null, details));
	while ($('log').children.length > 500)
		$('log').firstChild.remove();
}

// ---- connections ----

export function stateCard() {
	const title = el('h3'), list = el('dl'), root = el('div', 'peer', null, title, list);
	return {
		root,
		set(name, rows) {
			title.textContent = name;
			list.replaceChildren(...rows.filter(r => r[1]).flatMap(([k, v]) => [el('dt', '', k), el('dd', '', v)]));
		},
	};
}

// ---- tabs ----

export function tabs() {
	const all = [...document.querySelectorAll('[role=tab]')];
	const pick = tab => {
		for (const t of all) {
			t.setAttribute('aria-selected', t === tab);
			t.tabIndex = t === tab ? 0 : -1;
			$(t.getAttribute('aria-controls')).hidden = t !== tab;
		}
		delete tab.dataset.unread;
	};
	all.forEach((t, i) => {
		t.onclick = () => pick(t);
		t.onkeydown = e => {
			const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
			if (!step)
				return;
			const next = all[(i + step + all.length) % all.length];
			next.focus();
			pick(next);
		};
	});
}
