/** What the manuals say about the CLI: read from the build, so that they cannot differ from what runs. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { DIST, ROOT } from '../build/layout.mjs';

const core = createRequire(`${DIST}/`)('./core.cjs');

/** @returns the CLI's commands, topics and exit codes, in the order the manuals list them */
export async function readCommandModel() {
  const [{ commands }, { version, oclif }] = await Promise.all([
    readJson(`${DIST}/oclif.manifest.json`),
    readJson(`${ROOT}package.json`),
  ]);
  return {
    version,
    topics: Object.entries(oclif.topics).map(([name, { description }]) => ({ name, description })),
    exitCodes: Object.values(core.load('cli/exit-codes').EXIT_CODES),
    environment: ENVIRONMENT,
    commands: Object.values(commands)
      .filter((command) => !command.hidden)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(describeCommand),
  };
}

/** @returns docs/protocol.md */
export function renderProtocolReference() {
  return core.load('protocol/reference').renderProtocolReference();
}

/** @returns the valibot schemas of the panel layout, by name */
export function readLayoutSchemas() {
  return core.load('session/layout');
}

/** The variables that scripts rely on. A flag's own variable stands with the flag. */
const ENVIRONMENT = [
  ['STUI_HOME', 'One directory for configuration, data, cache and sockets, instead of the places of the platform.'],
  ['STUI_SESSION', 'The session to work in when the command line names none.'],
  ['STUI_CONNECTION', 'The connection to use when the command line names none.'],
  ['STUI_TIMEOUT', 'How long an evaluation may run, when the command line does not say.'],
  [
    'STUI_LOG',
    'With "debug", failures show their stack trace on standard error. Of a backend that is started: the least level that it logs (debug, info, warn, error).',
  ],
  ['STUI_LOG_FORMAT', 'With "json", a backend that is started logs one JSON document a line.'],
  ['NO_COLOR', 'Switches colours off.'],
  ['FORCE_COLOR', 'Switches colours on where there is no terminal.'],
  [
    'CI',
    'Plain lines instead of spinners; nothing waits in the outbox, and new sessions do not become the current one.',
  ],
];

function describeCommand(command) {
  const name = command.id.replaceAll(':', ' ');
  const words = `stui ${name}`;
  const plain = (text) => withoutTemplate(text, name);
  const flags = Object.values(command.flags).filter((flag) => !flag.hidden);
  const args = Object.values(command.args).filter((arg) => !arg.hidden);
  return {
    words,
    page: words.replaceAll(' ', '-'),
    summary: plain(command.summary ?? firstSentence(command.description ?? '')),
    description: plain(command.description ?? ''),
    aliases: command.aliases.map((alias) => `stui ${alias.replaceAll(':', ' ')}`),
    args: args.map((arg) => ({ ...arg, label: arg.name.toUpperCase(), description: plain(arg.description ?? '') })),
    flags: flags.map((flag) => describeFlag(flag, plain)),
    examples: (command.examples ?? []).map((example) => describeExample(example, plain)),
  };
}

function describeFlag(flag, plain) {
  const value = flag.type === 'boolean' ? '' : (flag.helpValue ?? (flag.options ? flag.options.join('|') : '<value>'));
  const text = [flag.summary, flag.description].filter(Boolean).join(' ');
  const long = `--${flag.allowNo ? '[no-]' : ''}${flag.name}`;
  const particulars = [
    flag.required && 'required',
    flag.multiple && 'can be given several times',
    String(flag.default ?? '') !== '' && `default: ${flag.default}`,
    flag.env && `environment: ${flag.env}`,
  ].filter(Boolean);
  return { ...flag, long, value, description: plain(text), particulars };
}

/** An example is a command line, or a line that explains and one that commands. */
function describeExample(example, plain) {
  if (typeof example !== 'string') return { comment: plain(example.description), line: plain(example.command) };
  const lines = plain(example).split('\n');
  const firstCommand = Math.max(
    0,
    lines.findIndex((line) => /\bstui\b/.test(line)),
  );
  const comment = lines.slice(0, firstCommand).join(' ').trim();
  return {
    comment,
    line: lines
      .slice(firstCommand)
      .join('\n')
      .trim()
      .replace(/^\$\s*/, ''),
  };
}

/** oclif renders texts as templates; these are the expressions in use. */
function withoutTemplate(text, name) {
  const rendered = text.replaceAll(/<%=\s*config\.bin\s*%>/g, 'stui').replaceAll(/<%=\s*command\.id\s*%>/g, name);
  if (rendered.includes('<%')) throw new Error(`stui ${name}: the manuals do not know this template: ${rendered}`);
  return rendered.trim();
}

function firstSentence(text) {
  return text.split('\n', 1)[0];
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}
