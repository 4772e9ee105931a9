// Starts the real program on a free port with a data folder of its own.
import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const BINARY = process.env.MAKERMATRIX ?? new URL("../../target/debug/makermatrix", import.meta.url).pathname;

export const PASSWORD = "Correct horse, battery staple 9";

/** Creates an inventory with these administrators. */
export async function create(data, users) {
  await run(BINARY, ["--data-dir", data, "init"]);
  const file = join(dirname(data), "password");
  await writeFile(file, PASSWORD);
  for (const user of users) await run(BINARY, ["--data-dir", data, "user", "add", user, "--role", "admin", "--password-file", file]);
}

/** Serves an inventory. */
export async function serve(data) {
  const child = spawn(BINARY, ["--data-dir", data, "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  child.stderr.on("data", (bytes) => log.push(bytes));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = await address(child.stdout);
  if (!url) throw new Error(`The server did not start: ${Buffer.concat(log)}`);
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function address(output) {
  for await (const line of createInterface({ input: output })) {
    const url = line.match(/Serving at (\S+)/)?.[1];
    if (url) return url;
  }
}

/** Serves a copy of the inventory that `setup.js` has made, with the cookies of those who are signed in; `empty` serves an empty one. */
export async function start({ empty = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "makermatrix-e2e-"));
  const data = join(folder, "data");
  let cookies = {};
  if (empty) await create(data, []);
  else {
    await cp(join(process.env.E2E_SEED, "data"), data, { recursive: true });
    cookies = JSON.parse(await readFile(join(process.env.E2E_SEED, "cookies.json"), "utf8"));
  }
  const server = await serve(data);
  return {
    ...server,
    cookies,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
