/** Which session a command works in when none is given, and what becomes of that when others choose another. */
import { describe, expect, it } from '@jest/globals';
import type { Place } from '../../src/local/terminal.js';
import type { SessionSummary } from '../../src/protocol/documents.js';
import { Workplace } from '../../src/service/workplace.js';
import { temporaryDirectory } from '../local/temporary.js';

const session = (name: string) => ({ id: `${name}-0000-4000-8000-000000000000`, name }) as SessionSummary;

/** Commands of one home; each is a workplace of its own. */
function home() {
  const directory = temporaryDirectory();
  const warnings: string[] = [];
  const command = (env: NodeJS.ProcessEnv = {}, caller = 'shell', terminal: string | null = 'terminal') => {
    const place: Place = { terminal, caller, isOver: () => false };
    return new Workplace({
      env: { STUI_HOME: directory, HOME: directory, ...env },
      autostart: false,
      warn: (message) => warnings.push(message),
      place: () => place,
    });
  };
  return { command, warnings };
}

describe('a session that a command makes', () => {
  it('is the current one from then on', async () => {
    const { command, warnings } = home();
    expect(await command().makeCurrent(session('first'))).toBe(true);
    expect(command().sessionReference(undefined)).toBe(session('first').id);
    expect(warnings).toEqual([]);
  });

  it('leaves the current one alone where CI is set, unless it is asked to be it', async () => {
    const { command } = home();
    const ci = { CI: 'true' };
    expect(await command(ci).makeCurrent(session('first'))).toBe(false);
    expect(() => command(ci).sessionReference(undefined)).toThrow(
      expect.objectContaining({ code: 'no-session', hint: expect.stringMatching(/CI is set.*eval --create NAME/) }),
    );
    await command(ci).makeCurrent(session('second'), 'asked');
    expect(command(ci).sessionReference(undefined)).toBe(session('second').id);
  });

  it('is not what commands work in where STUI_SESSION says another, and that is said', async () => {
    const { command, warnings } = home();
    const env = { STUI_SESSION: 'other' };
    expect(await command(env).makeCurrent(session('first'), 'asked')).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/^STUI_SESSION .*other.*before/)]);
    for (const same of ['first', session('first').id, 'first-00']) {
      expect(await command({ STUI_SESSION: same }).makeCurrent(session('first'), 'asked')).toBe(true);
    }
    expect(warnings).toHaveLength(1);
  });
});

describe('a current session that changed under a command', () => {
  it('is told once to whoever had chosen another', async () => {
    const { command, warnings } = home();
    await command({}, 'job 1').makeCurrent(session('first'));
    await command({}, 'job 2').makeCurrent(session('second'));
    const evaluation = command({}, 'job 1');
    expect(evaluation.sessionReference(undefined)).toBe(session('second').id);
    await evaluation.close();
    expect(warnings).toEqual([expect.stringMatching(/second.*first.*--session.*STUI_SESSION/)]);
    expect(command({}, 'job 1').sessionReference(undefined)).toBe(session('second').id);
    expect(command({}, 'job 2').sessionReference(undefined)).toBe(session('second').id);
    expect(warnings).toHaveLength(1);
  });

  it('does not, in a terminal that has worked in it', async () => {
    const { command, warnings } = home();
    await command({}, 'shell 1', 'terminal 1').makeCurrent(session('first'));
    const evaluation = command({}, 'shell 2', 'terminal 2');
    evaluation.sessionReference(undefined);
    await evaluation.close();
    await command({}, 'shell 1', 'terminal 1').makeCurrent(session('second'));
    expect(command({}, 'shell 2', 'terminal 2').sessionReference(undefined)).toBe(session('first').id);
    expect(command({}, 'shell 3', 'terminal 3').sessionReference(undefined)).toBe(session('second').id);
    expect(warnings).toEqual([]);
  });

  it('does not matter where the session is named', async () => {
    const { command, warnings } = home();
    await command({}, 'job 1').makeCurrent(session('first'));
    await command({}, 'job 2').makeCurrent(session('second'));
    expect(command({}, 'job 1').sessionReference('first')).toBe('first');
    expect(command({ STUI_SESSION: 'first' }, 'job 1').sessionReference(undefined)).toBe('first');
    expect(warnings).toEqual([]);
  });
});
