/** What an evaluation says when its command is told to stop: what is true of it at that moment, and nothing more. */
import { expect, it, jest } from '@jest/globals';
import { temporaryDirectory } from '../local/temporary.js';
import { askedWorkplace } from './asked.js';
import { ToyBackend } from './toy-backend.js';

const MAIN = '00000000-0000-4000-8000-000000000001';

let stop: () => void = () => {};
jest.unstable_mockModule('../../src/cli/signals.js', () => ({
  onStop: (cleanup: () => void) => {
    stop = cleanup;
    return () => {};
  },
}));
const { evaluate } = await import('../../src/service/evaluate.js');

/** @returns what is said when the signal comes at that moment */
async function saidAt(moment: 'connecting' | 'evaluating' | 'answering', recordAs?: string): Promise<string> {
  const backend = new ToyBackend();
  backend.sessions.set('main', MAIN);
  const said: string[] = [];
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const { answers } = backend;
  const { workplace } = askedWorkplace(temporaryDirectory(), {
    evaluate: async (parameters, onInterim) => {
      if (moment === 'evaluating') stop();
      const answer = await answers.evaluate(parameters, onInterim);
      if (moment === 'answering') stop();
      return answer;
    },
  });
  const client = async () => {
    if (moment === 'connecting') stop();
  };
  Object.defineProperty(workplace, 'client', { value: client });
  try {
    await evaluate(workplace, { code: '1', session: MAIN, key: 'k', timeoutMs: 1, keepForLater: true, recordAs });
  } finally {
    write.mockRestore();
  }
  return said.join('');
}

it.each([
  ['connecting', undefined, /is kept and will be delivered, once;.* "stui result k".*"stui outbox drop k"/],
  ['connecting', '[redacted]', /^stui: nothing was sent\n$/],
  ['evaluating', undefined, /is kept and will be delivered, once/],
  ['evaluating', '[redacted]', /may have been accepted; .*"stui result k"/],
  ['answering', undefined, /the evaluation goes on; .*"stui result k"/],
  ['answering', '[redacted]', /the evaluation goes on; .*"stui result k"/],
] as const)('a signal while %s, with secrets: %s', async (moment, recordAs, text) => {
  expect(await saidAt(moment, recordAs)).toMatch(text);
});
