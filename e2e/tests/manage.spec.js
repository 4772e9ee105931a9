// Users, roles, tags, projects and saved views: create, change, and delete with a confirmation.
import { expect, expectAccessible, serve, test } from "../lib/site.js";
import { PASSWORD } from "../lib/server.js";

serve();
test.use({ expected: /status of 422/ });

/** Deletes what the page shows: a wrong word first, which deletes nothing. */
async function deleteByWord(page, what, list) {
  await page.getByRole("link", { name: "Delete…" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(`Delete the ${what}`);
  await page.getByLabel(/^Type/).fill("perhaps");
  await page.getByRole("button", { name: `Delete the ${what}` }).click();
  await expect(page.getByLabel(/^Type/)).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page);
  await page.getByLabel(/^Type/).fill("delete");
  await page.getByRole("button", { name: `Delete the ${what}` }).click();
  await expect(page.getByRole("status")).toContainText("Deleted");
  await expect(page).toHaveURL(new RegExp(`${list}$`));
}

for (const [what, list, field, value] of [
  ["tag", "/tags", "Colour", "#12AB90"],
  ["project", "/projects", "State", "completed"],
]) {
  test(`a ${what} is created, changed and deleted`, async ({ page }) => {
    await page.goto(list);
    await page.getByRole("main").getByRole("link", { name: `New ${what}` }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`New ${what}`);
    await page.getByLabel("Name").fill("autumn");
    await page.getByRole("button", { name: `Create the ${what}` }).click();
    await expect(page.getByRole("status")).toContainText("autumn");
    await page.goto(list);
    await page.getByRole("link", { name: "autumn" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("autumn");
    await page.getByLabel("Name").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
    await page.getByLabel("Name").fill("winter");
    await page.getByLabel(field).fill(value);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("status")).toContainText("winter");
    await page.goto(list);
    await expect(page.getByRole("row", { name: /winter/ })).toContainText(value);
    await page.getByRole("link", { name: "winter" }).click();
    await deleteByWord(page, what, list);
    await expect(page.getByRole("link", { name: "winter" })).toHaveCount(0);
  });
}

test("a role is created, changed and deleted", async ({ page }) => {
  await page.goto("/roles/new");
  await page.getByLabel("Name", { exact: true }).fill("helpers");
  await page.getByRole("group", { name: "Parts" }).getByRole("checkbox").first().check();
  await page.getByRole("button", { name: "Create the role" }).click();
  await expect(page.getByRole("status")).toContainText("helpers");
  await page.goto("/roles");
  await page.getByRole("link", { name: "helpers" }).click();
  await expect(page.getByRole("group", { name: "Parts" }).getByRole("checkbox").first()).toBeChecked();
  await page.getByLabel("What it is for").fill("On Tuesdays");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status")).toContainText("helpers");
  await page.goto("/roles");
  await expect(page.getByRole("main")).toContainText("On Tuesdays");
  await page.getByRole("link", { name: "helpers" }).click();
  await deleteByWord(page, "role", "/roles");
  await expect(page.getByRole("link", { name: "helpers" })).toHaveCount(0);
});

test("a user is created, changed and deleted", async ({ page }) => {
  await page.goto("/users/new");
  await page.getByLabel("Name", { exact: true }).fill("guest");
  await page.getByLabel("E-mail").fill("guest@example.org");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create the user" }).click();
  await expect(page.getByRole("status")).toContainText("guest");
  await page.goto("/users");
  await page.getByRole("link", { name: "guest" }).click();
  // A click waits for the first frame of the page. Text that comes before it may be lost.
  await page.getByLabel("May sign in").uncheck();
  await page.getByLabel("E-mail").fill("nobody");
  await page.locator("form", { has: page.getByLabel("E-mail") }).evaluate((form) => { form.noValidate = true; });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("May sign in")).not.toBeChecked();
  await page.getByLabel("E-mail").fill("guest@example.net");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status")).toContainText("guest");
  await page.goto("/users");
  await page.getByRole("link", { name: "guest" }).click();
  await expect(page.getByLabel("E-mail")).toHaveValue("guest@example.net");
  await expect(page.getByLabel("May sign in")).not.toBeChecked();
  await deleteByWord(page, "user", "/users");
  await expect(page.getByRole("link", { name: "guest" })).toHaveCount(0);
});

test("a view of the list is saved, opened and deleted", async ({ page }) => {
  await page.goto("/parts?q=m3&sort=name");
  await page.getByLabel("Views", { exact: true }).click();
  await page.getByLabel("Save this list as").fill("Small screws");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("status")).toContainText("Small screws");
  await page.goto("/parts");
  await page.getByLabel("Views", { exact: true }).click();
  await page.getByRole("link", { name: "Small screws" }).click();
  await expect(page).toHaveURL(/\/parts\?q=m3&sort=name$/);
  await expect(page.locator("#parts tbody tr")).toHaveCount(1);
  await page.getByLabel("Views", { exact: true }).click();
  await page.getByRole("button", { name: "Delete the view Small screws" }).click();
  await expect(page.getByRole("status")).toContainText(/deleted/i);
  await page.getByLabel("Views", { exact: true }).click();
  await expect(page.getByRole("link", { name: "Small screws" })).toHaveCount(0);
});
