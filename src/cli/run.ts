import { Config, type Interfaces, loadHelpClass } from '@oclif/core';
import { findTarget, unknownCommand, type Vocabulary } from './command-line.js';
import { refuseUndecodable } from './encoding.js';
import { UsageError } from './errors.js';
import { asksForHelp, asksForJson } from './global-flags.js';
import { endOnLostOutput, write, writeDocument, writeFailure } from './output.js';
import { endOnSignals } from './signals.js';

/** What the launcher knows about the installation. */
export interface Installation {
  /** Directory of package.json and oclif.manifest.json. */
  readonly root: string;
  readonly pjson: Interfaces.PJSON;
}

/**
 * The whole life of a command line: find the command, run it, say how it went, end the process.
 * It ends the process itself, so that a handle someone forgot to close cannot keep a finished command alive.
 */
export async function run(argv: readonly string[], installation: Installation): Promise<never> {
  const json = asksForJson(argv);
  endOnSignals(json);
  endOnLostOutput();
  try {
    refuseUndecodable(argv);
    await dispatch(argv, json, installation);
  } catch (error) {
    process.exitCode = await writeFailure(error, { json: json && 'document' });
  }
  await Promise.allSettled([write(process.stdout, ''), write(process.stderr, '')]);
  process.exit();
}

/** oclif's own `run` answers a bare topic and an unknown command in ways that scripts cannot use, hence this one. */
async function dispatch(argv: readonly string[], json: boolean, { root, pjson }: Installation): Promise<void> {
  const config = await Config.load({ root, pjson, devPlugins: false, userPlugins: false });
  if (argv[0] === '--version') return showVersion(config, json);

  const vocabulary: Vocabulary = { commandIds: config.commandIDs, topics: config.topics.map(({ name }) => name) };
  const helpWord = argv[0] === 'help' ? 1 : 0;
  const target = findTarget(argv.slice(helpWord), vocabulary);
  if (target.kind === 'unknown') throw unknownCommand(target.words, vocabulary);
  if (helpWord === 1 || asksForHelp(argv)) return showHelp(config, target.kind === 'nothing' ? '' : target.id);

  if (target.kind === 'command') {
    await config.runCommand(target.id, [...target.rest], config.findCommand(target.id, { must: true }));
    return;
  }
  const flag = target.rest.find((word) => word.startsWith('-') && word !== '--json');
  if (flag !== undefined) throw new UsageError(`Unknown flag: ${flag.split('=', 1)[0]}`, 'Flags follow the command.');
  if (!json) return showHelp(config, target.kind === 'topic' ? target.id : '');
  const what =
    target.kind === 'topic' ? `"stui ${target.id.replaceAll(':', ' ')}" needs a command` : 'No command given';
  throw new UsageError(what, 'Run it with --help for the list of commands.');
}

async function showHelp(config: Config, subject: string): Promise<void> {
  const Help = await loadHelpClass(config);
  const help = new Help(config, config.pjson.oclif.helpOptions);
  const lines: string[] = [];
  // Its own goes by the console, which says nothing when the output is lost.
  Object.assign(help, { log: (line = '') => lines.push(`${line}\n`) });
  await help.showHelp(subject === '' ? [] : [subject]);
  await write(process.stdout, lines.join(''));
}

async function showVersion(config: Config, json: boolean): Promise<void> {
  const { name, version, platform, arch } = config;
  if (json) await writeDocument({ name, version, node: process.version, platform, arch });
  else await write(process.stdout, `${config.userAgent}\n`);
}
