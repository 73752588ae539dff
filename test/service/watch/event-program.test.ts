import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { TroubleEvent } from '../../../src/service/watch/event.js';
import { EventProgram, type EventProgramOptions } from '../../../src/service/watch/event-program.js';
import { until } from '../../e2e/until.js';
import { temporaryDirectory } from '../../local/temporary.js';

const event = (message: string): TroubleEvent => ({
  type: 'trouble',
  connection: 'ci',
  endpoint: 'tcp://127.0.0.1:1',
  time: '2026-01-01T00:00:00.000Z',
  monotonicMs: 1,
  message,
});

/** A program of sh in a directory of its own, named as no shell would like. */
function scripted(body: string, options: Partial<EventProgramOptions> = {}) {
  const directory = temporaryDirectory();
  const path = join(directory, 'page; touch broken');
  writeFileSync(path, `#!/bin/sh\ncd "$(dirname "$0")"\n${body}\n`);
  chmodSync(path, 0o700);
  const warnings: string[] = [];
  const program = new EventProgram(path, { warn: (message) => warnings.push(message), ...options });
  const told = () => {
    const file = join(directory, 'told');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  };
  return { program, warnings, told, go: () => appendFileSync(join(directory, 'go'), '') };
}

const messages = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).message);
const untilGo = 'while ! [ -e go ]; do sleep 0.01; done';

describe('a program that is run on events', () => {
  it('gets each as one line of JSON on stdin, in order, and no shell sees its name', async () => {
    const { program, told, warnings } = scripted('cat >> told');
    for (const message of ['a', 'b', '$(c) "d"']) program.run(event(message));
    await until('three runs', () => told().length === 3);
    expect(messages(told())).toEqual(['a', 'b', '$(c) "d"']);
    expect(JSON.parse(told()[0] ?? '')).toEqual({ schemaVersion: 1, ...event('a') });
    expect(warnings).toEqual([]);
  });

  it('that is slow loses the oldest events that wait, and that is said', async () => {
    const { program, told, warnings, go } = scripted(`${untilGo}; cat >> told`, { maxWaiting: 2 });
    for (const message of ['a', 'b', 'c', 'd']) program.run(event(message));
    expect(warnings).toEqual([expect.stringContaining('dropped')]);
    go();
    await until('three runs', () => told().length === 3);
    expect(messages(told())).toEqual(['a', 'c', 'd']);
  });

  it('that hangs is killed, and the next event is told', async () => {
    const { program, told, warnings } = scripted('read -r line; echo "$line" >> told; exec sleep 1000', {
      longestRunMs: 300,
    });
    program.run(event('a'));
    program.run(event('b'));
    await until('both to be told', () => told().length === 2);
    await until('both to be killed', () => warnings.length === 2);
    expect(warnings[0]).toContain('SIGKILL');
  });

  it('that fails, reads nothing or does not exist is said, and nothing else happens', async () => {
    const { program, warnings } = scripted('exec <&-; exit 3');
    program.run(event('x'.repeat(1_000_000)));
    await until('its failure', () => warnings.length === 1);
    expect(warnings[0]).toContain('ended with 3');
    for (const name of ['/nonexistent', '/', 'nul\u0000byte', '']) {
      const before = warnings.length;
      new EventProgram(name, { warn: (message) => warnings.push(message) }).run(event('a'));
      await until(`word about ${JSON.stringify(name)}`, () => warnings.length > before);
    }
  });

  it('has been started for every event when the watch ends', async () => {
    const { program, told, go } = scripted(`${untilGo}; cat >> told`);
    for (const message of ['a', 'b']) program.run(event(message));
    const started = program.allStarted();
    go();
    await started;
    await until('the last run', () => told().length === 2);
    await program.allStarted();
  });
});
