import { describe, expect, it } from '@jest/globals';
import type { CommandDescriptor } from '../../src/protocol/command.js';
import { COMMANDS, type CommandName } from '../../src/protocol/commands.js';
import { ERROR_TYPES, ERRORS_OF_EVERY_COMMAND } from '../../src/protocol/errors.js';

const descriptors = Object.entries(COMMANDS) as [CommandName, CommandDescriptor][];

interface Published {
  readonly requires: readonly string[];
  readonly result: readonly string[];
}

/**
 * The published STUI session protocol: what its requests must be able to say with nothing else, and what its replies
 * carry. Nothing may ever leave this table.
 */
const PUBLISHED: Partial<Record<CommandName, Published>> = {
  create_session: {
    requires: ['client_id'],
    result: ['session_id', 'client_id', 'created_at', 'timeout', 'is_active'],
  },
  restore_session: {
    requires: ['session_id'],
    result: [
      'session_id',
      'client_id',
      'created_at',
      'last_modified',
      'timeout',
      'is_active',
      'session_state',
      'workspace_context',
      'inspector_state',
      'object_registry',
    ],
  },
  update_session_state: {
    requires: ['session_id', 'state_data'],
    result: ['session_id', 'last_modified', 'session_state', 'update_successful'],
  },
  close_session: { requires: ['session_id'], result: ['session_id', 'closed'] },
  get_session_info: {
    requires: ['session_id'],
    result: [
      'session_id',
      'client_id',
      'created_at',
      'last_modified',
      'timeout',
      'is_active',
      'time_until_expiry',
      'is_expired',
    ],
  },
  list_client_sessions: {
    requires: ['client_id'],
    result: [
      'client_id',
      'session_count',
      'sessions',
      'sessions[].session_id',
      'sessions[].created_at',
      'sessions[].last_modified',
      'sessions[].timeout',
      'sessions[].is_active',
      'sessions[].time_until_expiry',
    ],
  },
  get_session_statistics: {
    requires: [],
    result: ['total_sessions', 'active_clients', 'max_sessions_per_client', 'default_timeout', 'cleanup_interval'],
  },
  ping: { requires: [], result: [] },
  evaluate: { requires: ['code'], result: [] },
  inspect: { requires: ['target'], result: [] },
};

interface Schema {
  readonly type: string;
  readonly entries?: Record<string, Schema>;
  readonly wrapped?: Schema;
  readonly item?: Schema;
  readonly pipe?: readonly (Schema & { readonly description?: string })[];
}

interface Field {
  readonly path: string;
  readonly optional: boolean;
  readonly about: string;
}

/** Every field of an object schema, also within nested objects and lists of them. */
function fieldsOf(schema: Schema, path = ''): Field[] {
  const inner = unwrapped(schema);
  if (inner.type === 'array') return fieldsOf(inner.item as Schema, `${path}[]`);
  return Object.entries(inner.entries ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const optional = field.type === 'optional' || field.type === 'exact_optional';
    // What is in something that may be absent may be absent, too.
    const inside = fieldsOf(field, at).map((each) => ({ ...each, optional: optional || each.optional }));
    return [{ path: at, optional, about: description(field) }, ...inside];
  });
}

function unwrapped(schema: Schema): Schema {
  return schema.wrapped ? unwrapped(schema.wrapped) : schema;
}

function description(schema: Schema): string {
  const own = schema.pipe?.find(({ type }) => type === 'description')?.description;
  return own ?? (schema.wrapped ? description(schema.wrapped) : '');
}

describe('the published protocol', () => {
  it.each(Object.entries(PUBLISHED))('still has %s with all its fields', (name, { requires, result }) => {
    const descriptor = COMMANDS[name as CommandName] as CommandDescriptor;
    expect(descriptor.published).toBe(true);
    const required = fieldsOf(descriptor.parameters).filter(({ optional }) => !optional);
    expect(required.map(({ path }) => path).sort()).toEqual([...requires].sort());
    const paths = fieldsOf(descriptor.result)
      .filter(({ optional }) => !optional)
      .map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining([...result]));
  });

  it('is marked as such, and nothing else is', () => {
    const marked = descriptors.filter(([, { published }]) => published).map(([name]) => name);
    expect(marked.sort()).toEqual(Object.keys(PUBLISHED).sort());
  });
});

describe.each(descriptors)('%s', (name, { name: own, summary, parameters, result, errors }) => {
  it('is filed under its own name', () => expect(own).toBe(name));

  it('says what it does in a sentence, and what each field means', () => {
    for (const text of [
      summary,
      ...[...fieldsOf(parameters), ...fieldsOf(result)].map(({ path, about }) => about || path),
    ]) {
      expect(text).toMatch(/[.…]$/);
    }
  });

  it('names errors that exist, each once, beyond those of every command', () => {
    expect(new Set(errors).size).toBe(errors.length);
    for (const type of errors) {
      expect(ERROR_TYPES).toHaveProperty(type);
      expect(ERRORS_OF_EVERY_COMMAND).not.toContain(type);
    }
  });

  it('names what finding a session may be refused for, where it has to find one', () => {
    if (!('session_id' in parameters.entries) || name === 'create_session') return;
    // These two are there for damaged sessions: damage is what they answer with.
    if (name === 'verify_session' || name === 'repair_sessions') return;
    expect(errors).toEqual(expect.arrayContaining(['SessionNotFound', 'AmbiguousSession', 'DamagedData']));
  });

  it('names the conflict that a stale revision is refused for, where it takes one', () => {
    if ('if_revision' in parameters.entries) expect(errors).toContain('RevisionConflict');
  });
});
