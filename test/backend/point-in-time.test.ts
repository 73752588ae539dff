import { expect, it } from '@jest/globals';
import { withSnapshotsBehind } from '../../src/backend/point-in-time.js';
import { backend, create, entriesOf, run } from './rig.js';

it('reads on over every snapshot right behind a revision, and no further', async () => {
  const rig = backend();
  const host = await create(rig);
  await run(host, 'x := 1', 'x', 'big z');
  await host.save();
  await run(host, 'y := 2');
  const { id } = host.state;
  const entries = entriesOf(rig, id);
  for (const { seq } of entries) {
    const behind = entries.slice(seq).findIndex(({ type }) => type !== 'snapshot');
    const expected = behind === -1 ? entries.length : seq + behind;
    expect([seq, withSnapshotsBehind(rig.journal, id, seq)]).toEqual([seq, expected]);
  }
  expect(entries.map(({ type }) => type).join(' ')).toContain('output snapshot input');
  expect(entries.at(-1)?.type).toBe('snapshot');
});
