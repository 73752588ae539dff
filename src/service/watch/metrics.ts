/** The state of the watched connections in the Prometheus text format, for a file or over HTTP on loopback. */
import { createServer, type Server } from 'node:http';
import { UsageError } from '../../cli/errors.js';
import type { Phase } from '../../client/link-state.js';
import { writeWhole } from '../archive-file.js';
import type { Watcher } from './watcher.js';

const PHASES: readonly Phase[] = ['idle', 'connecting', 'healthy', 'degraded', 'busy', 'lost', 'waiting', 'restoring'];

const UP: ReadonlySet<Phase> = new Set(['healthy', 'degraded', 'busy', 'restoring']);

/** How often a metrics file is written, in ms: scrapers of files look every 15 to 60 s. */
const FILE_EVERY_MS = 5_000;

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: (watcher: Watcher) => readonly (readonly [labels: string, value: number])[];
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
    name: 'stui_outbox_entries',
    type: 'gauge',
    help: 'Evaluations accepted here that no backend has yet.',
    samples: ({ outbox }) => [['', outbox]],
  },
  {
    name: 'stui_outages_total',
    type: 'counter',
    help: 'Interruptions that are over.',
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
export function renderMetrics(watchers: readonly Watcher[]): string {
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

/**
 * Serves or writes metrics until stopped.
 * @param target a port, served on loopback below /metrics, or a file, written whole every few seconds
 */
export async function publishMetrics(target: string, watchers: readonly Watcher[]): Promise<() => void> {
  if (/^\d+$/.test(target)) {
    const server = await serve(Number(target), watchers);
    return () => server.close();
  }
  const write = () => writeWhole(target, Buffer.from(renderMetrics(watchers)));
  write();
  const timer = setInterval(write, FILE_EVERY_MS);
  return () => {
    clearInterval(timer);
    write();
  };
}

function serve(port: number, watchers: readonly Watcher[]): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      .end(renderMetrics(watchers));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new UsageError(`Metrics cannot be served on port ${port}: ${error.message}`)),
    );
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
