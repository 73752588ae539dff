/** `wait`: what a pipeline says instead of sleeping. */
import { describe, expect, it } from '@jest/globals';
import { startStui, stui, temporaryHome } from './stui.js';
import { until } from './until.js';

describe('wait backend', () => {
  it('ends when the backend answers, and with --for stopped when it does so no more', async () => {
    const home = temporaryHome();
    const forStart = startStui(home, {}, 'wait', 'backend');
    await stui(home, 'session', 'create', 'demo');
    expect((await forStart.ended).code).toBe(0);
    const forEnd = startStui(home, {}, 'wait', 'backend', '--for', 'stopped');
    await stui(home, 'backend', 'stop');
    expect((await forEnd.ended).code).toBe(0);
  });

  it('ends with 6 when its time is over, with 5 when the backend must exist and does not, and starts none', async () => {
    const home = temporaryHome();
    expect((await stui(home, 'wait', 'backend', '--timeout', '300ms')).code).toBe(6);
    expect((await stui(home, 'wait', 'backend', '--must-exist')).code).toBe(5);
    expect((await stui(home, 'backend', 'status')).code).toBe(5);
  });
});

describe('wait session', () => {
  it('ends when everything accepted has its outcome', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    const evaluation = startStui(home, {}, 'eval', '[true] whileTrue', '--timeout', '2s');
    await until(
      'the evaluation to be accepted',
      async () => (await stui(home, 'status', '--json')).json.session.pending === 1,
    );
    expect((await stui(home, 'wait', 'session', 'demo', '--timeout', '200ms')).code).toBe(6);
    const { code, json } = await stui(home, 'wait', 'session', 'demo', '--json');
    expect({ code, pending: json.pending, evaluations: json.evaluations }).toEqual({
      code: 0,
      pending: 0,
      evaluations: 1,
    });
    expect((await evaluation.ended).code).toBe(6);
  });

  it('waits for a session that is not there yet, unless it must exist', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'other');
    expect((await stui(home, 'wait', 'session', 'demo', '--must-exist')).code).toBe(3);
    const waiting = startStui(home, {}, 'wait', 'session', 'demo', '--for', 'open', '--json');
    await stui(home, 'session', 'create', 'demo');
    const { code, json } = await waiting.ended;
    expect({ code, name: json.name }).toEqual({ code: 0, name: 'demo' });
  });
});
