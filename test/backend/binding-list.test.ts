import { describe, expect, it } from '@jest/globals';
import { bindingList } from '../../src/backend/binding-list.js';
import { backend, create, run } from './rig.js';

const value = (name: string, unsavedReason?: string) => ({
  name,
  class: 'Toy',
  printString: '1',
  ...(unsavedReason === undefined ? {} : { unsavedReason }),
});

describe('a binding that the journal does not name', () => {
  it('is lost because it is not saved yet, or because it cannot be, with the reason of the engine', async () => {
    const { state } = await create(backend());
    expect(bindingList(state, [value('a'), value('b', 'is a BlockClosure')])).toMatchObject([
      { name: 'a', fidelity: 'lost', reason: 'not saved yet' },
      { name: 'b', fidelity: 'lost', reason: 'cannot be saved: it is a BlockClosure' },
    ]);
  });
});

describe('a binding that the journal names', () => {
  it('has the reason of the journal, and that of the engine only where the journal has none', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1', 'block b');
    expect(bindingList(host.state, [value('x', 'is a Promise'), value('b', 'is something else')])).toMatchObject([
      { name: 'b', fidelity: 'lost', reason: 'cannot be saved: it is a block' },
      { name: 'x', fidelity: 'snapshot', reason: expect.stringContaining('saved at revision') },
    ]);
  });

  it('is listed without a value where no engine has it', async () => {
    const host = await create(backend());
    await run(host, 'x := 1');
    expect(bindingList(host.state, [])).toMatchObject([
      { name: 'x', class: null, printString: null, size: null, fidelity: 'snapshot' },
    ]);
  });
});
