// A proxy that serves the daemon under a path and takes that path away, as nginx does with
// `location /glidepath/ { proxy_pass http://127.0.0.1:8437/; }`. Whatever lies beside the path is not found.
import { createServer, request } from "node:http";

/** Starts it before `address`; its own address has no slash at the end. `beside` collects what was asked outside the path. */
export async function below(address, path) {
  const beside = [];
  const target = new URL(address);
  const server = createServer((asked, answer) => {
    if (!asked.url.startsWith(`${path}/`)) {
      beside.push(`${asked.method} ${asked.url}`);
      answer.writeHead(404).end();
      return;
    }
    const { method, headers } = asked;
    const passed = { host: target.hostname, port: target.port, path: asked.url.slice(path.length), method, headers };
    const passing = request(passed, (answered) => {
      answer.writeHead(answered.statusCode, answered.headers);
      answered.pipe(answer);
    });
    passing.on("error", () => answer.destroy());
    asked.pipe(passing);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}${path}`, beside, close };
}
