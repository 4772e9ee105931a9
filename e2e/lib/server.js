// Starts the real program on a free port with a data folder of its own.
import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
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

/** Backs an inventory up, and returns the archive. */
export async function backUp(data) {
  await run(BINARY, ["--data-dir", data, "backup", "--name", "workshop"]);
  const [name] = (await readdir(join(data, "backups"), { recursive: true })).filter((name) => name.endsWith("workshop.zip"));
  return join(data, "backups", name);
}

/** Serves an inventory. `setup` is the link for creating the first administrator, which only `empty` ones have. */
export async function serve(data, { empty = false } = {}) {
  const child = spawn(BINARY, ["--data-dir", data, "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  child.stderr.on("data", (bytes) => log.push(bytes));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const { url, setup } = await addresses(child.stdout, empty);
  if (!url) throw new Error(`The server did not start: ${Buffer.concat(log)}`);
  return {
    url,
    setup,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function addresses(output, empty) {
  const found = {};
  for await (const line of createInterface({ input: output })) {
    found.url ??= line.match(/Serving at (\S+)/)?.[1];
    found.setup ??= line.match(/administrator within a day: (\S+)/)?.[1];
    if (found.url && (found.setup || !empty)) break;
  }
  return found;
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
  const server = await serve(data, { empty });
  return {
    ...server,
    data,
    cookies,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
