/** What this user prefers, and what holds where nothing was said. */
import type { Configuration } from './configuration.js';
import { withDefault } from './connections.js';
import { InvalidValue, UnknownPreference } from './errors.js';
import {
  isPreferenceKey,
  PREFERENCE_KEYS,
  PREFERENCES,
  type Preference,
  type PreferenceKey,
  type PreferenceValues,
} from './preference-table.js';
import type { Store } from './store.js';

export interface PreferenceSetting<K extends PreferenceKey = PreferenceKey> {
  readonly key: K;
  readonly value: PreferenceValues[K];
  readonly default: PreferenceValues[K];
  /** The value as a command line sets it, durations and sizes with their unit. */
  readonly text: string;
  /** False while the default holds because nothing was set. */
  readonly isSet: boolean;
  readonly doc: string;
  readonly allowed: string;
}

export class Preferences {
  constructor(private readonly store: Store<Configuration>) {}

  /** The value set, else the default. */
  get<K extends PreferenceKey>(key: K): PreferenceValues[K] {
    return this.setting(key).value;
  }

  /** @throws UnknownPreference for a key that is not in the table, such as one from a command line */
  setting<K extends PreferenceKey>(key: K): PreferenceSetting<K> {
    checkKey(key);
    return settingOf(key, this.store.read());
  }

  list(): readonly PreferenceSetting[] {
    const configuration = this.store.read();
    return PREFERENCE_KEYS.map((key) => settingOf(key, configuration));
  }

  /**
   * @param input the value, or the string that stands for it on a command line
   * @returns the value that holds now
   * @throws UnknownPreference, InvalidValue naming what is allowed, UnknownConnection
   */
  async set<K extends PreferenceKey>(key: K, input: unknown): Promise<PreferenceValues[K]> {
    checkKey(key);
    const preference: Preference<PreferenceValues[K]> = PREFERENCES[key];
    const value = preference.parse(input);
    if (value === undefined) throw new InvalidValue(key, input, preference.allowed);
    const problem = await preference.problem?.(value);
    if (problem !== undefined) throw new InvalidValue(key, input, `${preference.allowed}; ${problem}`);
    await this.store.update((current) => {
      if (key === 'connection') return withDefault(current, String(value));
      return { ...current, preferences: { ...current.preferences, [key]: value } };
    });
    return value;
  }

  /** The default holds again. @throws UnknownPreference */
  async unset(key: PreferenceKey): Promise<void> {
    checkKey(key);
    await this.store.update((current) => {
      const { [key]: _, ...others } = current.preferences;
      return { ...current, preferences: others };
    });
  }
}

/** Keys come from command lines: the compiler has not seen them. */
function checkKey(key: string): asserts key is PreferenceKey {
  if (!isPreferenceKey(key)) throw new UnknownPreference(key, PREFERENCE_KEYS);
}

function settingOf<K extends PreferenceKey>(key: K, { preferences }: Configuration): PreferenceSetting<K> {
  const preference: Preference<PreferenceValues[K]> = PREFERENCES[key];
  const set = preference.parse(preferences[key]);
  const value = set ?? preference.default;
  return {
    key,
    value,
    default: preference.default,
    text: preference.text(value),
    isSet: set !== undefined,
    doc: preference.doc,
    allowed: preference.allowed,
  };
}
