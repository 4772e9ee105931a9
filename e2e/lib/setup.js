// Makes the inventory once that every server of the tests begins with: two administrators, both signed in. Passwords are slow on
// purpose, so this takes longer than all else that a server needs to start.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signIn } from "./api.js";
import { PASSWORD, create, serve } from "./server.js";

export default async function setup() {
  const folder = await mkdtemp(join(tmpdir(), "makermatrix-e2e-seed-"));
  process.env.E2E_SEED = folder;
  const data = join(folder, "data");
  await create(data, ["admin", "other"]);
  const server = await serve(data);
  const cookies = {};
  for (const name of ["admin", "other"]) cookies[name] = (await signIn(server.url, name, PASSWORD)).cookie;
  await server.stop();
  await writeFile(join(folder, "cookies.json"), JSON.stringify(cookies));
  return () => rm(folder, { recursive: true, force: true });
}
