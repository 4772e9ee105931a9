// Everything that matters works without scripts.
import { PASSWORD } from "../lib/server.js";
import { expect, serve, test } from "../lib/site.js";

const site = serve({ more: 60 });

test.use({ javaScriptEnabled: false, expected: /status of 422/ });

test("signing in, reading and searching", async ({ person }) => {
  const page = await person(null, { javaScriptEnabled: false });
  await page.goto("/parts?q=esp32");
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/parts\?q=esp32$/);
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.getByRole("searchbox").fill("washer 01");
  await page.getByRole("searchbox").press("Enter");
  await expect(page.getByRole("row")).toHaveCount(11);
  await page.getByRole("link", { name: "Washer 011" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Washer 011");
});

test("editing a part", async ({ page }) => {
  await page.goto(`/parts/${site.ids["DIN 912 M3×8"]}`);
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Description").fill("Written without a script");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status")).toContainText("Saved");
  await expect(page.getByText("Written without a script")).toBeVisible();
});

test("a mistake is shown beside its field, and what was typed is kept", async ({ page }) => {
  await page.goto("/parts/new");
  await page.getByLabel("Number", { exact: true }).fill("KEPT-1");
  await page.getByLabel("Keep at least").fill("many");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Number", { exact: true })).toHaveValue("KEPT-1");
});

test("changing stock and taking it back", async ({ page }) => {
  await page.goto("/parts?q=X7R");
  const row = page.getByRole("row", { name: /100 nF/ });
  await row.getByRole("button", { name: /^Add one/ }).click();
  await expect(page.getByRole("status")).toContainText("Added 1");
  await expect(row.getByRole("textbox")).toHaveValue(/^3.921$/);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row.getByRole("textbox")).toHaveValue(/^3.920$/);
  await row.getByRole("textbox").fill("4000");
  await row.getByRole("textbox").press("Enter");
  await expect(row.getByRole("textbox")).toHaveValue(/^4.000$/);
});

test("backing up", async ({ page }) => {
  await page.goto("/backups");
  await page.getByRole("button", { name: "Back up now" }).click();
  const archives = page.getByRole("table", { name: "Archives" });
  await expect(async () => {
    await page.goto("/backups");
    await expect(archives).toContainText("Verified", { timeout: 100 });
  }).toPass();
  await archives.getByRole("link", { name: "Restore" }).click();
  await page.getByRole("button", { name: "See what will change" }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("table", { name: "Now and after the restore" })).toBeVisible({ timeout: 100 });
  }).toPass();
});
