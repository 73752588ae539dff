/** The ids of sessions: UUIDs (RFC 9562), in any case, since programs may choose them. They become parts of file names. */
const SESSION_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && SESSION_ID.test(value);
}
