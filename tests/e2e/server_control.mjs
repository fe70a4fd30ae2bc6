// Stops and starts a server of the tests by HTTP, for a program that runs in another process.
import { once } from "node:events";
import { createServer } from "node:http";

export async function startControl(server) {
  const commands = {
    "/stop": () => server.stop(),
    "/start-soon": () => void setTimeout(() => server.start(), 300),
  };
  const control = createServer(async (request, response) => {
    const command = commands[request.url];
    await command?.();
    response.writeHead(command ? 200 : 404).end();
  });
  control.listen(0, "127.0.0.1");
  await once(control, "listening");
  return { url: `http://127.0.0.1:${control.address().port}`, close: () => control.close() };
}
