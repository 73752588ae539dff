/**
 * Answers requests on the pipe, one line each, in order.
 *
 * The pipe is file descriptor 3, so nothing that code prints can be taken for a reply, and its end means that the
 * parent is gone: then this process ends too.
 */
import type { EngineReady } from '../../contract.js';
import { JsonLines } from '../../json-lines.js';
import type { EngineCall } from '../../wire.js';
import { AMBER_VERSION } from './amber.js';
import type { Image } from './image.js';

const PIPE_FD = 3;

const READY: EngineReady = {
  type: 'ready',
  engine: 'embedded',
  version: `Amber ${AMBER_VERSION}`,
  dialect: 'Amber',
  capabilities: ['evaluate', 'fileIn', 'capture', 'restore', 'bindings', 'inspect', 'interrupt'],
};

export function serve(image: Image): void {
  // Not imported at the top: a startup snapshot must not hold a socket.
  const { Socket } = require('node:net') as typeof import('node:net');
  const pipe = new Socket({ fd: PIPE_FD });
  const lines = new JsonLines();
  const write = (message: unknown): void => {
    pipe.write(`${JSON.stringify(message)}\n`);
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
      write(answer(image, call));
      if (call.op === 'quit') pipe.end(() => process.exit(0));
    }
  });
  pipe.on('end', () => process.exit(0));
  pipe.on('error', () => process.exit(0));
  write(READY);
}

function answer(image: Image, call: EngineCall): unknown {
  try {
    return { id: call.id, ok: true, ...result(image, call) };
  } catch (error) {
    return { id: call.id, ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function result(image: Image, call: EngineCall): object {
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
