// What a careful team would write with Express, pg and socket.io for the same three routes: the token
// is verified, the input validated, record and event are committed by one prepared statement, the
// answer waits for the commit, and the event goes to the show's room.
//
//     DATABASE_URL=… JWT_SECRET=… node express_server.mjs
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

import express from "express";
import jwt from "jsonwebtoken";
import pg from "pg";
import { Server } from "socket.io";

const secret = process.env.JWT_SECRET;
const defaultShow = "00000000-0000-7000-8000-000000000001";
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 });
const app = express();
const http = createServer(app);
const io = new Server(http);

/** Time-ordered, as the server's own ids are: random ones would cost the indexes more. */
function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const insertEpisode = {
  name: "insert_episode",
  text: `WITH change AS (
      INSERT INTO episodes (id, show_id, season_number, episode_number, title, description, air_date,
        categories, status, metadata, created_at, created_by, updated_at, updated_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12) RETURNING 1
    ), appended AS (
      INSERT INTO events (actor_id, actor_name, ip, user_agent, id, type, action, created_at,
        resource_type, resource_id, episode_id, show_id, changes, payload)
      SELECT $12::uuid, $13::text, $14::inet, $15::text, $16::uuid, 'episode_created', 'CREATE',
        $11::timestamptz, 'episode', $1::uuid, $1::uuid, $2::uuid, '{}', $17::json FROM change
    ) SELECT * FROM change`,
};
const findEpisode = { name: "find_episode", text: "SELECT * FROM episodes WHERE id = $1" };
const listEpisodes = {
  name: "list_episodes",
  text: `SELECT * FROM episodes WHERE deleted_at IS NULL AND show_id = $1
         ORDER BY updated_at DESC, id DESC LIMIT $2`,
};

function authenticate(request, response, next) {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  if (scheme !== "Bearer" || !token) return response.status(401).json({ code: "UNAUTHENTICATED" });
  try {
    request.user = jwt.verify(token, secret, { algorithms: ["HS256"] });
  } catch {
    return response.status(401).json({ code: "INVALID_TOKEN" });
  }
  next();
}

const isText = (value, min, max) => typeof value === "string" && value.length >= min && value.length <= max;
const isNumber = (value, max) => Number.isInteger(value) && value >= 0 && value <= max;

function mistakesIn(input) {
  const mistakes = [];
  const check = (field, fine) => fine || mistakes.push({ field, code: "INVALID" });
  check("title", isText(input.title, 1, 200) && input.title.trim() !== "");
  check("episode_number", isNumber(input.episode_number, 1_000_000));
  check("season_number", input.season_number == null || isNumber(input.season_number, 100_000));
  check("description", input.description == null || isText(input.description, 0, 20_000));
  check("air_date", input.air_date == null || /^\d{4}-\d\d-\d\d$/.test(input.air_date));
  check(
    "categories",
    input.categories == null ||
      (Array.isArray(input.categories) && input.categories.length <= 50 && input.categories.every((c) => isText(c, 1, 60))),
  );
  check("metadata", input.metadata == null || (typeof input.metadata === "object" && !Array.isArray(input.metadata)));
  return mistakes;
}

function toEpisode(input, user) {
  const now = new Date().toISOString();
  return {
    id: newId(),
    show_id: input.show_id ?? defaultShow,
    season_number: input.season_number ?? null,
    episode_number: input.episode_number,
    title: input.title.trim(),
    description: input.description ?? "",
    air_date: input.air_date ?? null,
    categories: [...new Set(input.categories ?? [])],
    status: "draft",
    metadata: input.metadata ?? {},
    version: 1,
    created_at: now,
    created_by: user.sub,
    updated_at: now,
    updated_by: user.sub,
    deleted_at: null,
  };
}

async function createEpisode(request, response) {
  const mistakes = mistakesIn(request.body);
  if (mistakes.length > 0) return response.status(422).json({ code: "INVALID", errors: mistakes });
  const { user } = request;
  const episode = toEpisode(request.body, user);
  const event = {
    id: newId(),
    timestamp: episode.created_at,
    actor: { id: user.sub, name: user.name },
    showId: episode.show_id,
    episode,
    episodeId: episode.id,
    title: episode.title,
    categories: episode.categories,
    createdBy: user.sub,
  };
  const values = [
    episode.id,
    episode.show_id,
    episode.season_number,
    episode.episode_number,
    episode.title,
    episode.description,
    episode.air_date,
    episode.categories,
    episode.status,
    JSON.stringify(episode.metadata),
    episode.created_at,
    user.sub,
    user.name,
    request.ip,
    request.headers["user-agent"] ?? null,
    event.id,
    JSON.stringify(event),
  ];
  await pool.query({ ...insertEpisode, values });
  io.to(`show:${episode.show_id}`).emit("episode_created", event);
  response.status(201).location(`/api/v1/episodes/${episode.id}`).json({ data: episode });
}

async function getEpisode(request, response) {
  const { rows } = await pool.query({ ...findEpisode, values: [request.params.id] });
  if (rows.length === 0) return response.status(404).json({ code: "NOT_FOUND" });
  response.json({ data: rows[0] });
}

async function listPage(request, response) {
  const limit = Math.min(Number(request.query.limit ?? 20), 100);
  const { rows } = await pool.query({ ...listEpisodes, values: [defaultShow, limit] });
  response.json({ data: rows, pagination: { limit, next_cursor: rows.at(-1)?.id ?? null } });
}

app.disable("x-powered-by");
app.use("/api", authenticate);
app.post("/api/v1/episodes", express.json(), createEpisode);
app.get("/api/v1/episodes/:id", getEpisode);
app.get("/api/v1/episodes", listPage);
app.use((error, request, response, next) => {
  response.status(error.code === "23505" ? 409 : 500).json({ code: error.code ?? "INTERNAL" });
});

http.listen(0, "127.0.0.1", () => console.log(`ready http://127.0.0.1:${http.address().port}`));
process.on("SIGTERM", () => process.exit(0));
