// Two people change one part.
import { expect, expectAccessible, serve, test } from "../lib/site.js";

const site = serve();

test.use({ expected: /status of 4(09|12|22)/ });

test("the second one is told who was faster, and loses nothing", async ({ person }) => {
  const path = `/parts/${site.ids["RC0603FR-0710KL"]}/edit`;
  const [first, second] = [await person("admin"), await person("other")];
  await first.goto(path);
  await second.goto(path);

  await first.getByLabel("Number", { exact: true }).fill("FIRST");
  await first.getByRole("button", { name: "Save" }).click();
  await expect(first.getByRole("status")).toContainText("Saved");

  await second.getByLabel("Description").fill("What the second one typed");
  await second.getByRole("button", { name: "Save" }).click();
  const notice = second.getByRole("alert");
  await expect(notice).toContainText("admin");
  await expect(notice).toContainText("FIRST");
  await expect(second.getByLabel("Description")).toHaveValue("What the second one typed");
  await expectAccessible(second);

  // Nothing of either is lost until the second one has seen it and decides.
  const part = await site.api.get(`/parts/${site.ids["RC0603FR-0710KL"]}`);
  expect(part).toMatchObject({ number: "FIRST", description: "About 10 kΩ 1 % 0603 thick-film resistor." });
  await second.getByLabel("Number", { exact: true }).fill("FIRST");
  await second.getByRole("button", { name: "Save" }).click();
  await expect(second.getByRole("status")).toContainText("Saved");
  const both = await site.api.get(`/parts/${site.ids["RC0603FR-0710KL"]}`);
  expect(both).toMatchObject({ number: "FIRST", description: "What the second one typed" });
});

test("stock that two people take at once is counted twice", async ({ person }) => {
  const path = "/parts?q=M3×8";
  const [first, second] = [await person("admin"), await person("other")];
  for (const page of [first, second]) await page.goto(path);
  const take = (page) => page.getByRole("row", { name: /Socket head/ }).getByRole("button", { name: /^Take one/ }).click();
  await Promise.all([take(first), take(second)]);
  for (const page of [first, second]) await expect(page.getByRole("status")).toContainText("Took 1");
  expect((await site.api.get(`/parts/${site.ids["DIN 912 M3×8"]}`)).quantity).toBe(638);
});

test("an undo that comes too late says so", async ({ person }) => {
  const [first, second] = [await person("admin"), await person("other")];
  for (const page of [first, second]) await page.goto("/parts?q=X7R");
  const add = (page) => page.getByRole("row", { name: /100 nF/ }).getByRole("button", { name: /^Add one/ }).click();
  await add(first);
  await expect(first.getByRole("status")).toContainText("Added 1");
  await add(second);
  await expect(second.getByRole("status")).toContainText("Added 1");
  await first.getByRole("button", { name: "Undo" }).click();
  await expect(first.getByRole("status")).toContainText("can no longer be undone");
});
