/**
 * A network that can be cut: passes TCP connections on until it is told to stop (SIGTERM), and cuts them all then.
 *
 * Usage: node relay.mjs PORT TARGET_PORT    (both on 127.0.0.1; port 0 takes a free one; prints the port it listens at)
 */
import { connect, createServer } from 'node:net';

const [port = '0', target = ''] = process.argv.slice(2);
const open = new Set();

const server = createServer((near) => {
  const far = connect(Number(target), '127.0.0.1');
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ]) {
    open.add(socket);
    socket.pipe(other);
    // Either end may break at any time; that is what this is for.
    socket.on('error', () => other.destroy());
    socket.on('close', () => {
      open.delete(socket);
      other.destroy();
    });
  }
});

server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port));

process.on('SIGTERM', () => {
  server.close();
  for (const socket of open) socket.destroy();
});
