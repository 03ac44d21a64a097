// source.js - what we send: the camera, or a test card and a tone that need no permission.
//
// The card is the one of libtaut-media (include/taut/media.h describes it), so that a program at
// the other end can read its counter; the beep and the flash start with each second.

const WIDTH = 640;
const HEIGHT = 480;
const FPS = 30;
const BARS = ['#bfbfbf', '#bfbf00', '#00bfbf', '#00bf00', '#bf00bf', '#bf0000', '#0000bf', '#000000'];

/** In words, what to do about a camera that is not there. */
export function explain(error) {
	switch (error.name) {
	case 'InsecureAddress':
		return `This address (${location.origin}) is not secure, so the browser offers no camera. Open the page on localhost, or start the relay with --tls and open its https address. The test pattern works here, too.`;
	case 'NotAllowedError':
	case 'SecurityError':
		return 'The browser did not allow camera and microphone. Allow them for this page (the icon beside the address) and try again, or send the test pattern.';
	case 'NotFoundError':
	case 'OverconstrainedError':
		return 'This device has no camera or no microphone that could be used. You can send the test pattern instead.';
	case 'NotReadableError':
	case 'AbortError':
		return 'The camera or microphone is in use by another program, or did not start. Close that program and try again, or send the test pattern.';
	default:
		return `Camera and microphone could not be opened: ${error.message || error.name}.`;
	}
}

async function camera() {
	if (!navigator.mediaDevices?.getUserMedia)
		throw Object.assign(new Error('insecure address'), { name: 'InsecureAddress' });
	const video = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
	try {
		return await navigator.mediaDevices.getUserMedia({ audio: true, video });
	} catch (error) {
		if (error.name !== 'NotFoundError')
			throw error;
	}
	try { // one of the two is better than none
		return await navigator.mediaDevices.getUserMedia({ video });
	} catch {
		return await navigator.mediaDevices.getUserMedia({ audio: true });
	}
}

function crc8(number) {
	let crc = 0;
	for (let shift = 24; shift >= 0; shift -= 8) {
		crc ^= number >>> shift & 255;
		for (let i = 0; i < 8; i++)
			crc = crc & 128 ? (crc << 1 ^ 7) & 255 : crc << 1;
	}
	return crc;
}

function drawCard(g, number, seconds) {
	const x = n => n * WIDTH / 16, y = n => n * HEIGHT / 12;
	const box = (colour, left, top, wide, high) => {
		g.fillStyle = colour;
		g.fillRect(x(left), y(top), x(wide), y(high));
	};
	BARS.forEach((colour, i) => box(colour, 2 * i, 0, 2, 5));
	box('#000', 0, 5, 16, 4);
	box('#fff', seconds / 2 % 1 * 9, 5, 1, 1);
	box(seconds % 1 < 0.1 ? '#fff' : '#303030', 10, 5, 6, 4);
	g.fillStyle = '#fff';
	g.font = `${y(1.3)}px ui-monospace, monospace`;
	g.textBaseline = 'top';
	g.fillText(seconds.toFixed(3), x(0.5), y(6.15));
	g.fillText(String(number), x(0.5), y(7.6));
	const fixed = [1, 0, 1, 1, 0, 0, 1, 0], crc = crc8(number);
	for (let i = 0; i < 48; i++) {
		const bit = i < 32 ? number >>> (31 - i) & 1 : i < 40 ? crc >>> (39 - i) & 1 : fixed[i - 40];
		box(bit ? '#fff' : '#000', i % 16, 9 + Math.floor(i / 16), 1, 1);
	}
}

/** A second of sound, over and over: 100 ms of 1,000 Hz, then 440 Hz. */
function beeps(context) {
	const rate = context.sampleRate, buffer = context.createBuffer(1, rate, rate), data = buffer.getChannelData(0);
	for (let i = 0; i < rate; i++) {
		const t = i / rate, beep = t < 0.1;
		data[i] = (beep ? 0.5 : 0.1) * Math.sin(2 * Math.PI * (beep ? 1000 : 440) * t);
	}
	const source = context.createBufferSource();
	source.buffer = buffer;
	source.loop = true;
	return source;
}

function testPattern() {
	const canvas = document.createElement('canvas');
	canvas.width = WIDTH;
	canvas.height = HEIGHT;
	const g = canvas.getContext('2d', { alpha: false });
	const context = new AudioContext({ sampleRate: 48000 }), out = context.createMediaStreamDestination(), source = beeps(context);
	source.connect(out);
	let begun = null, number = 0;
	const begin = () => {
		if (begun !== null || context.state !== 'running')
			return;
		begun = context.currentTime + 0.05;
		source.start(begun);
	};
	context.onstatechange = begin;
	begin();
	context.resume().catch(() => {}); // without a gesture yet: the next click does it
	document.addEventListener('click', () => context.resume().catch(() => {}), { once: true });
	const draw = () => {
		const seconds = begun === null ? performance.now() / 1000 : Math.max(0, context.currentTime - begun);
		drawCard(g, number++, seconds);
	};
	draw();
	const timer = setInterval(draw, 1000 / FPS);
	const stream = canvas.captureStream(FPS);
	stream.addTrack(out.stream.getAudioTracks()[0]);
	return {
		stream,
		stop() {
			clearInterval(timer);
			stream.getTracks().forEach(t => t.stop());
			context.close();
		},
	};
}

/** kind: camera, test, none or data. {stream, stop()}; stream is null when nothing is sent. */
export async function openSource(kind) {
	if (kind === 'test')
		return testPattern();
	if (kind !== 'camera')
		return { stream: null, stop() {} };
	const stream = await camera();
	return { stream, stop: () => stream.getTracks().forEach(t => t.stop()) };
}
