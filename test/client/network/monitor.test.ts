import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { StreamListener } from '../../../src/client/network/kernel-stream.js';
import {
  FIRST_RESTART_MS,
  LONGEST_RESTART_MS,
  LOOK_EVERY_MS,
  type NetworkEvent,
  type NetworkMonitor,
  STREAM_TRUSTED_AFTER_MS,
  watchNetwork,
} from '../../../src/client/network/monitor.js';

/** A machine whose clocks, interfaces and kernel stream the test moves. */
class FakeMachine {
  readonly events: NetworkEvent[] = [];
  addresses: string[] = ['lo 127.0.0.1'];
  looks = 0;
  wallAhead = 0;
  monotonic = 0;
  cpu = 0;
  streams: { readonly startedAt: number; readonly listener: StreamListener; stopped: boolean }[] = [];
  refusesProcesses = false;
  readonly monitor: NetworkMonitor;

  constructor(kind: 'stream' | 'polling', onEvent: (event: NetworkEvent) => void = () => {}) {
    this.monitor = watchNetwork({
      onEvent: (event) => {
        this.events.push(event);
        onEvent(event);
      },
      platform: 'darwin',
      clocks: {
        wall: () => this.monotonic + this.wallAhead,
        monotonic: () => this.monotonic,
        cpu: () => this.cpu,
      },
      takeSnapshot: () => {
        this.looks += 1;
        return this.addresses;
      },
      ...(kind === 'stream' && { startStream: (listener: StreamListener) => this.startStream(listener) }),
    });
  }

  get listener(): StreamListener {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error('no stream was started');
    return stream.listener;
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  get details(): string[] {
    return this.events.map((event) => (event.type === 'network' ? event.detail : `woke after ${event.sleptMs}`));
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 10) {
      this.monotonic += Math.min(10, left);
      jest.advanceTimersByTime(Math.min(10, left));
    }
  }

  private startStream(listener: StreamListener) {
    const stream = { startedAt: this.monotonic, listener, stopped: false };
    this.streams.push(stream);
    if (this.refusesProcesses) throw new Error('spawn ENOMEM');
    return {
      stop: async () => {
        stream.stopped = true;
      },
    };
  }
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('by polling, the monitor', () => {
  it('reports a new address by the next look, and once more when things have settled', () => {
    const machine = new FakeMachine('polling');
    machine.pass(LOOK_EVERY_MS);
    machine.addresses = ['eth0 10.0.0.1', 'lo 127.0.0.1'];
    machine.pass(LOOK_EVERY_MS);
    expect(machine.details).toEqual(['+ eth0 10.0.0.1']);
    machine.pass(60_000);
    expect(machine.details).toEqual(['+ eth0 10.0.0.1', 'settled: + eth0 10.0.0.1']);
  });

  it('reports what changes between the first report of a burst and the last', () => {
    const machine = new FakeMachine('polling');
    machine.addresses = ['eth0 10.0.0.1', 'lo 127.0.0.1'];
    machine.pass(LOOK_EVERY_MS);
    machine.addresses = ['eth0 10.0.0.2', 'lo 127.0.0.1'];
    machine.pass(LOOK_EVERY_MS);
    expect(machine.details).toContain('- eth0 10.0.0.1; + eth0 10.0.0.2');
  });

  it('is silent while nothing changes', () => {
    const machine = new FakeMachine('polling');
    machine.pass(60_000);
    expect(machine.events).toEqual([]);
  });

  it('is silent after it was stopped, and does not look any more', async () => {
    const machine = new FakeMachine('polling');
    await machine.monitor.stop();
    const { looks } = machine;
    machine.addresses = [];
    machine.wallAhead += 60_000;
    machine.pass(60_000);
    expect(machine.events).toEqual([]);
    expect(machine.looks).toBe(looks);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is silent after it was stopped by whoever received an event', () => {
    const machine: FakeMachine = new FakeMachine('polling', () => void machine.monitor.stop());
    machine.wallAhead += 60_000;
    machine.addresses = [];
    machine.pass(60_000);
    expect(machine.types).toEqual(['woke']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('may be stopped twice', async () => {
    const machine = new FakeMachine('polling');
    await Promise.all([machine.monitor.stop(), machine.monitor.stop()]);
    await machine.monitor.stop();
    expect(machine.events).toEqual([]);
  });
});

describe('after a sleep, the monitor', () => {
  it('says how long it was where the monotonic clock stood still', () => {
    const machine = new FakeMachine('polling');
    machine.pass(1_000);
    machine.wallAhead += 30_000;
    machine.pass(1_000);
    expect(machine.events).toEqual([{ type: 'woke', sleptMs: 30_000 }]);
  });

  it('says how long it was where the monotonic clock went on', () => {
    const machine = new FakeMachine('polling');
    machine.pass(1_000);
    machine.monotonic += 30_000;
    machine.pass(1_000);
    expect(machine.events).toEqual([{ type: 'woke', sleptMs: 30_000 }]);
  });

  it('takes a busy event loop for no sleep', () => {
    const machine = new FakeMachine('polling');
    machine.pass(1_000);
    machine.monotonic += 30_000;
    machine.cpu += 29_000;
    machine.pass(1_000);
    expect(machine.events).toEqual([]);
  });

  it('says so also when it trusts the stream of the kernel', () => {
    const machine = new FakeMachine('stream');
    machine.pass(STREAM_TRUSTED_AFTER_MS);
    machine.wallAhead += 30_000;
    machine.pass(LOOK_EVERY_MS);
    expect(machine.types).toEqual(['woke']);
  });
});

describe('with a stream of the kernel, the monitor', () => {
  it('reports what the stream says at once', () => {
    const machine = new FakeMachine('stream');
    machine.listener.changed(['link up']);
    expect(machine.details).toEqual(['link up']);
  });

  it('sees what changes before the stream has begun to listen', () => {
    const machine = new FakeMachine('stream');
    machine.addresses = [];
    machine.pass(LOOK_EVERY_MS);
    expect(machine.details).toEqual(['- lo 127.0.0.1']);
  });

  it('does not poll the interfaces once the stream certainly listens', () => {
    const machine = new FakeMachine('stream');
    machine.pass(STREAM_TRUSTED_AFTER_MS);
    const { looks } = machine;
    machine.pass(60_000);
    expect(machine.looks).toBe(looks);
  });

  it('does not report by polling what the stream has reported', () => {
    const machine = new FakeMachine('stream');
    machine.pass(STREAM_TRUSTED_AFTER_MS);
    machine.addresses = [];
    machine.listener.changed(['deleted lo 127.0.0.1']);
    machine.pass(1_000);
    machine.listener.ended('failed');
    machine.pass(FIRST_RESTART_MS / 2);
    expect(machine.details).toEqual(['deleted lo 127.0.0.1', 'settled: deleted lo 127.0.0.1']);
  });

  it('sees at once what changed while the stream was ending, and polls until there is another', () => {
    const machine = new FakeMachine('stream');
    machine.pass(STREAM_TRUSTED_AFTER_MS);
    machine.addresses = [];
    machine.listener.ended('failed');
    expect(machine.details).toEqual(['- lo 127.0.0.1']);
    machine.pass(FIRST_RESTART_MS / 2);
    machine.addresses = ['lo 127.0.0.1'];
    machine.pass(LOOK_EVERY_MS);
    expect(machine.details).toContain('+ lo 127.0.0.1');
  });

  it('starts a stream that keeps ending again, less and less often but for ever', () => {
    const machine = new FakeMachine('stream');
    machine.refusesProcesses = true;
    machine.listener.ended('failed');
    machine.pass(10 * LONGEST_RESTART_MS);
    const delays = machine.streams.map(
      ({ startedAt }, index) => startedAt - (machine.streams[index - 1]?.startedAt ?? 0),
    );
    expect(delays.slice(1, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
    expect(delays.length).toBeGreaterThan(12);
  });

  it('starts a stream that ended after a long life again soon', () => {
    const machine = new FakeMachine('stream');
    for (const life of [1, 2, 3].map((count) => count * LONGEST_RESTART_MS + 10)) {
      const started = machine.streams.length;
      machine.pass(life);
      machine.listener.ended('failed');
      machine.pass(FIRST_RESTART_MS);
      expect(machine.streams).toHaveLength(started + 1);
    }
  });

  it('only polls where there is no such stream', () => {
    const machine = new FakeMachine('stream');
    machine.listener.ended('absent');
    machine.pass(10 * LONGEST_RESTART_MS);
    expect(machine.streams).toHaveLength(1);
    machine.addresses = [];
    machine.pass(LOOK_EVERY_MS);
    expect(machine.types).toEqual(['network']);
  });

  it('stops the stream when it is stopped, and starts no other', async () => {
    const machine = new FakeMachine('stream');
    await machine.monitor.stop();
    expect(machine.streams[0]?.stopped).toBe(true);
    machine.listener.ended('failed');
    machine.pass(LONGEST_RESTART_MS);
    expect(machine.streams).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('starts no other when it is stopped while it waits to do so', async () => {
    const machine = new FakeMachine('stream');
    machine.listener.ended('failed');
    await machine.monitor.stop();
    machine.pass(LONGEST_RESTART_MS);
    expect(machine.streams).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
