/** Prints the client id of the data directory DIRECTORY. */
import { clientId } from '../../../src/local/client-id.js';

console.log(clientId({ data: process.argv[2] ?? '' }));
