// The first run with a backup at hand: an empty inventory becomes the one of the archive, sent from here or from the folder.
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, expectAccessible, expectNoSidewaysScroll, serve, test } from "../lib/site.js";
import { PASSWORD, backUp, create, start } from "../lib/server.js";

const site = serve({ empty: true });
let folder, archive;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "makermatrix-e2e-archive-"));
  await create(join(folder, "data"), ["keeper"]);
  archive = await backUp(join(folder, "data"));
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

/** Restores the archive that the page shows, and signs in with an account that was in it. */
async function restore(page) {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("workshop.zip");
  await page.setViewportSize({ width: 360, height: 800 });
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Restored", { timeout: 30_000 });
  await expectAccessible(page);
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("Name").fill("keeper");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeAttached();
}

test("an archive is sent while setting up, looked into and restored", async ({ person }) => {
  const page = await person(null);
  await page.goto(site.setup);
  await page.getByRole("button", { name: /^Restore from a backup/ }).click();
  await expect(page.getByText("The backup folder of this server is empty.")).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("Or send one from this device").setInputFiles(archive);
  await page.getByRole("button", { name: "Send the archive" }).click();
  await restore(page);
});

test("an archive of the backup folder is restored while setting up", async ({ person }) => {
  const server = await start({ empty: true });
  try {
    await mkdir(join(server.data, "backups"), { recursive: true });
    await cp(archive, archive.replace(join(folder, "data"), server.data));
    await writeFile(join(server.data, "backups", `${"damaged-".repeat(16)}archive.zip`), "no archive");
    const page = await person(null, { baseURL: server.url });
    await page.goto(server.setup);
    await page.getByRole("button", { name: /^Restore from a backup/ }).click();
    await expect(page.getByText("workshop.zip")).toBeVisible();
    await page.setViewportSize({ width: 390, height: 800 });
    await expectNoSidewaysScroll(page);
    await page.getByRole("button", { name: "Look inside" }).click();
    await restore(page);
  } finally {
    await server.stop();
  }
});
