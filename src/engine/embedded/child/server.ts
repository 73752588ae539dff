/**
 * Answers requests on the pipe, one line each, in order.
 *
 * The pipe is file descriptor 3, so nothing that code prints can be taken for a reply, and its end means that the
 * parent is gone: then this process ends too.
 */
import { NONCE_VARIABLE } from '../../command.js';
import type { EngineReady } from '../../contract.js';
import { JsonLines } from '../../json-lines.js';
import type { EngineAnswerContent, EngineCall } from '../../wire.js';
import { AMBER_VERSION } from './amber.js';
import type { Image } from './image.js';

const PIPE_FD = 3;

const READY: Omit<EngineReady, 'nonce'> = {
  type: 'ready',
  engine: 'embedded',
  version: `Amber ${AMBER_VERSION}`,
  dialect: 'Amber',
  capabilities: ['evaluate', 'fileIn', 'capture', 'restore', 'bindings', 'inspect', 'interrupt', 'prepare'],
};

type Answered = Exclude<EngineCall, { readonly op: 'prepare' }>;

export function serve(image: Image): void {
  // Not imported at the top: a startup snapshot must not hold a socket.
  const { Socket } = require('node:net') as typeof import('node:net');
  const pipe = new Socket({ fd: PIPE_FD });
  const lines = new JsonLines();
  const nonce = takeNonce();
  const write = (message: object): void => {
    pipe.write(`${JSON.stringify({ nonce, ...message })}\n`);
  };
  image.connect();
  // Control-C in a terminal reaches every process there; what it means for a session is the parent's to say.
  process.on('SIGINT', () => {});
  // Code may leave timers and promises behind. Their errors are nobody's reply and no reason to lose the session.
  process.on('uncaughtException', (error) => process.stderr.write(`${String(error?.stack ?? error)}\n`));
  process.on('unhandledRejection', (error) => process.stderr.write(`${String(error)}\n`));
  pipe.on('data', (bytes) => {
    for (const line of lines.push(bytes)) {
      const call = JSON.parse(line) as EngineCall;
      if (call.op === 'prepare') {
        image.prepare(call.code);
        continue;
      }
      write({ id: call.id, ...answer(image, call) });
      if (call.op === 'quit') pipe.end(() => process.exit(0));
    }
  });
  pipe.on('end', () => endGroup());
  pipe.on('error', () => endGroup());
  write(READY);
}

/** What code of the session starts must not inherit it, nor think that it is an engine. */
function takeNonce(): string {
  const nonce = process.env[NONCE_VARIABLE] ?? '';
  delete process.env[NONCE_VARIABLE];
  return nonce;
}

/** The parent is gone and cannot do it: what code of the session has started, in the group led by this process, ends with it. */
function endGroup(): void {
  try {
    // biome-ignore lint/plugin: its own group, which it is in.
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // It leads none: started by hand.
  }
  process.exit(0);
}

function answer(image: Image, call: Answered): EngineAnswerContent {
  try {
    return { ok: true, ...result(image, call) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function result(image: Image, call: Answered): object {
  switch (call.op) {
    case 'evaluate':
      return { result: image.evaluate(call.request, call.id) };
    case 'restore':
      return { result: image.restore(call.captures) };
    case 'capture':
      return { result: image.capture(call.kind) };
    case 'bindings':
      return { result: image.bindings() };
    case 'ping':
    case 'quit':
      return {};
  }
}
