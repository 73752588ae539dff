/** A backend and the network before it, in virtual time: every kind of outage, and answers to what a watch asks. */
import type { Lane, LaneListener } from '../../../src/client/lane.js';
import type { LinkRuntime } from '../../../src/client/link.js';
import type { VirtualTime } from './virtual-time.js';

/** `refused`: nobody listens. `silent`: what is sent gets lost. */
export type Reachability = 'up' | 'refused' | 'silent';

interface Request {
  readonly id: string;
  readonly command: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

type Answer = { readonly result: unknown } | { readonly error_type: string; readonly error: string } | 'none';

const TIMESTAMP = '2026-01-01T00:00:00.000Z';
const REFUSAL_MS = 1;
const PING = /^\{"id":"(ping-[^"]+)"/;

export class FakeBackend {
  reachability: Reachability = 'up';
  roundTripMs = 2;
  busy = 0;
  /** Commands that get no answer. */
  readonly mute = new Set<string>();
  /** Evaluations that it has, with their outcomes. */
  readonly journal = new Map<string, string>();
  /** Commands it got, apart from pings. */
  commands: string[] = [];
  readonly #lanes = new Set<FakeLane>();

  constructor(
    readonly time: VirtualTime,
    readonly random: () => number,
  ) {}

  get openLanes(): number {
    return this.#lanes.size;
  }

  get runtime(): LinkRuntime {
    return {
      now: () => this.time.now,
      random: this.random,
      after: (ms, task) => this.time.after(ms, task),
      openLane: (_endpoint, _timeoutMs, listener) => this.#open(listener),
      probe: async () => 'the connection is refused',
    };
  }

  /** Every connection ends, as when the process is killed; new ones are refused. */
  die(): void {
    this.reachability = 'refused';
    this.disconnect();
  }

  disconnect(): void {
    for (const lane of [...this.#lanes]) lane.end('disconnect');
  }

  #open(listener: LaneListener): Lane {
    const lane = new FakeLane(this, listener, () => this.#lanes.delete(lane));
    this.#lanes.add(lane);
    if (this.reachability === 'refused') this.time.after(REFUSAL_MS, () => lane.end('refused'));
    if (this.reachability === 'up') this.time.after(this.roundTripMs, () => lane.connected());
    return lane;
  }

  answer({ command, parameters }: Request): Answer {
    this.commands.push(command);
    if (this.mute.has(command)) return 'none';
    const key = String(parameters['key']);
    switch (command) {
      case 'get_session_info':
        return { result: { session: { id: parameters['session_id'], state: 'open' } } };
      case 'restore_session':
        return { result: { report: { session: 's', name: 'demo', revision: 7, bindings: [{}, {}, {}], lost: ['x'] } } };
      case 'get_result': {
        const outcome = this.journal.get(key);
        if (outcome === undefined) return { error_type: 'EvaluationNotFound', error: `There is no evaluation ${key}` };
        return { result: { evaluation: { key, outcome, code: '3 + 4' } } };
      }
      case 'evaluate':
        this.journal.set(key, 'value');
        return { result: { evaluation: { key, outcome: 'value' } } };
      default:
        return { error_type: 'UnknownCommand', error: `There is no command ${command}` };
    }
  }
}

class FakeLane implements Lane {
  #open = true;

  constructor(
    private readonly backend: FakeBackend,
    private readonly listener: LaneListener,
    private readonly forget: () => void,
  ) {}

  send(frame: string): void {
    if (this.backend.reachability !== 'up') return;
    this.backend.time.after(this.backend.roundTripMs, () => this.#arrived(frame));
  }

  close(): void {
    this.#open = false;
    this.forget();
  }

  connected(): void {
    if (this.#open) this.listener.connected();
  }

  end(reason: 'refused' | 'disconnect'): void {
    if (!this.#open) return;
    this.close();
    this.listener.closed(reason);
  }

  #arrived(frame: string): void {
    if (!this.#open || this.backend.reachability !== 'up') return;
    const ping = PING.exec(frame);
    // A week has a million of them.
    if (ping) this.#answer(`{"id":"${ping[1]}","status":"success","result":{"busy":${this.backend.busy}}}`);
    else this.#arrivedRequest(JSON.parse(frame) as Request);
  }

  #arrivedRequest(request: Request): void {
    const answer = this.backend.answer(request);
    if (answer === 'none') return;
    const status = 'result' in answer ? 'success' : 'error';
    this.#answer(JSON.stringify({ id: request.id, status, ...answer, timestamp: TIMESTAMP }));
  }

  #answer(frame: string): void {
    this.listener.message(Buffer.from(frame));
  }
}
