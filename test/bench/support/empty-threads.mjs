/** A program that does nothing in as many threads as its argument says: what Node itself takes. Prints a line of JSON when all of them run. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const workers = Number(process.argv[2]) - 1;
const idle = 'setInterval(() => {}, 2 ** 30)';
await Promise.all(Array.from({ length: workers }, () => once(new Worker(idle, { eval: true }), 'online')));
console.log(JSON.stringify({ started: true }));
