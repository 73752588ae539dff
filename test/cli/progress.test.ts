import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { runSteps } from '../../src/cli/progress.js';

const TWO_STEPS = [
  {
    title: 'First',
    task: async (context: { done: string[] }, setOutput: (line: string) => void) => {
      setOutput('halfway');
      context.done.push('first');
    },
  },
  { title: 'Second', task: async (context: { done: string[] }) => void context.done.push('second') },
];

let stdout: string;
let stderr: string;

beforeEach(() => {
  stdout = '';
  stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('slow work in steps', () => {
  test.each([
    ['lines', { enabled: true, isTTY: false, env: {} }],
    ['spinner', { enabled: true, isTTY: true, env: {} }],
    ['nothing', { enabled: false, isTTY: true, env: {} }],
  ])('runs them in order and leaves stdout alone, shown as %s', async (_, situation) => {
    expect(await runSteps(TWO_STEPS, { done: [] as string[] }, situation)).toEqual({ done: ['first', 'second'] });
    expect(stdout).toBe('');
  });

  test('is told in plain lines where nobody watches', async () => {
    await runSteps(TWO_STEPS, { done: [] as string[] }, { enabled: true, isTTY: false, env: {} });
    expect(stderr).toBe('First\n  halfway\nSecond\n');
  });

  test('is silent for scripts', async () => {
    await runSteps(TWO_STEPS, { done: [] as string[] }, { enabled: false, isTTY: true, env: {} });
    expect(stderr).toBe('');
  });

  test.each([[false], [true]])('ends with the error of the step that fails, on a terminal: %p', async (isTTY) => {
    const failure = new Error('disk full');
    const steps = [{ title: 'Fails', task: () => Promise.reject(failure) }, ...TWO_STEPS];
    const context = { done: [] as string[] };
    await expect(runSteps(steps, context, { enabled: true, isTTY, env: {} })).rejects.toBe(failure);
    expect(context.done).toEqual([]);
  });
});
