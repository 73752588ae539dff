/**
 * Changes the store in DIRECTORY, then gets a signal. With `handled`, prints how often the process sent it to itself
 * again while its own handler ran; otherwise nothing handles it.
 */
import { adding, numbersStore } from '../numbers-store.js';

const [directory = '', mode] = process.argv.slice(2);
await numbersStore(directory).update(adding(1));
if (mode === 'handled') {
  let again = 0;
  process.kill = () => {
    again += 1;
    return true;
  };
  process.on('SIGINT', () => undefined);
  process.emit('SIGINT');
  console.log(again);
} else {
  process.kill(process.pid, 'SIGTERM');
  // Keeps the process until the signal has arrived.
  setInterval(() => undefined, 1_000);
}
