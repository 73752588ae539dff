/** The state of the watched connections in the Prometheus text format. */
import type { Phase } from '../../client/link-state.js';
import { UP, type Watcher } from './watcher.js';

/** What metrics are made of. */
export type Measured = Pick<Watcher, 'connection' | 'phase' | 'latencyMs' | 'upMs' | 'outbox' | 'totals'>;

const PHASES: readonly Phase[] = ['idle', 'connecting', 'healthy', 'degraded', 'busy', 'lost', 'waiting', 'restoring'];

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: (watcher: Measured) => readonly (readonly [labels: string, value: number])[];
}

const METRICS: readonly Metric[] = [
  {
    name: 'stui_up',
    type: 'gauge',
    help: 'Whether the backend answers.',
    samples: ({ phase }) => [['', UP.has(phase) ? 1 : 0]],
  },
  {
    name: 'stui_phase',
    type: 'gauge',
    help: 'The phase of the link: 1 for the one it is in.',
    samples: ({ phase }) => PHASES.map((each) => [`,phase="${each}"`, each === phase ? 1 : 0]),
  },
  {
    name: 'stui_round_trip_seconds',
    type: 'gauge',
    help: 'Smoothed round trip of a ping.',
    samples: ({ latencyMs }) => (latencyMs === null ? [] : [['', latencyMs / 1000]]),
  },
  {
    name: 'stui_uptime_seconds',
    type: 'gauge',
    help: 'How long the backend has answered without an interruption.',
    samples: ({ upMs }) => (upMs === null ? [] : [['', upMs / 1000]]),
  },
  {
    name: 'stui_outbox_entries',
    type: 'gauge',
    help: 'Evaluations accepted here that no backend has yet.',
    samples: ({ outbox }) => [['', outbox]],
  },
  {
    name: 'stui_outages_total',
    type: 'counter',
    help: 'Interruptions that are over, or were not when the watch ended.',
    samples: ({ totals }) => [['', totals.outages]],
  },
  {
    name: 'stui_outage_seconds_total',
    type: 'counter',
    help: 'Time without the backend.',
    samples: ({ totals }) => [['', totals.outageMs / 1000]],
  },
  {
    name: 'stui_connection_attempts_total',
    type: 'counter',
    help: 'Sockets opened.',
    samples: ({ totals }) => [['', totals.attempts]],
  },
];

/** @returns the text exposition of all watchers */
export function renderMetrics(watchers: readonly Measured[]): string {
  const lines = METRICS.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...watchers.flatMap((watcher) =>
      samples(watcher).map(
        ([labels, value]) => `${name}{connection="${escaped(watcher.connection)}"${labels}} ${value}`,
      ),
    ),
  ]);
  return `${lines.join('\n')}\n`;
}

function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
