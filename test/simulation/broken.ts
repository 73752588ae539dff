/** Parts as they would be with one mistake in them, each of which breaks a promise. */
import { randomUUID } from 'node:crypto';
import type { Handlers } from '../../src/backend/handlers.js';
import type { Engine } from '../../src/engine/contract.js';
import type { Journal } from '../../src/journal/journal.js';
import type { Variant } from './variant.js';

function withEvaluate(change: (evaluate: Handlers['evaluate']) => Handlers['evaluate']): Variant {
  return { handlers: (handlers) => ({ ...handlers, evaluate: change(handlers.evaluate) }) };
}

function withJournal(change: (journal: Journal) => Partial<Journal>): Variant {
  return {
    journal: (journal) => {
      const changes = change(journal);
      return new Proxy(journal, {
        get(target, name) {
          const value = Reflect.get(name in changes ? changes : target, name, name in changes ? changes : target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}

export const BROKEN: Readonly<Record<string, Variant>> = {
  'a backend that takes a repeated key for a new one': {
    handlers: (handlers, disk) => ({
      ...handlers,
      evaluate: (parameters, progress) => {
        const isKnown = parameters.key !== undefined && disk.journal.findByKey(parameters.key).length > 0;
        return handlers.evaluate(isKnown ? { ...parameters, key: randomUUID() } : parameters, progress);
      },
    }),
  },

  'a backend that answers a key whatever it is asked under it': {
    handlers: (handlers, disk) => ({
      ...handlers,
      evaluate: (parameters, progress) => {
        const [found] = parameters.key === undefined ? [] : disk.journal.findByKey(parameters.key);
        const first = found?.entries.map(({ entry }) => entry).find((entry) => entry.type === 'input');
        return handlers.evaluate(first?.type === 'input' ? { ...parameters, code: first.code } : parameters, progress);
      },
    }),
  },

  'a backend that says accepted before it has asked the disk': withEvaluate((evaluate) => (parameters, progress) => {
    progress('accepted', { key: parameters.key, session: parameters.session_id, revision: 0 });
    return evaluate(parameters, progress);
  }),

  'a journal that does not wait for the disk with an output': withJournal((journal) => ({
    append: (session, drafts, options) => {
      const written = journal.append(session, drafts, options);
      if (!drafts.some(({ body }) => body.type === 'output')) return written;
      written.catch(() => {});
      const entries = drafts.map(({ client, time, body }, index) => {
        const entry = { seq: (journal.session(session)?.revision ?? 0) + index + 1, client, time, ...body };
        return { entry, line: '', hash: '' };
      });
      return Promise.resolve(entries);
    },
  })),

  'a journal that takes what was running for what had not begun': withJournal((journal) => ({
    append: (session, drafts, options) => {
      const isDisowned = drafts.some(({ body }) => body.type === 'output' && body.error?.class === 'BackendDied');
      return isDisowned ? journal.append(session, [], options) : journal.append(session, drafts, options);
    },
  })),

  'a journal that loses every tenth snapshot': withJournal((journal) => {
    let count = 0;
    return {
      append: (session, drafts, options) =>
        journal.append(
          session,
          drafts.filter(({ body }) => body.type !== 'snapshot' || ++count % 10 > 0),
          options,
        ),
    };
  }),

  'a factory that gives an engine to two sessions': {
    engines: (engines) => {
      let last: Promise<Engine> | undefined;
      return {
        name: engines.name,
        start: (owner) => {
          const shared = last;
          last = shared ? undefined : engines.start(owner);
          return shared ?? (last as Promise<Engine>);
        },
        warm: (count) => engines.warm(count),
        close: () => engines.close(),
      };
    },
  },

  'an outbox that dies with its process': { forgetfulOutbox: true },
};
