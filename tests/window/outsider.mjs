// A server that stands for everything outside: whatever reaches it is kept, so that a test can say what got out.
import { createServer } from 'node:http';

/** Starts one on this computer. `status` and `body` are what it answers to every request. */
export async function startOutsider({ status = 200, body = '' } = {}) {
  const outsider = new Outsider(status, body);
  await outsider.listen();
  return outsider;
}

class Outsider {
  /** The first line of every request, without the version: `GET /image.png`, `CONNECT huggingface.co:443`. */
  requests = [];
  #server;
  #tunnels = new Set();

  constructor(status, body) {
    this.#server = createServer(({ method, url }, response) => {
      this.requests.push(`${method} ${url}`);
      // Otherwise a page could not read the answer, and what got out would look as if it had not.
      response.writeHead(status, { 'access-control-allow-origin': '*' }).end(body);
    });
    // What a program asks a proxy for. It is told no, and hears the end of it.
    this.#server.on('connect', ({ method, url }, socket) => {
      this.requests.push(`${method} ${url}`);
      this.#tunnels.add(socket.on('error', () => {}));
      socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
    });
    // What is not HTTP got out as well.
    this.#server.on('clientError', ({ message }, socket) => {
      this.requests.push(message);
      socket.destroy();
    });
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  forget() {
    this.requests = [];
  }

  close() {
    for (const socket of this.#tunnels) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
