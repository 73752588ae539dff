/** Sessions on a machine whose clock went back: time says nothing of order, and nobody is to lose anything for it. */
import { describe, expect, it } from '@jest/globals';
import { backend, Clock, create, entriesOf, handlersOf, run, successor } from './rig.js';

const HOUR_MS = 3_600_000;
const at = (hours: number) => new Date(Date.parse('2026-01-01T00:00:00.000Z') + hours * HOUR_MS).toISOString();

/** Evaluates `x := n` at the hours given, in this order. */
async function worked(...hours: readonly number[]) {
  const clock = new Clock();
  const rig = backend({ clock });
  const host = await create(rig);
  for (const [index, hour] of hours.entries()) {
    clock.wallMs = hour * HOUR_MS;
    await run(host, `x := ${index}`);
  }
  const inputs = entriesOf(rig, host.state.id).filter(({ type }) => type === 'input');
  return { rig, host, seqs: inputs.map(({ seq }) => seq), handlers: handlersOf(rig) };
}

describe('a history since a time', () => {
  it.each<[string, number[], string[]]>([
    ['went back', [5, 6, 1, 7], ['x := 0', 'x := 1', 'x := 3']],
    ['was right all the time', [1, 2, 5, 6], ['x := 2', 'x := 3']],
    ['was ahead for a while', [1, 900, 5, 6], ['x := 1', 'x := 2', 'x := 3']],
  ])('has all that is not older where the clock %s', async (_, hours, codes) => {
    const { host, handlers } = await worked(...hours);
    const found = await handlers.read_history({ session_id: host.state.id, since: at(5) }, () => {});
    expect(found.evaluations.map(({ code }) => code)).toEqual(codes);
    expect(found.more).toBe(false);
  });

  it('has all of them also after the state was read from its checkpoint', async () => {
    const { rig, host } = await worked(5, 1, ...Array.from({ length: 120 }, () => 7));
    const handlers = handlersOf(await successor(rig));
    const found = await handlers.read_history({ session_id: host.state.id, since: at(4), limit: 500 }, () => {});
    expect(found.evaluations).toHaveLength(121);
  });
});

describe('a time to go back to', () => {
  it('is a revision where there is one only, and else is to be named as one', async () => {
    const { host, handlers, seqs } = await worked(2, 4, 1, 6);
    const plan = (hours: number) =>
      handlers.restore_session({ session_id: host.state.id, plan: true, at_time: at(hours) }, () => {});
    expect((await plan(7)).report.at).toBe(host.state.revision);
    expect((await plan(5)).report.at).toBe((seqs[3] as number) - 1);
    const between = { before: (seqs[1] as number) - 1, after: (seqs[3] as number) - 1 };
    await expect(plan(3)).rejects.toMatchObject({
      type: 'InvalidParameters',
      message: expect.stringContaining(`revision ${between.before} or ${between.after}; name one`),
      details: { revisions: [between.before, between.after] },
    });
    await expect(plan(-1)).rejects.toThrow('it was not there at');
  });
});

describe('a prune by age', () => {
  it('goes by the latest time that somebody worked in a session', async () => {
    const { rig, host } = await worked(1000, 1);
    await host.close('requested', 'tester');
    rig.clock.wallMs = 1002 * HOUR_MS;
    // While a backend runs it counts for itself; one that starts has nothing but what is written.
    const { registry } = await successor(rig);
    const prunable = (olderThanMs: number) =>
      registry
        .prunable({ client: 'tester', orphaned: false, expired: false, olderThanMs })
        .map(({ state }) => state.id);
    expect(prunable(3 * HOUR_MS)).toEqual([]);
    expect(prunable(HOUR_MS)).toEqual([host.state.id]);
  });
});
