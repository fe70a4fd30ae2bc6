// nginx with one worker, as the server has one thread: a folder, sent by the kernel, nothing logged.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { cpuSeconds } from "./processes.mjs";

/** nginx cannot be told to choose one and say which. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const config = (folder, port) => `
  user root;
  daemon off;
  worker_processes 1;
  pid ${folder}/pid;
  error_log ${folder}/error.log;
  events { worker_connections 1024; }
  http {
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    access_log off;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    default_type application/octet-stream;
    client_body_temp_path ${folder}/body;
    proxy_temp_path ${folder}/proxy;
    fastcgi_temp_path ${folder}/fastcgi;
    uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    server { listen 127.0.0.1:${port}; root ${folder}/root; }
  }`;

export class Nginx {
  static async start(parent) {
    const folder = `${parent}/nginx`;
    mkdirSync(`${folder}/root`, { recursive: true });
    const port = await freePort();
    writeFileSync(`${folder}/nginx.conf`, config(folder, port));
    const nginx = new Nginx(folder, port);
    for (let left = 50; ; --left) {
      const up = await fetch(nginx.url).then(() => true, () => false);
      if (up) return nginx;
      if (left === 0) throw new Error(`nginx does not start: ${readFileSync(`${folder}/error.log`, "utf8")}`);
      await pause(100);
    }
  }

  constructor(folder, port) {
    this.root = `${folder}/root`;
    this.url = `http://127.0.0.1:${port}`;
    this.child = spawn("nginx", ["-c", `${folder}/nginx.conf`], { stdio: "ignore" });
    this.ended = new Promise((resolve) => this.child.on("close", resolve));
  }

  /** Of the worker: the master only watches it. */
  cpu() {
    const children = readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, "utf8").split(" ").filter(Boolean);
    return children.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }

  async stop() {
    this.child.kill("SIGQUIT");
    await this.ended;
  }
}
