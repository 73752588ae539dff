/** The commands about what a session holds beside its evaluations: context, bindings, conflicts, recorded inputs. */
import * as v from 'valibot';
import { RESOLUTIONS } from '../session/entry.js';
import { mapping } from '../session/mapping.js';
import { command } from './command.js';
import { Binding, Conflict } from './documents.js';
import {
  caller,
  code,
  doc,
  flag,
  identifier,
  ifRevision,
  number,
  SESSION_ERRORS,
  session,
  sessionId,
  text,
  time,
  wholeNumber,
} from './fields.js';
import { MAX_RECORDED_INPUTS } from './limits.js';

const context = v.pipe(mapping(v.string(), v.unknown()), doc('The workspace context.'));

export const getContext = command({
  name: 'get_context',
  summary: 'Reads the workspace context: buffer, layout, preferences, and what else clients keep there.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    client_id: caller,
    at: v.optional(wholeNumber('As it was at this revision. Default: as it is.')),
  }),
  result: v.object({
    session: text('Session id.'),
    revision: number('Revision of the session, or the one asked for: the base of a change made from this context.'),
    context,
    parts: v.pipe(mapping(v.string(), v.number()), doc('Revision that last changed each part.')),
    conflicts: v.pipe(v.array(Conflict), v.readonly(), doc('Changes that wait for a decision.')),
  }),
  errors: [...SESSION_ERRORS],
});

export const listBindings = command({
  name: 'list_bindings',
  summary: 'Lists the bindings of the workspace: class, print string, size, and how each would come back.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    client_id: caller,
    name: v.optional(identifier('Only the binding of this name.')),
    start: v.optional(flag('Start an engine where none runs, and restore the session into it.')),
  }),
  result: v.object({
    session: text('Session id.'),
    revision: number('Revision of the session.'),
    live: flag('An engine runs, so that values could be printed.'),
    bindings: v.pipe(v.array(Binding), doc('By name.')),
  }),
  errors: [...SESSION_ERRORS, 'EngineUnavailable', 'StorageFull'],
});

export const listConflicts = command({
  name: 'list_conflicts',
  summary: 'Lists the changes to the context that wait for a decision.',
  published: false,
  parameters: v.object({ session_id: sessionId, client_id: caller }),
  result: v.object({
    session: text('Session id.'),
    revision: number('Revision of the session.'),
    conflicts: v.pipe(v.array(Conflict), v.readonly(), doc('Oldest first.')),
  }),
  errors: [...SESSION_ERRORS],
});

export const resolveConflict = command({
  name: 'resolve_conflict',
  summary: 'Decides a conflict.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    conflict: identifier('Id of the conflict, or a unique beginning of it.'),
    choice: v.pipe(
      v.picklist(RESOLUTIONS),
      doc(
        '`ours`: keep what the session has. `theirs`: take the value that came. `union`: what both have, of texts by ' +
          'lines, of arrays by elements, of objects by members. `value`: take `value`.',
      ),
    ),
    value: v.optional(
      v.pipe(v.unknown(), doc('With the choice `value`: the value, as exact as a patch has to be; null removes.')),
    ),
    client_id: caller,
    if_revision: ifRevision,
  }),
  result: v.object({
    session,
    conflict: v.pipe(Conflict, doc('The conflict that was decided.')),
    context,
  }),
  errors: [
    ...SESSION_ERRORS,
    'ConflictNotFound',
    'NotResolvable',
    'SessionClosed',
    'RevisionConflict',
    'LimitExceeded',
    'StorageFull',
  ],
});

export const recordInputs = command({
  name: 'record_inputs',
  summary: 'Adds inputs that were typed elsewhere to the history of a session, without running them.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    source: identifier('What they come from, e.g. the kind of history file.'),
    inputs: v.pipe(
      v.array(
        v.object({
          code,
          typed_at: v.optional(time('When it was typed.')),
          redacted: v.optional(flag('Secrets in it were replaced.')),
        }),
      ),
      v.maxLength(MAX_RECORDED_INPUTS),
      doc('Oldest first. Those that the history has already, with the same time, are passed over.'),
    ),
    client_id: caller,
    if_revision: ifRevision,
  }),
  result: v.object({ session, recorded: number('Inputs added.'), known: number('Inputs passed over.') }),
  errors: [...SESSION_ERRORS, 'SessionClosed', 'RevisionConflict', 'LimitExceeded', 'StorageFull'],
});
