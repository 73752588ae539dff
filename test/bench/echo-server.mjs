/** The least a JSON service over ZeroMQ can do: a ROUTER that parses each request and sends it back. */
import { Router } from 'zeromq';

const socket = new Router({ linger: 0 });
await socket.bind(process.argv[2]);
process.stdout.write('ready\n');
process.stdin.resume().on('end', () => process.exit());
for await (const frames of socket) {
  const request = JSON.parse(frames.at(-1).toString());
  await socket.send([...frames.slice(0, -1), JSON.stringify(request)]);
}
