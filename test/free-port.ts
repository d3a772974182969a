import { createServer } from 'node:net';

/**
 * Below those that the kernel gives to connections and to whoever asks for any (from 32768 on): nobody takes one before its
 * server listens. Test files that run at once have ports of their own.
 */
const PORTS = { first: 20_000, each: 1_500, workers: 8 };
let next = Math.floor(Math.random() * PORTS.each);

/** A port on the loopback at which nothing listens. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % PORTS.workers;
  for (let attempt = 0; attempt < PORTS.each; attempt += 1) {
    next = (next + 1) % PORTS.each;
    const port = PORTS.first + worker * PORTS.each + next;
    if (await canListen(port)) return port;
  }
  throw new Error('No free port.');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
