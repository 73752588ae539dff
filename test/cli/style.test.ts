import { describe, expect, test } from '@jest/globals';
import { progressForm } from '../../src/cli/progress.js';
import { loadStyle, PLAIN, wantsColour } from '../../src/cli/style.js';

describe('colours', () => {
  test.each([
    ['a terminal', { isTTY: true, env: {} }, true],
    ['no terminal', { isTTY: false, env: {} }, false],
    ['a terminal with NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['a terminal with an empty NO_COLOR', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['no terminal with FORCE_COLOR', { isTTY: false, env: { FORCE_COLOR: '1' } }, true],
    ['FORCE_COLOR and NO_COLOR', { isTTY: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, true],
    ['a terminal with FORCE_COLOR=0', { isTTY: true, env: { FORCE_COLOR: '0' } }, false],
    ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
  ])('are used as asked for: %s', (_, situation, wanted) => {
    expect(wantsColour(situation)).toBe(wanted);
  });

  test('change nothing of the text when they are off', async () => {
    expect(await loadStyle({ isTTY: false, env: {} })).toBe(PLAIN);
    expect(PLAIN.bad('x')).toBe('x');
  });

  test('are escape sequences around the text when they are on', async () => {
    const style = await loadStyle({ isTTY: true, env: {} });
    expect(style.bad('x')).toBe('\x1b[31mx\x1b[39m');
  });
});

describe('progress', () => {
  test.each([
    ['a person at a terminal', { enabled: true, isTTY: true, env: {} }, 'spinner'],
    ['CI with a terminal', { enabled: true, isTTY: true, env: { CI: 'true' } }, 'lines'],
    ['a log file', { enabled: true, isTTY: false, env: {} }, 'lines'],
    ['--json', { enabled: false, isTTY: true, env: {} }, 'none'],
  ])('suits who watches: %s', (_, situation, form) => {
    expect(progressForm(situation)).toBe(form);
  });
});
