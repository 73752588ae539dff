/** What a backend says about parameters, as a command line says it: who types `--timeout` knows of no `timeout_ms`. */
import { durationText } from '../session/duration.js';

/** Every parameter of the protocol, in the words of a command line. */
export const WORDS: Readonly<Record<string, string>> = {
  a: 'the first session',
  a_at: 'the revision of the first session',
  after: '--after',
  at: '--at',
  at_time: '--at',
  b: 'the second session',
  b_at: 'the revision of the second session',
  base_revision: '--base',
  before: '--range',
  choice: 'the decision',
  client_id: 'the client',
  clients: '--with',
  code: 'the code',
  conflict: 'the conflict',
  data: 'the archive',
  dry_run: '--dry-run',
  expired: '--expired',
  failed: '--failed',
  fork: '--fork',
  fork_id: 'the id of the fork',
  from: '--range',
  grep: '--grep',
  if_revision: '--if-revision',
  inputs: 'the inputs',
  interim: 'the progress',
  key: '--key',
  labels: '--label',
  last: 'the end of the archive',
  leave_unsaved: 'what is left unsaved',
  limit: '--limit',
  message: 'the message',
  name: 'the name',
  offset: 'the place in the archive',
  older_than_ms: '--older-than',
  orphaned: '--orphaned',
  outage_ms: 'the outage',
  plan: '--plan',
  record_as: 'what the journal keeps',
  replay: '--replay',
  rerun_of: '--rerun',
  revision: 'the revision',
  seen: 'what was seen of the history',
  session_id: 'the session',
  since: '--since',
  source: 'the source',
  start: '--start',
  state: '--state',
  state_data: 'the change',
  strategy: '--strategy',
  target: 'the target',
  timeout_ms: '--timeout',
  ttl_ms: '--ttl',
  upload: 'the upload',
  value: 'the value',
  versions: 'the versions',
  wait_ms: '--wait',
};

/** What the types of JSON are called. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  boolean: 'true or false',
  Object: 'object',
  Array: 'list',
};

/**
 * @param message `COMMAND: "parameter": what is wrong; …`, as backends of this protocol refuse parameters
 * @returns the same without names of the wire; any other message as it is
 */
export function inWords(message: string): string {
  const [, problems] = /^[a-z]+(?:_[a-z]+)*: ((?:"|missing ").*)$/s.exec(message) ?? [];
  return problems === undefined ? message : upperFirst(problems.split('; ').map(problemInWords).join('; '));
}

function problemInWords(problem: string): string {
  const [, missing] = /^missing "(\w+)" parameter$/.exec(problem) ?? [];
  if (missing !== undefined) return `${WORDS[missing] ?? missing} is missing`;
  const [, path, reason] = /^"([^"]+)": (.*)$/s.exec(problem) ?? [];
  if (path === undefined || reason === undefined) return problem;
  const [name = '', ...places] = path.split('.');
  const place = places.length === 0 ? '' : ` ${places.join('.')}:`;
  return `${WORDS[name] ?? name}:${place} ${reasonInWords(reason, name.endsWith('_ms'))}`;
}

/** The reasons of valibot's checks, which schemas of this protocol consist of. */
function reasonInWords(reason: string, isDuration: boolean): string {
  const [, what, sign, bound] = /^Invalid (length|value|entries): Expected ([<>])=(\d+)/.exec(reason) ?? [];
  if (what === 'length') {
    if (sign === '<') return `it has at most ${bound} characters`;
    return bound === '1' ? 'it cannot be empty' : `it has at least ${bound} characters`;
  }
  if (what === 'entries') return `there are at most ${bound}`;
  if (what === 'value') {
    return `the ${sign === '<' ? 'most' : 'least'} is ${isDuration ? durationText(Number(bound)) : bound}`;
  }
  const [, type] = /^Invalid type: Expected (\w+)/.exec(reason) ?? [];
  return type === undefined ? reason : `it is no ${TYPES[type] ?? type}`;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
