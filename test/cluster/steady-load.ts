// Servers and their clients for tasks, which show whether a request is lost while servers come and go.

/** There at once, with who serves and (/cgi-bin/who) whom it sees. What it was asked before it is to end it still answers. */
export const PAGES = `
mkdir -p /www/cgi-bin && echo "$(hostname)" >/www/index.html && cp /www/index.html /www/slow
printf '#!/bin/sh\\necho\\necho "$(hostname) saw $REMOTE_ADDR"\\n' >/www/cgi-bin/who && chmod +x /www/cgi-bin/who
trap 'sleep 1; exit' TERM
httpd -f -p 8080 -h /www &
wait`;

/** Until its input ends, by new connections and by kept ones: what was answered, and what went wrong and when. */
export const LOAD = `
const { Agent, get } = require('http');
const urls = process.argv.slice(1);
const begun = Date.now();
let isOver = false;
process.stdin.resume().on('end', () => (isOver = true));
const failures = [], servers = new Set();
let answered = 0;
function ask(url, agent) {
  return new Promise((resolve) => {
    const at = Date.now() - begun;
    const fail = ({ code, message }) => resolve(failures.push(at + ' ' + url + ' ' + (code ?? message)));
    const request = get(url, { agent, timeout: 5_000 }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk)).on('error', fail).on('end', () => {
        servers.add(text.trim());
        resolve(answered++);
      });
    });
    request.on('timeout', () => request.destroy(new Error('timeout'))).on('error', fail);
  });
}
async function go(url, agent, pause) {
  while (!isOver) {
    await ask(url, agent);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
const kept = () => new Agent({ keepAlive: true, maxSockets: 1 });
const all = urls.flatMap((url) => [
  go(url, false, 10), go(url, false, 25),
  go(url, kept(), 10), go(url, kept(), 50), go(url + 'slow', false, 0), go(url + 'slow', kept(), 0),
]);
Promise.all(all).then(() => {
  console.log(JSON.stringify({ failures, answered, servers: [...servers] }));
  process.exit();
});`;

export interface Load {
  readonly answered: number;
  /** Each text that was an answer. */
  readonly servers: readonly string[];
  readonly failures: readonly string[];
}
