/** Prints why a directory could not be made, or that it was. */
import { makeDirectory } from '../../../src/files/directories.js';

try {
  makeDirectory(process.argv[2] as string);
  console.log('made');
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
