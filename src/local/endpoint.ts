/** What may be connected to, as it is configured or given. */
import { ENDPOINT_FORMS, isEndpoint } from '../protocol/endpoint.js';
import { InvalidValue } from './errors.js';

/**
 * @returns `endpoint` if a ZeroMQ socket can connect to it
 * @throws InvalidValue otherwise
 */
export function checkedEndpoint(endpoint: unknown): string {
  if (isEndpoint(endpoint)) return endpoint;
  throw new InvalidValue('endpoint', endpoint, ENDPOINT_FORMS);
}

/**
 * @returns `endpoint` if a ZeroMQ socket can listen there; port 0 stands for any free one
 * @throws InvalidValue otherwise
 */
export function checkedListeningEndpoint(endpoint: string): string {
  checkedEndpoint(endpoint.replace(/^(tcp:.*):0$/, '$1:1'));
  return endpoint;
}
