/** What one client may take of a backend, seen from the command line. */
import { describe, expect, it } from '@jest/globals';
import { type Ending, type Json, stui, temporaryHome } from './stui.js';

async function backendWith(home: string, ...limits: string[]): Promise<void> {
  const started = await stui(home, 'backend', 'start', '--detach', ...limits);
  if (started.code !== 0) throw new Error(started.stderr);
}

describe('the limits of a client', () => {
  it('are told by name and number, and do not touch what is there', async () => {
    const home = temporaryHome();
    await backendWith(home, '--max-sessions', '1');
    await stui(home, 'session', 'create', 'one');
    const second = await stui(home, 'session', 'create', 'two', '--json');
    expect(second.code).toBe(7);
    expect((second.json as Json).error).toMatchObject({
      code: 'limit-exceeded',
      message: expect.stringMatching(/at most 1 /),
    });
    expect((await stui(home, 'eval', '3 + 4')).stdout).toBe('7\n');
  });

  it('make evaluations that come too fast wait instead of failing', async () => {
    const home = temporaryHome();
    await backendWith(home, '--max-evaluations-per-second', '2');
    await stui(home, 'session', 'create', 'one');
    const evaluations = await Promise.all(
      Array.from({ length: 8 }, (_, index) => stui(home, 'eval', `${index} + 1`, '--json')),
    );
    expect(evaluations.map(({ code }: Ending) => code)).toEqual(Array(8).fill(0));
  });

  it('refuse more than the stored bytes allow, and keep answering', async () => {
    const home = temporaryHome();
    await backendWith(home, '--max-bytes', '2000B');
    await stui(home, 'session', 'create', 'one');
    const endings: Ending[] = [];
    for (let index = 0; index < 12; index += 1) {
      endings.push(await stui(home, 'eval', `'${'x'.repeat(300)}' size + ${index}`, '--json'));
    }
    const refused = endings.findIndex(({ code }) => code === 7);
    expect(refused).toBeGreaterThan(0);
    expect((endings[refused] as Ending).json.error.message).toMatch(/at most 2000 are kept/);
    expect((await stui(home, 'session', 'show', '--json')).code).toBe(0);
  });
});
