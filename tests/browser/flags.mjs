// flags.mjs - how every test starts Chromium, whichever library drives it.

export const chromiumFlags = [
	'--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
	'--autoplay-policy=no-user-gesture-required',
	...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/** Features that are left out. Each window loads two pages for what drops from its address bar, which nobody sees here: two CPU-seconds a
 * page of a test. */
export const leftOut = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup'];
