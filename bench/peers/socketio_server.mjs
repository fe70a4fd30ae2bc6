// The official server, doing what showrunner-echo does: `pub` goes to everyone as `ev`.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { pingInterval: 600_000, pingTimeout: 600_000 });
io.on("connection", (socket) => {
  socket.emit("auth", socket.handshake.auth);
  socket.on("pub", (value) => io.emit("ev", value));
});
http.listen(0, "127.0.0.1", 4096, () => console.log(`ready http://127.0.0.1:${http.address().port}`));
