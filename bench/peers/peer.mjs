// peer.mjs - what the peers that run in Node.js share: lines in and out (see bench_peer.c), rounds.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const say = (o) => process.stdout.write(JSON.stringify(o) + '\n');
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
export const peakRss = () => process.resourceUsage().maxRSS;

export const cpuMicros = () => {
  const u = process.cpuUsage(); // of all threads
  return u.user + u.system;
};

export const wallMicros = () => Number(process.hrtime.bigint()) / 1000;

// Fails instead of waiting for ever.
export const within = (ms, what, promise) =>
  Promise.race([promise, sleep(ms).then(() => Promise.reject(new Error(`${what}: not in ${ms / 1000} s`)))]);

// work(n) does n packets and resolves to what only it knows: { packets, bytes, lost }.
export const timed = async (work, n) => {
  const cpu = cpuMicros();
  const wall = wallMicros();
  const did = await work(n);
  return { cpu_us: cpuMicros() - cpu, wall_us: wallMicros() - wall, rss_kb: peakRss(), lost: 0, ...did };
};

// A first round that nobody measures: until JavaScript is compiled and the window of SCTP is open.
export const warm = async (run, n) => {
  await run(n);
  return run;
};

const rank = (sorted, part) => sorted[Math.floor(sorted.length * part)];

// Pairs one after the other, at most 100 and 8 s; up to the open channel is measured, and closing is not.
export const setUps = async (newPair, n) => {
  const out = { packets: 0, bytes: 0, cpu_us: 0, wall_us: 0, lost: 0, whole: true };
  const ms = [];
  for (; out.packets < Math.min(n, 100) && out.wall_us < 8e6; out.packets++) {
    const cpu = cpuMicros();
    const wall = wallMicros();
    const pair = await newPair();
    ms.push((wallMicros() - wall) / 1000);
    out.cpu_us += cpuMicros() - cpu;
    out.wall_us += wallMicros() - wall;
    pair.close();
    await sleep(5);
  }
  ms.sort((a, b) => a - b);
  return { ...out, rss_kb: peakRss(), more: { p50_ms: rank(ms, 0.5), p99_ms: rank(ms, 0.99) } };
};

const rssKb = () => {
  globalThis.gc?.(); // what is garbage is not memory of a connection
  return (Number(readFileSync('/proc/self/statm', 'latin1').split(' ')[1]) * 4096) / 1024;
};

// Fifty pairs that say nothing: memory of a connection now, CPU of ten seconds in each round.
export const openIdle = async (newPair) => {
  const pairs = 50;
  const kept = [await newPair()]; // what is made once is made
  const before = rssKb();
  while (kept.length <= pairs) kept.push(...(await Promise.all(Array.from({ length: 5 }, newPair))));
  await sleep(1000);
  const kb = (rssKb() - before) / (2 * pairs);
  return async () => ({
    ...(await timed(() => sleep(10000), 0)),
    packets: 2 * kept.length * 10,
    bytes: 0,
    whole: true,
    more: { kb_per_connection: kb },
  });
};

// ---- messages between two processes ----
// An end: { hear(what) takes what the other one told, channel: a promise of { send(message), room() resolves when there
// is some, onMessage(heard) } }, made by newEnd(offers, tell).

export const channelCases = (processes) =>
  processes.flatMap((words) => ['16 KiB messages', '64 KiB messages'].map((of) => ({ bench: 'datachannel', profile: of + words, burst: 0 })));

/** The child: says what it took when as many messages as expected have come. */
const receive = async (newEnd) => {
  const end = newEnd(false, (told) => process.send({ told }));
  let got = 0;
  let all = Infinity;
  let cpu = 0;
  const done = () => got >= all && (process.send({ cpu_us: cpuMicros() - cpu, rss_kb: peakRss() }), (all = Infinity));
  process.on('message', ({ told, expect }) => {
    if (told) return end.hear(told);
    cpu = cpuMicros();
    [got, all] = [0, expect];
    process.send({ expects: true });
  });
  process.on('disconnect', () => process.exit(0));
  const channel = await end.channel;
  channel.onMessage(() => (got++, done()));
  process.send({ open: true });
};

/** This process sends, its child receives; CPU and memory are those of both. */
export const openTwo = async (newEnd, size) => {
  const child = fork(process.argv[1], ['--receive'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: process.execArgv });
  const end = newEnd(true, (told) => child.send({ told }));
  const answers = [];
  let wake = () => {};
  child.on('message', (m) => {
    if (m.told) return end.hear(m.told);
    answers.push(m);
    wake();
  });
  const answer = async () => {
    while (!answers.length) await new Promise((done) => (wake = done));
    return answers.shift();
  };
  await within(20000, 'an open data channel', answer());
  const channel = await end.channel;
  const message = Buffer.alloc(size);
  return (n) =>
    timed(async () => {
      child.send({ expect: n });
      await answer();
      for (let i = 0; i < n; i++) {
        await channel.room();
        channel.send(message);
      }
      return { packets: n, bytes: n * size, child: await answer() };
    }, n).then(({ child: other, ...own }) => ({ ...own, cpu_us: own.cpu_us + other.cpu_us, rss_kb: own.rss_kb + other.rss_kb }));
};

// The program: cases are what it can do, open(bench, profile, burst) sets one up and gives its rounds.
// newEnd: as above, for a child that receives.
export const serve = async (subject, version, cases, open, newEnd) => {
  const [bench, profile, burst] = process.argv.slice(2);
  if (bench === '--receive') return receive(newEnd);
  if (bench === '--cases') {
    say({ subject, version });
    cases.forEach(say);
    process.exit(0);
  }
  if (!burst) {
    process.stderr.write('usage: --cases | BENCH PROFILE BURST; ./dev bench --peers starts it\n');
    process.exit(2);
  }
  try {
    const run = await within(100000, 'set-up', open(bench, profile, Number(burst)));
    say({ ready: true });
    for await (const line of createInterface({ input: process.stdin }))
      say(await run(Number(line.slice('run '.length))));
  } catch (e) {
    say({ left_out: String(e.message ?? e) });
  }
  process.exit(0);
};
