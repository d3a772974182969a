// Takes whatever is posted to it and prints it: one line of JSON for each request. It ends with its standard input.
//   webhook-server.mjs ADDRESS PORT
import { createServer } from 'node:http';

const [address, port] = process.argv.slice(2);

const server = createServer((incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    console.log(JSON.stringify({ path: incoming.url, body: JSON.parse(Buffer.concat(chunks).toString()) }));
    outgoing.end();
  });
});
server.on('listening', () => console.log('listening'));
server.listen(Number(port), address);

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
