/** `watch`: what it tells of connections, what it brings back, and how it ends. And `status`, for the outbox. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { stuiPaths } from '../../src/local/paths.js';
import { openLocalState } from '../../src/local/state.js';
import { childrenOf, killAtOnce } from './processes.js';
import { type Json, LAUNCHER, RunningCommand, shell, startStui, stui, stuiWith, temporaryHome } from './stui.js';
import { until } from './until.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A backend behind a port, with a name, that can be killed and started again. */
class Remote {
  #pid: number | undefined;

  private constructor(
    readonly home: string,
    readonly name: string,
    readonly endpoint: string,
  ) {}

  static async named(name: string, home: string): Promise<Remote> {
    const remote = new Remote(home, name, `tcp://127.0.0.1:${await freePort()}`);
    await stui(home, 'connection', 'add', name, remote.endpoint);
    return remote;
  }

  async start(): Promise<void> {
    const { json } = await stui(this.home, 'backend', 'start', '--detach', '--endpoint', this.endpoint, '--json');
    this.#pid = json.pid;
  }

  async kill(): Promise<void> {
    const pid = this.#pid as number;
    await killAtOnce([pid, ...childrenOf(pid)]);
  }

  eval(code: string, ...flags: string[]) {
    return stui(this.home, 'eval', '-c', this.name, ...flags, '--', code);
  }

  watch(...flags: string[]): Watch {
    return new Watch(startStui(this.home, {}, 'watch', this.name, '--json', ...flags));
  }
}

class Watch {
  constructor(readonly command: RunningCommand) {}

  /** Fails when a line is not JSON. */
  get events(): Json[] {
    return this.command.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Waits for the first event after `seen` others that is as described. */
  async tells(expected: Json, seen = 0): Promise<Json> {
    return until(`an event ${JSON.stringify(expected)}`, () =>
      this.events.slice(seen).find((event) => Object.entries(expected).every(([name, value]) => event[name] === value)),
    );
  }

  async end(signal: NodeJS.Signals = 'SIGTERM') {
    this.command.child.kill(signal);
    return this.command.ended;
  }
}

async function running(): Promise<Remote> {
  const remote = await Remote.named('there', temporaryHome());
  await remote.start();
  return remote;
}

const announced = (home: string): string[] => {
  const directory = join(home, 'data', 'watches');
  return existsSync(directory) ? readdirSync(directory) : [];
};

/** A program of sh, in the home, whose name no shell would take for one word. */
function program(home: string, name: string, body: string): string {
  const path = join(home, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o700);
  return path;
}

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];

describe('watch --once', () => {
  it('ends with 0 when all answer and with 5 when one does not, and starts none', async () => {
    const { home, name } = await running();
    const good = await stui(home, 'watch', '--once', name);
    expect({ code: good.code, lines: good.stdout.trimEnd().split('\n') }).toEqual({
      code: 0,
      lines: [expect.stringMatching(/^there {2}healthy/)],
    });
    const bad = await stui(home, 'watch', '--once', name, 'local');
    expect({ code: bad.code, lines: bad.stdout.trimEnd().split('\n') }).toEqual({
      code: 5,
      lines: [expect.stringMatching(/^there {2}healthy/), expect.stringMatching(/^local {2}unreachable/)],
    });
    expect((await stui(home, 'backend', 'status')).code).toBe(5);
  });

  it('does not wait for a host that accepts connections and says nothing', async () => {
    const home = temporaryHome();
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await until('the server', () => server.listening);
    await stui(home, 'connection', 'add', 'mute', `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { code, stdout } = await stui(home, 'watch', '--once', 'mute');
    server.close();
    expect({ code, stdout }).toEqual({ code: 5, stdout: expect.stringContaining('unreachable') });
  });

  it('refuses a connection that does not exist with 3', async () => {
    expect((await stui(temporaryHome(), 'watch', '--once', 'nowhere')).code).toBe(3);
  });
});

describe('watch --until', () => {
  it('ends with 0 when the connection is so, and with 6 when its time is over', async () => {
    const remote = await Remote.named('there', temporaryHome());
    const late = await stui(remote.home, 'watch', 'there', '--until', 'healthy', '--timeout', '300ms', '--json');
    expect(late.code).toBe(6);
    expect(JSON.parse(late.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'timed-out', exitCode: 6 },
    });
    const healthy = remote.watch('--until', 'healthy');
    await remote.start();
    expect((await healthy.command.ended).code).toBe(0);
    const lost = remote.watch('--until', 'lost');
    await lost.tells({ to: 'healthy' });
    await remote.kill();
    expect((await lost.command.ended).code).toBe(0);
  });

  it('that is terminated has not reached its goal, and says so with 143', async () => {
    const remote = await Remote.named('there', temporaryHome());
    const watch = remote.watch('--until', 'healthy');
    await watch.tells({ to: 'waiting' });
    expect((await watch.end()).code).toBe(143);
    expect(announced(remote.home)).toEqual([]);
  });
});

describe('events', () => {
  it('are lines of JSON with a schema version, wall time and monotonic time', async () => {
    const remote = await running();
    const watch = remote.watch();
    await watch.tells({ to: 'healthy' });
    expect((await watch.end()).code).toBe(0);
    expect(watch.events.map(({ from, to }) => [from, to])).toEqual([
      ['idle', 'connecting'],
      ['connecting', 'healthy'],
    ]);
    for (const event of watch.events) {
      expect(event).toMatchObject({ schemaVersion: 1, connection: 'there', endpoint: remote.endpoint, outbox: 0 });
      expect(new Date(event.time).toISOString()).toBe(event.time);
    }
    const times = watch.events.map(({ monotonicMs }) => monotonicMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('are about each connection where several are watched, and one that is named twice is watched once', async () => {
    const remote = await running();
    const other = await Remote.named('other', remote.home);
    const watch = new Watch(startStui(remote.home, {}, 'watch', 'there', 'other', 'there', '--json'));
    await watch.tells({ connection: 'there', to: 'healthy' });
    await watch.tells({ connection: 'other', to: 'waiting' });
    await other.start();
    await watch.tells({ connection: 'other', to: 'healthy' });
    await watch.end();
    const healthy = watch.events.filter(({ to }) => to === 'healthy').map(({ connection }) => connection);
    expect(healthy).toEqual(['there', 'other']);
  });

  it('come for the private backend too, before its socket has a place to be', async () => {
    const home = temporaryHome();
    const watch = new Watch(startStui(home, {}, 'watch', '--json'));
    await watch.tells({ connection: 'local', to: 'waiting' });
    await stui(home, 'session', 'create', 'demo');
    await watch.tells({ to: 'healthy' });
    await stui(home, 'backend', 'stop');
    await watch.tells({ from: 'healthy', to: 'lost' });
    expect((await watch.end()).code).toBe(0);
  });
});

describe('after an outage', () => {
  it('the session is restored, the outbox delivered, and every evaluation accounted for', async () => {
    const remote = await running();
    const { home } = remote;
    await stui(home, 'session', 'create', 'demo', '-c', 'there');
    await remote.eval('n := 0');
    await remote.eval('n := n + 1', '--key', 'known');
    const endless = startStui(home, {}, 'eval', '[true] whileTrue', '-c', 'there', '--key', 'unknown');
    await until('the evaluation to run', async () => {
      const { json } = await stui(home, 'status', '-c', 'there', '--json');
      return json.session?.engineState === 'busy';
    });
    const watch = remote.watch();
    await watch.tells({ to: 'busy' });
    await remote.kill();
    endless.child.kill('SIGKILL');
    await watch.tells({ to: 'waiting' });
    const offline = async (code: string, key: string) =>
      (await remote.eval(code, '--key', key, '--offline', 'queue')).code;
    expect(await offline('n := n + 10', 'late')).toBe(10);
    expect(await offline('n := n + 1', 'known')).toBe(10);
    expect(await offline('[true] whileTrue', 'unknown')).toBe(10);
    const status = await stui(home, 'status', '-c', 'there', '--json');
    expect(status.json).toMatchObject({ backend: 'unreachable', outbox: 3 });
    expect((await stui(home, 'status', '-c', 'there', '--format', '{outbox}')).stdout).toBe('3\n');
    expect((await stui(home, 'status', '-c', 'there')).stdout).toContain('3 in the outbox');

    await remote.start();
    const outage = await watch.tells({ type: 'outage' });
    expect(outage).toMatchObject({
      schemaVersion: 1,
      deliveredLate: 1,
      answeredFromJournal: 2,
      unknown: 1,
      refused: 0,
      lost: 0,
      complete: true,
      sessions: [{ name: 'demo', bindings: 1, lost: [] }],
    });
    expect(outage.durationMs).toBeGreaterThan(0);
    expect(outage.attempts).toBeGreaterThan(0);
    await watch.tells({ from: 'restoring', to: 'healthy' });
    await watch.end();
    expect((await remote.eval('n')).stdout).toBe('11\n');
    expect((await stui(home, 'status', '-c', 'there', '--json')).json.outbox).toBe(0);
  });

  it('what was left in the outbox before the watch began is delivered when it reaches the backend, and told', async () => {
    const remote = await running();
    await stui(remote.home, 'session', 'create', 'demo', '-c', 'there');
    await remote.kill();
    expect((await remote.eval('7', '--key', 'early', '--offline', 'queue')).code).toBe(10);
    const watch = remote.watch();
    await watch.tells({ to: 'waiting', outbox: 1 });
    await remote.start();
    expect(await watch.tells({ type: 'delivery' })).toMatchObject({ deliveredLate: 1, lost: 0 });
    await watch.end();
    await until('the value', async () => (await stui(remote.home, 'result', 'early', '-c', 'there')).stdout === '7\n');
  });

  it('two watches bring everything back once, and neither says that something was lost', async () => {
    const remote = await running();
    await stui(remote.home, 'session', 'create', 'demo', '-c', 'there');
    await remote.eval('n := 0');
    const watches = [remote.watch(), remote.watch()];
    for (const watch of watches) await watch.tells({ to: 'healthy' });
    await remote.kill();
    for (const watch of watches) await watch.tells({ to: 'waiting' });
    for (const key of ['a', 'b', 'c']) await remote.eval('n := n + 1', '--key', key, '--offline', 'queue');
    await remote.start();
    const outages = await Promise.all(watches.map((watch) => watch.tells({ type: 'outage' })));
    expect(outages.map(({ lost, refused }) => ({ lost, refused }))).toEqual(Array(2).fill({ lost: 0, refused: 0 }));
    expect((await remote.eval('n')).stdout).toBe('3\n');
  });
});

describe('an attempt on demand', () => {
  /** Left to itself, the link tries again in an hour. */
  async function patient(): Promise<{ remote: Remote; watch: Watch }> {
    const remote = await Remote.named('there', temporaryHome());
    await stui(remote.home, 'config', 'set', 'reconnectFloor', '1h');
    const watch = remote.watch();
    const { retryInMs } = await watch.tells({ to: 'waiting' });
    expect(retryInMs).toBeGreaterThan(3_500_000);
    return { remote, watch };
  }

  it('comes at once with SIGUSR1', async () => {
    const { remote, watch } = await patient();
    await remote.start();
    watch.command.child.kill('SIGUSR1');
    await watch.tells({ to: 'healthy' });
  });

  it('comes at once with "watch --now" from elsewhere', async () => {
    const { remote, watch } = await patient();
    await remote.start();
    const { code, stdout } = await stui(remote.home, 'watch', '--now', '--json');
    expect({ code, asked: JSON.parse(stdout).asked }).toEqual({ code: 0, asked: [watch.command.child.pid] });
    await watch.tells({ to: 'healthy' });
  });

  it('has nobody to ask where no watch runs, and says so with 3, also after one was killed', async () => {
    const home = temporaryHome();
    expect((await stui(home, 'watch', '--now')).code).toBe(3);
    const watch = new Watch(startStui(home, {}, 'watch', '--json'));
    await watch.tells({ to: 'waiting' });
    expect(announced(home)).toEqual([String(watch.command.child.pid)]);
    await watch.end('SIGKILL');
    expect((await stui(home, 'watch', '--now')).code).toBe(3);
    expect(announced(home)).toEqual([]);
  });
});

describe('watch --exec', () => {
  it('runs a program on each event, with the event on stdin and without a shell', async () => {
    const remote = await running();
    const told = join(remote.home, 'told');
    const path = program(remote.home, 'page someone; touch "broken" $(id)', `cat >> '${told}'`);
    const watch = remote.watch('--exec', path);
    await until('the program to have been told', () => linesOf(told).length === 2);
    await watch.end();
    expect(linesOf(told).map((line) => JSON.parse(line))).toEqual(watch.events);
    expect(readdirSync(remote.home).filter((name) => name.includes('broken'))).toEqual([
      'page someone; touch "broken" $(id)',
    ]);
  });

  it('tells the last event too, however slow the program is', async () => {
    const remote = await running();
    const told = join(remote.home, 'told');
    const path = program(remote.home, 'slow', `sleep 0.3; cat >> '${told}'`);
    expect((await remote.watch('--exec', path, '--until', 'healthy').command.ended).code).toBe(0);
    await until('the last event', () => linesOf(told).length === 2);
    expect(JSON.parse(linesOf(told)[1] ?? '')).toMatchObject({ to: 'healthy' });
  });

  it('goes on when the program does not exist or fails, and says so on stderr', async () => {
    const remote = await running();
    for (const path of [join(remote.home, 'missing'), program(remote.home, 'failing', 'exit 3')]) {
      const watch = remote.watch('--exec', path);
      await watch.tells({ to: 'healthy' });
      const { code, stderr } = await watch.end();
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(path) });
    }
  });
});

describe('watch --metrics', () => {
  const SAMPLE = /^(?:# (?:HELP|TYPE) stui_\w+ .+|stui_\w+\{connection="there"(?:,phase="\w+")?\} [-+\d.e]+)$/;

  it('keeps a file that is whole whenever one looks, and leaves the last state in it', async () => {
    const remote = await running();
    const file = join(remote.home, 'stui.prom');
    const watch = remote.watch('--metrics', file);
    await watch.tells({ to: 'healthy' });
    for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) expect(line).toMatch(SAMPLE);
    await watch.end();
    const text = readFileSync(file, 'utf8');
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(SAMPLE);
    expect(text).toContain('stui_up{connection="there"} 1\n');
    expect(readdirSync(remote.home).filter((name) => name.includes('.prom'))).toEqual(['stui.prom']);
  });

  it('serves a port on 127.0.0.1 only', async () => {
    const remote = await running();
    const port = await freePort();
    const watch = remote.watch('--metrics', String(port));
    await watch.tells({ to: 'healthy' });
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain('stui_phase{connection="there",phase="healthy"} 1\n');
    await expect(fetch(`http://127.0.0.2:${port}/metrics`)).rejects.toThrow();
    expect((await watch.end()).code).toBe(0);
  });

  it('refuses a port in use, a port that is none and a place that cannot be written to with 2', async () => {
    const home = temporaryHome();
    const server = createServer().listen(0, '127.0.0.1');
    await until('the server', () => server.listening);
    const taken = String((server.address() as AddressInfo).port);
    for (const target of [taken, '65536', join(home, 'missing', 'stui.prom')]) {
      expect((await stui(home, 'watch', '--metrics', target)).code).toBe(2);
    }
    server.close();
  });
});

describe('a watch ends', () => {
  it('with 0 at SIGTERM and with 130 at SIGINT, and is announced no more', async () => {
    const remote = await running();
    for (const [signal, code] of [
      ['SIGTERM', 0],
      ['SIGINT', 130],
    ] as const) {
      const watch = remote.watch();
      await watch.tells({ to: 'healthy' });
      expect(announced(remote.home)).toEqual([String(watch.command.child.pid)]);
      const ending = await watch.end(signal);
      expect({ code: ending.code, stderr: ending.stderr }).toEqual({ code, stderr: '' });
      expect(announced(remote.home)).toEqual([]);
    }
  });

  it('quietly with 141 when the reader of its events goes away', async () => {
    const home = temporaryHome();
    const { stdout, stderr } = await shell(home, '{ $STUI watch --json; echo "$?" >&2; } | head -1');
    expect(JSON.parse(stdout)).toMatchObject({ from: 'idle', to: 'connecting' });
    expect(stderr).toBe('141\n');
    expect(announced(home)).toEqual([]);
  });
});

describe('a reader of events that does not read', () => {
  it('holds nothing up: neither the watch, nor its end at SIGTERM', async () => {
    const home = temporaryHome();
    const { connections } = openLocalState(stuiPaths({ STUI_HOME: home }), { warn: () => {} });
    // More events than a pipe and the buffers before it hold.
    const names = Array.from({ length: 200 }, (_, number) => `connection-${'x'.repeat(40)}-${number}`);
    for (const name of names) await connections.add({ name, endpoint: 'tcp://127.0.0.1:1' });
    const port = await freePort();
    const script = `mkfifo "$STUI_HOME/fifo"
      sleep 1000 < "$STUI_HOME/fifo" > /dev/null 2>&1 &
      exec ${process.execPath} ${LAUNCHER} watch --json --metrics ${port} ${names.join(' ')} > "$STUI_HOME/fifo"`;
    const { child, ended } = new RunningCommand(home, {}, 'sh', ['-c', script]);
    await until('every connection to be tried', async () => {
      const metrics = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
      return (await metrics?.text())?.match(/phase="waiting"\} 1$/gm)?.length === names.length;
    });
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    process.kill(-(child.pid as number), 'SIGKILL');
  });
});

describe('under systemd', () => {
  it('it is ready, and says how the connections are, in order', async () => {
    const remote = await running();
    const said = join(remote.home, 'said');
    const bin = join(remote.home, 'bin');
    mkdirSync(bin);
    program(bin, 'systemd-notify', `printf '%s|' "$@" >> '${said}'; echo >> '${said}'`);
    const env = { NOTIFY_SOCKET: '/run/notify', PATH: `${bin}:${process.env['PATH']}` };
    const watch = new Watch(startStui(remote.home, { env }, 'watch', 'there', '--json'));
    await until('the status', () => linesOf(said).at(-1)?.includes('there healthy'));
    await remote.kill();
    await until('the loss', () => /there (lost|waiting)/.test(linesOf(said).at(-1) ?? ''));
    expect((await watch.end()).code).toBe(0);
    expect(linesOf(said)[0]).toMatch(/^--ready\|--status=there /);
    expect(linesOf(said).filter((line) => line.includes('--ready'))).toHaveLength(1);
  });

  it('it goes on where systemd-notify is missing, and says so once', async () => {
    const remote = await running();
    const env = { NOTIFY_SOCKET: '/run/notify', PATH: join(remote.home, 'nothing') };
    const watch = new Watch(startStui(remote.home, { env }, 'watch', 'there', '--json'));
    await watch.tells({ to: 'healthy' });
    const { code, stderr } = await watch.end();
    expect({ code, warnings: stderr.match(/systemd-notify cannot be started/g) }).toMatchObject({
      code: 0,
      warnings: { length: 1 },
    });
  });
});

// Not every system has script(1), which gives a program a terminal.
const terminal = existsSync('/usr/bin/script') ? describe : describe.skip;

terminal('on a terminal', () => {
  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('it keeps a line up to date, and gives the cursor back at %s', async (signal, code) => {
    const remote = await running();
    const seen = join(remote.home, 'seen');
    const env = { TERM: 'xterm', SHELL: '/bin/sh' };
    const command = `stty rows 24 cols 120; exec ${process.execPath} ${LAUNCHER} watch there`;
    const recording = new RunningCommand(remote.home, { env }, 'script', ['-qfec', command, seen]);
    const screen = () => (existsSync(seen) ? readFileSync(seen, 'utf8') : '');
    await until('the line', () => screen().includes('healthy'));
    await remote.kill();
    await until('the countdown', () => /waiting.*attempt.*next in/.test(screen()));
    process.kill(Number(announced(remote.home)[0]), signal);
    expect((await recording.ended).code).toBe(code);
    expect(screen().lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen().lastIndexOf('\u001b[?25l'));
  });
});

it('unknown flags are refused, although a watch takes any number of names', async () => {
  const { code, stderr } = await stuiWith(temporaryHome(), {}, 'watch', '--jsno');
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--jsno') });
});
