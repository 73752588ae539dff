/** Brings metrics to those who scrape them: a file that is always whole, or HTTP on loopback. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { UsageError } from '../../cli/errors.js';
import { writeNamedOutput } from '../../files/named-output.js';
import { isNoRoom, systemCode } from '../../files/system-error.js';

/** How often a metrics file is written, in ms: scrapers of files look every 15 to 60 s. */
const FILE_EVERY_MS = 5_000;

/** Metrics are for scrapers, which are other users. */
const FILE_MODE = 0o666;

/** Nobody reads from the pipe yet, or reads on. */
const STALLED = new Set(['ENXIO', 'EAGAIN']);

const HIGHEST_PORT = 65_535;

export interface Publication {
  /** Publishes the last state, where that stays behind. */
  stop(): Promise<void>;
}

/**
 * Publishes until stopped.
 * @param target a port, served on loopback below /metrics, or a file, written every few seconds
 * @throws UsageError when that is not possible
 */
export async function publishMetrics(
  target: string,
  render: () => string,
  warn: (message: string) => void,
): Promise<Publication> {
  return /^\d+$/.test(target) ? serve(Number(target), render, warn) : keepFile(target, render, warn);
}

async function keepFile(path: string, render: () => string, warn: (message: string) => void): Promise<Publication> {
  const file = new MetricsFile(path, warn);
  try {
    await file.replace(render());
  } catch (error) {
    const { message } = error as Error;
    if (!passes(error)) throw new UsageError(`Metrics cannot be written to ${path}: ${message}`);
    warn(`${path}: ${message}`);
  }
  const timer = setInterval(() => void file.write(render), FILE_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await file.write(render);
    },
  };
}

/** A file of metrics. Whoever reads it sees a whole one. */
export class MetricsFile {
  #writing: Promise<void> = Promise.resolve();
  #trouble: string | undefined;

  constructor(
    private readonly path: string,
    private readonly warn: (message: string) => void,
  ) {}

  /** Never fails: the watch matters more than its metrics. What is wrong is said once, until it is right again. */
  write(render: () => string): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(render));
    return this.#writing;
  }

  /** Not synced: metrics need not survive a loss of power, and a slow disk must not hold up the watch. */
  async replace(text: string): Promise<void> {
    await writeNamedOutput(this.path, text, { mode: FILE_MODE, durable: false, whenStalled: 'fail' });
  }

  async #write(render: () => string): Promise<void> {
    try {
      await this.replace(render());
      this.#trouble = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#trouble) this.warn(`${this.path}: ${message}`);
      this.#trouble = message;
    }
  }
}

/** A full disk and a pipe that nobody reads pass, while a place that cannot be written to is a mistake. */
function passes(error: unknown): boolean {
  return isNoRoom(error) || STALLED.has(systemCode(error) ?? '');
}

function serve(port: number, render: () => string, warn: (message: string) => void): Promise<Publication> {
  if (port < 1 || port > HIGHEST_PORT) throw new UsageError(`There is no port ${port} to serve metrics on`);
  const server = createServer((request, response) => answer(request, response, render));
  return new Promise((resolve, reject) => {
    const refuse = ({ message }: Error) =>
      reject(new UsageError(`Metrics cannot be served on port ${port}: ${message}`));
    server.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      // From here on a failure is a connection that could not be accepted.
      server.off('error', refuse).on('error', ({ message }) => warn(`metrics: ${message}`));
      resolve({
        stop: async () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

/** Names of this machine, with or without a port. */
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

function answer({ method, url = '', headers }: IncomingMessage, response: ServerResponse, render: () => string): void {
  // A page of the web that has its own name point here would read it otherwise (DNS rebinding). HTTP/1.0 has no such name.
  if (headers.host !== undefined && !LOOPBACK.test(headers.host)) {
    response.writeHead(421).end();
    return;
  }
  const isQuestion = method === 'GET' || method === 'HEAD';
  if (!isQuestion || url.split('?', 1)[0] !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(render());
}
