// The same job with isolated-vm behind node's http server: node server.js PORT SCRIPT persistent|fresh
// Each request's body is parsed, handed to the script's method as a copy, and its result is copied out.
'use strict';

const http = require('http');
const fs = require('fs');
const ivm = require('isolated-vm');

const [port, file, mode] = process.argv.slice(2);
const source = fs.readFileSync(file, 'utf8');

function instance() {
  const isolate = new ivm.Isolate({ memoryLimit: 8 });
  const context = isolate.createContextSync();
  context.evalSync(`${source}; globalThis.made = new Script();`);
  return { isolate, context };
}

async function run({ context }, request) {
  return context.evalClosure('return made.process_incoming_request({ request: $0 });', [request], {
    arguments: { copy: true },
    result: { copy: true, promise: true },
    timeout: 3000,
  });
}

const kept = mode === 'persistent' ? instance() : null;

async function answer(body, req) {
  const content = JSON.parse(body);
  const request = { url: { pathname: req.url, search: '', query: {} }, content, body: content, content_raw: body, headers: req.headers };
  const used = kept ?? instance();
  const result = await run(used, request);
  if (kept === null) {
    used.isolate.dispose();
  }
  return JSON.stringify(result.content);
}

http
  .createServer((req, res) => {
    const parts = [];
    req.on('data', (part) => parts.push(part));
    req.on('end', async () => {
      const text = await answer(Buffer.concat(parts).toString('utf8') || '{}', req);
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.end(text);
    });
  })
  .listen(Number(port), '127.0.0.1');
