/** Ends that are asked for, ends that are not, and two backends on one journal. */
import { expect, it } from '@jest/globals';
import { childrenOf, killAtOnce, processesNaming, whenGone } from '../e2e/processes.js';
import { backendPid, type Json, startStui, stui, temporaryHome } from '../e2e/stui.js';
import { until } from '../e2e/until.js';
import { expectOncePerKey, readVerified } from './audit.js';
import { BackendLife, readLog, Wire } from './wire.js';

/** Two seconds of work: long enough for a signal to arrive in the middle, far from the deadline of a stopping backend. */
const WORK = "end := Date now time + 2000. [Date now time < end] whileTrue. 'done'";

async function begin() {
  const home = temporaryHome();
  const backend = await BackendLife.begin(home);
  const wire = new Wire(backend.endpoint);
  const { session_id: session } = await wire.result('create_session', { client_id: 'test', name: 'demo' });
  await wire.result('evaluate', { session_id: session, code: 'n := 0', key: 'start' });
  const whenBusy = () =>
    until('the evaluation to run', async () => {
      const info = await wire.result('get_session_info', { session_id: session });
      return info.session.engineState === 'busy';
    });
  return { home, backend, wire, session, whenBusy };
}

it('SIGTERM lets the running evaluation finish and answers it; what is queued runs once when a backend is back', async () => {
  const { home, backend, wire, session, whenBusy } = await begin();
  const running = wire.ask('evaluate', { session_id: session, code: WORK, key: 'running' });
  await whenBusy();
  const queued = Array.from({ length: 5 }, (_, index) =>
    wire.ask('evaluate', { session_id: session, code: 'n := n + 1', key: `queued-${index}` }),
  );
  await until('all to be accepted', async () => {
    const info = await wire.result('get_session_info', { session_id: session });
    return info.session.pending === 6;
  });
  backend.signal('SIGTERM');
  expect(await running).toMatchObject({ status: 'success', result: { result: "'done'", has_error: false } });
  for (const reply of await Promise.all(queued)) expect(reply).toMatchObject({ error_type: 'ShuttingDown' });
  expect(await backend.ended).toBe(0);

  await BackendLife.begin(home);
  const keys = queued.map((_, index) => `queued-${index}`);
  const values = keys.map(async (key) => {
    const { evaluation } = await wire.result('get_result', { key, wait_ms: 30_000 });
    return evaluation.printString;
  });
  expect(await Promise.all(values)).toEqual(['1', '2', '3', '4', '5']);
  expectOncePerKey(await readVerified(wire, session), new Map());
});

it('SIGTERM interrupts an evaluation that does not finish within the deadline, and keeps its state', async () => {
  const { home, backend, wire, session, whenBusy } = await begin();
  const endless = wire.ask('evaluate', {
    session_id: session,
    code: 'n := 7. [true] whileTrue',
    timeout_ms: 86_400_000,
  });
  await whenBusy();
  backend.signal('SIGTERM');
  expect(await endless).toMatchObject({ result: { evaluation: { outcome: 'interrupted' } } });
  expect(await backend.ended).toBe(0);
  await BackendLife.begin(home);
  expect(await wire.result('evaluate', { session_id: session, code: 'n' })).toMatchObject({ result: '7' });
});

it('SIGTERM refuses new work with a reason, and answers pings to the end', async () => {
  const { backend, wire, session, whenBusy } = await begin();
  const running = wire.ask('evaluate', { session_id: session, code: WORK });
  await whenBusy();
  backend.signal('SIGTERM');
  await until(
    'the backend to say that it is stopping',
    async () => (await wire.result('ping', {})).status === 'stopping',
  );
  expect(await wire.ask('evaluate', { session_id: session, code: '3' })).toMatchObject({ error_type: 'ShuttingDown' });
  expect(await wire.ask('restore_session', { session_id: session })).toMatchObject({ error_type: 'ShuttingDown' });
  expect(await running).toMatchObject({ status: 'success' });
});

it('an evaluation that ran when the backend died is unknown, and those behind it run once', async () => {
  const { home, backend, wire, session, whenBusy } = await begin();
  void wire.ask('evaluate', { session_id: session, code: 'n := 99. [true] whileTrue', key: 'running' });
  await whenBusy();
  for (const key of ['a', 'b']) void wire.ask('evaluate', { session_id: session, code: 'n := n + 1', key });
  await until('both to be accepted', async () => {
    const info = await wire.result('get_session_info', { session_id: session });
    return info.session.pending === 3;
  });
  await killAtOnce([backend.pid, ...childrenOf(backend.pid)]);
  await BackendLife.begin(home);
  const answer = async (key: string): Promise<Json> =>
    (await wire.result('get_result', { key, wait_ms: 30_000 })).evaluation;
  expect(await answer('running')).toMatchObject({ outcome: 'unknown', error: { class: 'BackendDied' } });
  expect(await answer('a')).toMatchObject({ outcome: 'value', printString: '1' });
  expect(await answer('b')).toMatchObject({ outcome: 'value', printString: '2' });
});

it('when every process is killed at once, the next command says of the evaluation that it is unknown', async () => {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'demo');
  await stui(home, 'eval', 'n := 5');
  const evaluation = startStui(home, {}, 'eval', 'n := 6. [true] whileTrue', '--key', 'lost');
  await until(
    'the evaluation to run',
    async () => (await stui(home, 'status', '--json')).json.session.engineState === 'busy',
  );
  const pid = backendPid(home);
  await killAtOnce([evaluation.child.pid as number, pid, ...childrenOf(pid)]);
  expect((await stui(home, 'result', 'lost')).code).toBe(11);
  expect((await stui(home, 'eval', 'n')).stdout).toBe('5\n');
  expect((await stui(home, 'history', '--json')).json.evaluations).toHaveLength(3);
});

it.each([
  ['starts the next one', async () => {}],
  ['finds the next one started by another command', (home: string) => stui(home, 'session', 'list')],
])('a command whose backend dies %s, and gets its answer there under the same key', async (_, meanwhile) => {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'demo');
  await stui(home, 'eval', 'n := 5');
  const evaluation = startStui(home, {}, 'eval', 'n := 6. [true] whileTrue', '--key', 'lost', '--json');
  await until(
    'the evaluation to run',
    async () => (await stui(home, 'status', '--json')).json.session.engineState === 'busy',
  );
  const pid = backendPid(home);
  await killAtOnce([pid, ...childrenOf(pid)]);
  await meanwhile(home);
  const { code, json } = await evaluation.ended;
  expect({ code, outcome: json.outcome, fromJournal: json.fromJournal }).toEqual({
    code: 11,
    outcome: 'unknown',
    fromJournal: true,
  });
});

it('an engine that evaluates when its backend is killed does not go on for ever', async () => {
  const { backend, wire, session, whenBusy } = await begin();
  void wire.ask('evaluate', { session_id: session, code: '[true] whileTrue', timeout_ms: 2_000 });
  await whenBusy();
  const engines = childrenOf(backend.pid);
  await killAtOnce([backend.pid]);
  await whenGone(engines);
});

it('a second backend on the same data does not start and says why, and the first goes on', async () => {
  const { home, wire, session } = await begin();
  await expect(BackendLife.begin(home)).rejects.toThrow('is in use by another process');
  await until('the reason in the log', () => readLog(home).includes('not started: JournalLocked'));
  expect(readLog(home)).not.toContain(' at ');
  expect(await wire.result('evaluate', { session_id: session, code: 'n + 1' })).toMatchObject({ result: '1' });
});

it('backends that are started at the same moment on the same data: one serves, the others end', async () => {
  const home = temporaryHome();
  const lives = await Promise.allSettled(Array.from({ length: 5 }, () => BackendLife.begin(home)));
  expect(lives.map(({ status }) => status).sort()).toEqual(['fulfilled', ...Array(4).fill('rejected')]);
  const [serving] = lives.flatMap((life) => (life.status === 'fulfilled' ? [life.value.pid] : []));
  // With it runs its spare engine, and with the others did theirs.
  await until('the others to end', () => {
    const family = [serving, ...childrenOf(serving as number)];
    return processesNaming(home).every((pid) => family.includes(pid));
  });
});
