// The official client, keeping everything that it receives, in order.
import { io } from "socket.io-client";
import WebSocket from "ws";
import { eventually } from "./showrunner_server.mjs";

export class Listener {
  events = [];
  connects = []; // `recovered` of each
  disconnects = []; // the reason of each
  refusals = [];

  /** `token`: text, or what gives one; asked again at every attempt, as an application would. */
  constructor(test, server, token, { nsp = "/real-time", auth = {}, url, ...options } = {}) {
    const socket = io((url ?? server.url) + nsp, {
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 200,
      transports: ["websocket"],
      ...options,
      auth: async (give) =>
        give({ token: typeof token === "function" ? await token() : token, ...auth }),
    });
    this.socket = socket;
    socket.onAny((name, ...args) => {
      const hasOffset = args.length > 1 && typeof args.at(-1) === "string";
      this.events.push({ name, payload: args[0], offset: hasOffset ? args.at(-1) : undefined });
    });
    socket.on("connect", () => this.connects.push(socket.recovered));
    socket.on("disconnect", (reason) => this.disconnects.push(reason));
    socket.on("connect_error", (error) => {
      if (error.data?.code) this.refusals.push({ message: error.message, ...error.data });
    });
    test.after(() => socket.disconnect());
  }

  /** Connected for the `count`th time. */
  async connected(count = 1) {
    await eventually(`connection ${count}`, () => this.connects.length >= count);
    return this;
  }

  refused(count = 1) {
    return eventually("a refusal", () => this.refusals.length >= count && this.refusals.at(-1));
  }

  disconnected(count = 1) {
    return eventually("a disconnect", () => this.disconnects.length >= count);
  }

  /** The first event that `wanted` (a name or a condition) takes, past or to come. */
  event(wanted) {
    const test = typeof wanted === "function" ? wanted : (event) => event.name === wanted;
    return eventually(`event ${wanted}`, () => this.events.find(test));
  }

  named(name) {
    return this.events.filter((event) => event.name === name);
  }

  titles(name = "episode_updated") {
    return this.named(name).map((event) => event.payload.title);
  }

  offsets() {
    return this.events.map((event) => event.offset).filter(Boolean);
  }

  /** Answers as the server's ack. */
  ask(name, input) {
    return this.socket.timeout(20_000).emitWithAck(name, input);
  }

  subscribe(episode) {
    return this.ask("subscribe", { resourceType: "episode", resourceId: episode.id });
  }

  /** As when the network goes: the client notices and comes back by itself. */
  dropTransport() {
    this.socket.io.engine.close();
  }
}

/** The protocol by hand, for what the official client would never send. */
export class RawClient {
  packets = [];

  constructor(test, server, nsp = "/real-time") {
    this.nsp = nsp;
    const url = server.url.replace("http", "ws");
    this.ws = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`);
    this.closed = new Promise((resolve) => this.ws.on("close", resolve));
    this.ws.on("error", () => {});
    this.ws.on("message", (data) => {
      const text = data.toString();
      if (text === "2") this.ws.send("3");
      else this.packets.push(text);
    });
    test.after(() => this.ws.terminate());
  }

  /** The answer to CONNECT: `{sid, pid}` or `{message, data}`. */
  async connect(auth) {
    await eventually("the handshake", () => this.packets.length > 0);
    this.ws.send(`40${this.nsp},${JSON.stringify(auth)}`);
    const answers = [`40${this.nsp},`, `44${this.nsp},`];
    const answer = await eventually("an answer to CONNECT", () =>
      this.packets.find((packet) => answers.some((start) => packet.startsWith(start))),
    );
    return JSON.parse(answer.slice(answer.indexOf(",") + 1));
  }

  /** Events so far as `[name, payload, offset]`. */
  events() {
    const start = `42${this.nsp},`;
    return this.packets
      .filter((packet) => packet.startsWith(start))
      .map((packet) => JSON.parse(packet.slice(start.length)));
  }
}
