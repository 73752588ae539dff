/** The processes of the stream, with a program of the test's own in the place of `ip`. */
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type KernelStream, startIpMonitor } from '../../../src/client/network/kernel-stream.js';
import { afterwards, temporaryDirectory } from '../../local/temporary.js';

const PROGRAMS = '/usr/bin:/bin';

class TestStream {
  readonly stream: KernelStream;
  readonly lines: string[] = [];
  readonly firstLine: Promise<string>;
  readonly ended: Promise<string>;
  hasEnded = false;

  /** @param ip the script to run as `ip`; without it, there is none */
  constructor(ip?: string) {
    const directory = temporaryDirectory();
    if (ip !== undefined) writeFileSync(join(directory, 'ip'), `#!/bin/sh\n${ip}\n`, { mode: 0o755 });
    const events = new EventEmitter();
    this.firstLine = once(events, 'line').then(([line]) => line);
    this.ended = once(events, 'ended').then(([cause]) => cause);
    this.stream = startIpMonitor(
      {
        changed: (lines) => {
          this.lines.push(...lines);
          events.emit('line', lines[0]);
        },
        ended: (cause) => {
          this.hasEnded = true;
          events.emit('ended', cause);
        },
      },
      ip === undefined ? directory : `${directory}:${PROGRAMS}`,
    );
    // A test that fails leaves its processes behind.
    afterwards(() => void this.stream.stop());
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the stream of ip monitor', () => {
  it('asks for addresses, links and routes, one a line', async () => {
    const { firstLine, stream } = new TestStream('echo "$@"; exec sleep 600');
    expect(await firstLine).toBe('-o monitor link address route');
    await stream.stop();
  });

  it('passes on every line that is not empty', async () => {
    const stream = new TestStream("printf 'one\\n\\n  two \\nthree\\n'");
    await stream.ended;
    expect(stream.lines).toEqual(['one', 'two', 'three']);
  });

  it('is absent where there is no ip', async () => {
    expect(await new TestStream().ended).toBe('absent');
  });

  it('has failed where ip does not know how to monitor, or may not', async () => {
    expect(await new TestStream('exit 1').ended).toBe('failed');
  });

  it('leaves no process when it has stopped, and does not take that for a failure', async () => {
    const stream = new TestStream('echo $$; exec sleep 600');
    const ip = Number(await stream.firstLine);
    expect(runs(ip)).toBe(true);
    await Promise.all([stream.stream.stop(), stream.stream.stop()]);
    expect(runs(ip)).toBe(false);
    expect(stream.hasEnded).toBe(false);
  });

  it('can be stopped before its processes have started', async () => {
    const stream = new TestStream('exec sleep 600');
    await stream.stream.stop();
    expect(stream.hasEnded).toBe(false);
  });

  it('can be stopped although ip does not heed it', async () => {
    const { firstLine, stream } = new TestStream("trap '' TERM; echo $$; sleep 600");
    await firstLine;
    await stream.stop();
  });

  it('can be stopped after it has ended', async () => {
    const { ended, stream } = new TestStream('exit 1');
    await ended;
    await stream.stop();
  });
});
