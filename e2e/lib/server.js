// Starts the real program on a free port with a data folder of its own.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const BINARY = process.env.MAKERMATRIX ?? new URL("../../target/debug/makermatrix", import.meta.url).pathname;

export const PASSWORD = "Correct horse, battery staple 9";

/** Creates an inventory with the users `admin` and `other`, both administrators. `empty` creates none. */
export async function start({ empty = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "makermatrix-e2e-"));
  const data = join(folder, "data");
  const command = (...args) => run(BINARY, ["--data-dir", data, ...args]);
  await command("init");
  if (!empty) {
    const file = join(folder, "password");
    await writeFile(file, PASSWORD);
    for (const user of ["admin", "other"]) await command("user", "add", user, "--role", "admin", "--password-file", file);
  }
  const child = spawn(BINARY, ["--data-dir", data, "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  child.stderr.on("data", (bytes) => log.push(bytes));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const told = { url: null, setup: null };
  for await (const line of createInterface({ input: child.stdout })) {
    told.url ??= line.match(/Serving at (\S+)/)?.[1];
    told.setup ??= line.match(/administrator within a day: (\S+)/)?.[1];
    if (told.url && (!empty || told.setup)) break;
  }
  if (!told.url) throw new Error(`The server did not start: ${Buffer.concat(log)}`);
  return {
    ...told,
    data,
    command,
    log: () => Buffer.concat(log).toString(),
    async stop() {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
