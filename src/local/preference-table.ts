/** Every preference: type, default, allowed values and meaning. Validation, listings and help are made from this. */

import { sizeBytes } from '../session/byte-size.js';
import { DURATION_FORMS, durationMs, durationText } from '../session/duration.js';
import { parseExactJson } from '../session/exact-json.js';
import { compileSecretPattern, UnsupportedPattern } from '../session/user-pattern.js';
import { CONNECTION_NAME_RULE, isConnectionName, LOCAL_CONNECTION } from './connection-name.js';

export interface PreferenceValues {
  readonly autostart: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  readonly connection: string;
  /** Mebibytes. */
  readonly engineMemoryMb: number;
  /** Milliseconds, all three. */
  readonly reconnectFloor: number;
  readonly reconnectCap: number;
  readonly reconnectBudget: number;
  /** Sources of regular expressions. */
  readonly secretPatterns: readonly string[];
  readonly secretBindings: SecretBindings;
}

const SECRET_BINDINGS = ['save', 'leave-unsaved'] as const;

/** What becomes of a binding that an evaluation gives a secret. */
export type SecretBindings = (typeof SECRET_BINDINGS)[number];

export type PreferenceKey = keyof PreferenceValues;

export interface Preference<V> {
  readonly default: V;
  /** One line. */
  readonly doc: string;
  /** The allowed values, in words. */
  readonly allowed: string;
  /** @returns the value that `input`, a string from a command line or a JSON value, stands for; undefined if none */
  parse(input: unknown): V | undefined;
  /** What keeps a value that was parsed from being set, where it takes longer to tell. One that an earlier version took stays. */
  problem?(value: V): Promise<string | undefined>;
  /** @returns a text that `parse` reads as `value` */
  text(value: V): string;
}

/** A day, the longest evaluation that a backend allows. */
const LONGEST_TIMEOUT_MS = 86_400_000;

/** Mebibytes: below the least the embedded engine does not start; above the most is a mistyped number. */
const ENGINE_MEMORY_MB = { least: 32, most: 65_536 };

function milliseconds(input: unknown): number | undefined {
  // Kept as a number of milliseconds, given as a text with a unit.
  const ms = typeof input === 'string' ? durationMs(input) : input;
  return typeof ms === 'number' && Number.isInteger(ms) && ms >= 1 && ms <= LONGEST_TIMEOUT_MS ? ms : undefined;
}

/** The name has the unit, so that a number may do without. */
function mebibytes(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const bytes = sizeBytes(text);
  return bytes === undefined ? undefined : Math.floor(bytes / 2 ** 20);
}

function patternSources(input: unknown): readonly string[] | undefined {
  const list = typeof input === 'string' ? parsedJson(input) : input;
  if (!Array.isArray(list)) return undefined;
  return list.every((each) => typeof each === 'string') ? list : undefined;
}

async function patternProblem(sources: readonly string[]): Promise<string | undefined> {
  try {
    for (const source of sources) await compileSecretPattern(source);
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedPattern) return error.message;
    throw error;
  }
}

function parsedJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

export const PREFERENCES: { readonly [K in PreferenceKey]: Preference<PreferenceValues[K]> } = {
  autostart: {
    default: true,
    doc: 'Start the private backend when a command needs it.',
    allowed: 'true or false',
    parse: (input) =>
      input === true || input === 'true' ? true : input === false || input === 'false' ? false : undefined,
    text: String,
  },
  timeout: {
    default: 30_000,
    doc: 'How long an evaluation may run before it is interrupted.',
    allowed: DURATION_FORMS,
    parse: milliseconds,
    text: durationText,
  },
  connection: {
    default: LOCAL_CONNECTION,
    doc: 'The connection used when a command names none.',
    allowed: `the name of a connection (${CONNECTION_NAME_RULE})`,
    parse: (input) => (isConnectionName(input) ? input : undefined),
    text: (name) => name,
  },
  reconnectFloor: {
    default: 5,
    doc: 'Shortest pause between attempts to reach a backend that refuses connections.',
    allowed: DURATION_FORMS,
    parse: milliseconds,
    text: durationText,
  },
  reconnectCap: {
    default: 2_000,
    doc: 'Longest pause between those attempts.',
    allowed: DURATION_FORMS,
    parse: milliseconds,
    text: durationText,
  },
  reconnectBudget: {
    default: 10_000,
    doc: 'How long a command tries to reach a backend again that it has lost. A watch never stops.',
    allowed: DURATION_FORMS,
    parse: milliseconds,
    text: durationText,
  },
  secretPatterns: {
    default: [],
    doc: 'What else in evaluated code is a secret; the journal keeps it without the first group, or without all of a match.',
    allowed: 'a JSON list of regular expressions in the syntax of RE2, such as ["corp-[0-9]{8}"]',
    parse: patternSources,
    problem: patternProblem,
    text: (patterns) => JSON.stringify(patterns),
  },
  secretBindings: {
    default: 'save',
    doc: 'Whether a variable that is given a secret is saved, and so in every snapshot and export, or left unsaved, and lost with its engine.',
    allowed: SECRET_BINDINGS.join(' or '),
    parse: (input) => SECRET_BINDINGS.find((each) => each === input),
    text: (choice) => choice,
  },
  engineMemoryMb: {
    default: 128,
    doc: 'Memory an embedded engine may use, in mebibytes.',
    allowed: `a size such as 256MiB or 1GiB, or whole mebibytes, from ${ENGINE_MEMORY_MB.least} to ${ENGINE_MEMORY_MB.most}`,
    parse: (input) => {
      const number = typeof input === 'string' ? mebibytes(input) : input;
      if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
      return number >= ENGINE_MEMORY_MB.least && number <= ENGINE_MEMORY_MB.most ? number : undefined;
    },
    text: (number) => `${number}MiB`,
  },
};

export const PREFERENCE_KEYS = Object.keys(PREFERENCES) as PreferenceKey[];

/** @returns whether `key` is the name of a preference. */
export function isPreferenceKey(key: string): key is PreferenceKey {
  return Object.hasOwn(PREFERENCES, key);
}
