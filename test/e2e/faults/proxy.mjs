// A store that misbehaves: stands before the vault, inside its network namespace, and does to requests what it was told.
// Orders come as lines of JSON on standard input: a list of rules, the first that matches decides; none = passed on.
//   { "method": "PUT", "path": "archive", "do": "answer", "status": 503, "code": "SlowDown", "every": 2 }
//   { "do": "delay", "ms": 300 } | { "do": "hang" } | { "do": "reset" }
// Each order is answered by a line with the counts since the last one. It ends with its standard input.
import { readFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:https';
import { createInterface } from 'node:readline';

const { address, port, upstream, host, folder } = JSON.parse(process.argv[2] ?? '{}');
const file = (name) => readFileSync(`${folder}/${name}`);
const agent = new Agent({ keepAlive: true, ca: file('ca.crt'), servername: host });
let rules = [];
let counts = {};

function matching(incoming) {
  return rules.find((rule) => {
    if (rule.method !== undefined && rule.method !== incoming.method) return false;
    if (rule.path !== undefined && !incoming.url.includes(rule.path)) return false;
    rule.seen = (rule.seen ?? 0) + 1;
    return rule.every === undefined || rule.seen % rule.every === 0;
  });
}

function passOn(incoming, outgoing) {
  const { method, url: path, headers } = incoming;
  const forwarded = request({ host: address, port: upstream, agent, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  forwarded.on('error', () => outgoing.destroy());
  incoming.pipe(forwarded);
}

const server = createServer({ key: file('server.key'), cert: file('server.crt') }, (incoming, outgoing) => {
  const rule = matching(incoming);
  const did = rule?.do ?? 'pass';
  counts[did] = (counts[did] ?? 0) + 1;
  if (did === 'pass') passOn(incoming, outgoing);
  else if (did === 'delay') setTimeout(() => passOn(incoming, outgoing), rule.ms);
  else if (did === 'reset') incoming.socket.destroy();
  else if (did === 'answer') {
    incoming.resume();
    incoming.on('end', () => {
      outgoing.writeHead(rule.status, { 'content-type': 'application/xml' });
      outgoing.end(`<?xml version="1.0"?><Error><Code>${rule.code}</Code><Message>told to</Message></Error>`);
    });
  }
});
server.on('listening', () => console.log('{}'));
server.listen(port, address);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    rules = JSON.parse(line);
    console.log(JSON.stringify(counts));
    counts = {};
    // What hung before would hang for ever.
    server.closeAllConnections();
  })
  .on('close', () => process.exit(0));
