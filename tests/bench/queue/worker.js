// The ruler of deliveries.py: what a node service does with a queue of webhooks. The jobs are put into
// the queue first; then one worker takes them, posts each and notes it as done.
//
//     node worker.js REDIS_PORT FIRST_PORT PORTS JOBS CONCURRENCY BODY_FILE APPENDFSYNC
//
// The jobs go in turns to so many ports of 127.0.0.1. Prints one JSON object: calls, seconds.
'use strict'
const fs = require('fs')
const { Queue, Worker } = require('bullmq')
const { Agent, request } = require('undici')

const [redisPort, firstPort, ports, jobs, concurrency] = process.argv.slice(2, 7).map(Number)
const [bodyFile, appendfsync] = process.argv.slice(7)
const body = fs.readFileSync(bodyFile, 'utf8')
const connection = { host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null }
const dispatcher = new Agent({ connections: Math.ceil(concurrency / ports), pipelining: 1 })
const headers = { 'Content-Type': 'application/json' }
const AT_ONCE = 1000

async function fill (queue) {
  for (let first = 0; first < jobs; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, jobs - first) }, (_, i) =>
      ({ name: 'call', data: { url: `http://127.0.0.1:${firstPort + (first + i) % ports}/hook`, body } }))
    await queue.addBulk(some)
  }
}

async function call ({ data }) {
  const answer = await request(data.url, { method: 'POST', headers, body: data.body, dispatcher })
  await answer.body.dump()
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
  return answer.statusCode
}

async function work () {
  const begun = process.hrtime.bigint()
  const worker = new Worker('calls', call, { connection, concurrency })
  await new Promise((resolve, reject) => {
    let done = 0
    worker.on('completed', () => { if (++done === jobs) resolve() })
    worker.on('failed', (_, error) => reject(error))
  })
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9
  await worker.close()
  return seconds
}

async function main () {
  const queue = new Queue('calls', { connection })
  await fill(queue)
  await (await queue.client).config('SET', 'appendfsync', appendfsync)
  console.log(JSON.stringify({ calls: jobs, seconds: await work() }))
  process.exit(0)
}

main()
