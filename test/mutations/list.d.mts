export interface Mutation {
  /** What the code does with it. */
  readonly name: string;
  /** What mistakes of this kind have in common. */
  readonly kind: string;
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** File that has to fail. */
  readonly test: string;
  /** Pattern of the test's name, where the file has many. */
  readonly only?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export declare const MUTATIONS: readonly Mutation[];
