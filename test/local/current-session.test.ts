/** Which session is the current one, where several terminals and scripts share a home. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type StuiPaths, stuiPaths } from '../../src/local/paths.js';
import { openLocalState } from '../../src/local/state.js';
import { type Place, placeHere, type System } from '../../src/local/terminal.js';
import { temporaryDirectory } from './temporary.js';

const session = (id: string, connection = 'local') => ({ connection, id, name: `name of ${id}` });

/** Terminals and callers of one home. Those in `over` have ended. */
class Machine {
  readonly paths: StuiPaths = stuiPaths({ STUI_HOME: temporaryDirectory() });
  readonly over = new Set<string>();
  now = new Date('2026-01-02T03:04:05.678Z');

  at(terminal: string | null, caller: string | null = `shell of ${terminal}`) {
    const place: Place = { terminal, caller, isOver: (id) => this.over.has(id) };
    const local = openLocalState(this.paths, { warn: () => {}, now: () => this.now, place: () => place });
    return local.currentSessions;
  }

  get choices(): { terminal: string | null; caller: string | null; id: string | null }[] {
    return JSON.parse(readFileSync(join(this.paths.data, 'current.json'), 'utf8')).choices;
  }
}

describe('the current session of a terminal', () => {
  it('is the one chosen there, whatever is chosen in others', async () => {
    const machine = new Machine();
    await machine.at('a').set(session('1'));
    await machine.at('b').set(session('2'));
    expect(machine.at('a').get('local')).toEqual(session('1'));
    expect(machine.at('b').get('local')).toEqual(session('2'));
    await machine.at('b').set(session('3'));
    expect(machine.at('a').get('local')).toEqual(session('1'));
  });

  it('is the one that was chosen last anywhere, until one is chosen there', async () => {
    const machine = new Machine();
    await machine.at('a').set(session('1'));
    await machine.at('b').set(session('2'));
    expect(machine.at('new').get('local')).toEqual(session('2'));
    expect(machine.at(null).get('local')).toEqual(session('2'));
  });

  it('that was used once stays, although another one is chosen elsewhere', async () => {
    const machine = new Machine();
    await machine.at('a').set(session('1'));
    await machine.at('b').settle('local');
    await machine.at('a').set(session('2'));
    expect(machine.at('b').get('local')).toEqual(session('1'));
    expect(machine.at('new').get('local')).toEqual(session('2'));
  });

  it('is another one for each connection', async () => {
    const machine = new Machine();
    await machine.at('a').set(session('1'));
    await machine.at('a').set(session('2', 'lab'));
    expect(machine.at('a').get('local')).toEqual(session('1'));
    await machine.at('a').clear('local');
    expect(machine.at('a').get('local')).toBeUndefined();
    expect(machine.at('a').get('lab')).toEqual(session('2', 'lab'));
  });

  it('that is deleted leaves the terminal without one, rather than with that of another', async () => {
    const machine = new Machine();
    await machine.at('a').set(session('1'));
    await machine.at('b').set(session('2'));
    await machine.at('c').forget('local', '1');
    expect(machine.at('a').get('local')).toBeUndefined();
    expect(machine.at('b').get('local')).toEqual(session('2'));
    await machine.at('c').forget('local', '2');
    expect(machine.at('new').get('local')).toBeUndefined();
  });

  it('is forgotten when the terminal is over, or after a month without a word', async () => {
    const machine = new Machine();
    await machine.at('a').set(session('1'));
    await machine.at('b').set(session('2'));
    machine.over.add('a');
    await machine.at('c').set(session('3'));
    expect(machine.choices.map(({ terminal }) => terminal)).toEqual(['b', 'c']);
    machine.now = new Date('2026-02-02T00:00:00Z');
    await machine.at('d').set(session('4'));
    expect(machine.choices.map(({ terminal }) => terminal)).toEqual(['d']);
  });
});

describe('a current session that changed under its caller', () => {
  it('is known as long as both are of one terminal', async () => {
    const machine = new Machine();
    await machine.at('a', 'job 1').set(session('1'));
    expect(machine.at('a', 'job 1').overtaken('local')).toBeUndefined();
    await machine.at('a', 'job 2').set(session('2'));
    expect(machine.at('a', 'job 1').get('local')).toEqual(session('2'));
    expect(machine.at('a', 'job 1').overtaken('local')).toEqual(session('1'));
    expect(machine.at('a', 'job 2').overtaken('local')).toBeUndefined();
    expect(machine.at('a', 'job 3').overtaken('local')).toBeUndefined();
    await machine.at('a', 'job 1').set(session('2'));
    expect(machine.at('a', 'job 2').overtaken('local')).toBeUndefined();
  });

  it('is known no more once its caller has settled for it', async () => {
    const machine = new Machine();
    await machine.at('a', 'job 1').set(session('1'));
    await machine.at('a', 'job 2').set(session('2'));
    await machine.at('a', 'job 1').settle('local');
    expect(machine.at('a', 'job 1').overtaken('local')).toBeUndefined();
    expect(machine.at('a', 'job 1').get('local')).toEqual(session('2'));
  });

  it('is known where no terminal can be told, too', async () => {
    const machine = new Machine();
    await machine.at(null, 'job 1').set(session('1'));
    await machine.at(null, 'job 2').set(session('2'));
    expect(machine.at(null, 'job 1').overtaken('local')).toEqual(session('1'));
    await machine.at('elsewhere').set(session('3'));
    expect(machine.at(null, 'job 2').overtaken('local')).toEqual(session('2'));
  });

  it('is not remembered for callers that have ended', async () => {
    const machine = new Machine();
    await machine.at('a', 'job 1').set(session('1'));
    await machine.at('a', 'job 2').set(session('2'));
    machine.over.add('job 1').add('job 2');
    await machine.at('a', 'job 3').set(session('3'));
    expect(machine.choices.map(({ caller }) => caller)).toEqual(['job 3']);
    machine.over.add('job 3');
    await machine.at('b').set(session('4'));
    expect(machine.at('a').get('local')).toEqual(session('3'));
  });
});

describe('the file of an earlier version', () => {
  it('says what is current everywhere, until something is chosen', async () => {
    const machine = new Machine();
    mkdirSync(machine.paths.data, { recursive: true, mode: 0o700 });
    cpSync('test/local/fixtures/current-home.json', join(machine.paths.data, 'current.json'));
    const build = { connection: 'local', id: '1f0c1a52-4f3e-4f6c-9d7e-0a5b1c2d3e4f', name: 'build-42' };
    const lab = { connection: 'lab', id: '7d9b5c1e-2a3f-4b4c-8d5e-6f7a8b9c0d1e', name: 'experiment' };
    expect(machine.at('a').get('local')).toEqual(build);
    expect(machine.at(null).get('lab')).toEqual(lab);
    await machine.at('a').set(session('1'));
    expect(machine.at('a').get('local')).toEqual(session('1'));
    expect(machine.at('b').get('lab')).toEqual(lab);
  });

  it.each([{ choices: 7 }, { choices: [{ connection: 'local' }] }])(
    'is damaged where it is none: %j',
    async (wrong) => {
      const machine = new Machine();
      await machine.at('a').set(session('1'));
      writeFileSync(join(machine.paths.data, 'current.json'), JSON.stringify({ sessions: [], ...wrong }));
      expect(() => machine.at('a').get('local')).toThrow('is damaged');
    },
  );
});

describe('a place', () => {
  const leader = { pid: 4711, startedAt: '123456-0123456789ab' };
  const system = (known: Partial<System> = {}): System => ({
    sessionLeader: () => leader,
    identityOf: (pid) => ({ pid, startedAt: '200000-0123456789ab' }),
    isGone: () => false,
    namespace: () => 'pid:[4026531836]',
    self: 5000,
    parent: 4800,
    ...known,
  });

  it('is the session of processes that a command belongs to, and the process that runs it', () => {
    const { terminal, caller } = placeHere({}, system());
    expect([terminal, caller]).toEqual([expect.stringContaining('4711'), expect.stringContaining('4800')]);
    const other = { pid: 4711, startedAt: '999999-0123456789ab' };
    expect(placeHere({}, system({ sessionLeader: () => other })).terminal).not.toBe(terminal);
    expect(placeHere({ TERM_SESSION_ID: 'x' }, system()).terminal).toBe(terminal);
  });

  it('is none where a command has a session of its own, as nobody will ever come back to it', () => {
    expect(placeHere({}, system({ self: 4711 })).terminal).toBeNull();
  });

  it('is over when its process is gone, as far as that can be told from here', () => {
    const { terminal } = placeHere({}, system());
    const seen: unknown[] = [];
    const isGone = (identity: unknown) => seen.push(identity) > 0;
    expect(placeHere({}, system()).isOver(terminal as string)).toBe(false);
    expect(placeHere({}, system({ isGone })).isOver(terminal as string)).toBe(true);
    expect(seen).toEqual([leader]);
    // Of another container, whose processes have numbers of their own.
    expect(placeHere({}, system({ isGone, namespace: () => 'pid:[7]' })).isOver(terminal as string)).toBe(false);
  });

  it('is told by what terminal programs put into the environment where the system does not tell', () => {
    const elsewhere = system({ sessionLeader: () => undefined, identityOf: (pid) => ({ pid, startedAt: null }) });
    const terminalIn = (env: Record<string, string>) => placeHere(env, elsewhere).terminal;
    expect(terminalIn({})).toBeNull();
    const first = terminalIn({ TERM_SESSION_ID: 'w0t0p0:1' });
    expect(first).not.toBeNull();
    expect(terminalIn({ TERM_SESSION_ID: 'w0t1p0:2' })).not.toBe(first);
    // Panes of tmux inherit the environment of the terminal that its server was started in.
    const pane = (id: string) =>
      terminalIn({ TERM_SESSION_ID: 'w0t0p0:1', TMUX: '/tmp/tmux-1/default,7,0', TMUX_PANE: id });
    expect(new Set([first, pane('%1'), pane('%2')]).size).toBe(3);
    expect(placeHere({}, { ...elsewhere, isGone: () => true }).isOver(first as string)).toBe(false);
  });
});
