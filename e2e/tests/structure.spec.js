// What assistive technology sees of the main pages.
import { expect, serve, test } from "../lib/site.js";

const site = serve();

test("the frame", async ({ page }) => {
  await page.goto("/parts");
  await expect(page.locator("body")).toMatchAriaSnapshot(`
    - link "Skip to the content"
    - navigation "Main":
      - link "MakerMatrix"
      - list:
        - listitem:
          - link "Overview"
        - listitem:
          - link "Parts 11"
        - listitem:
          - link /Places \\d+/
        - listitem:
          - link "Categories 5"
        - listitem:
          - link "Backups"
        - listitem:
          - link "Activity"
      - link "No backup yet Make the first one"
      - list:
        - listitem:
          - link "Tasks"
        - listitem:
          - link "Settings"
        - listitem:
          - link "admin"
    - banner:
      - search:
        - searchbox "Search parts"
      - link "Scan"
      - link "New part"
    - main
    - status
  `);
});

test("the list of parts", async ({ page }) => {
  await page.goto("/parts?low_stock=true&sort=name");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Parts 2 of 11" [level=1]
      - group: Columns
      - group "Filters":
        - group: Filter
        - link /Low/
        - link "Out"
      - table "Parts":
        - rowgroup:
          - row:
            - columnheader "Select all":
              - checkbox "Select all"
            - columnheader "Picture"
            - columnheader /Name/:
              - link /Name/
            - columnheader "Number"
            - columnheader "Stock"
            - columnheader "State"
            - columnheader "Place"
            - columnheader "Tags"
        - rowgroup:
          - row:
            - cell:
              - checkbox "Select ESP32-WROOM-32E, Wi-Fi and BLE module"
            - cell
            - cell:
              - link "ESP32-WROOM-32E, Wi-Fi and BLE module"
            - cell "ESP32-WROOM-32E-N8"
            - cell:
              - button "Take one from A4"
              - textbox "Stock in A4": "3"
              - button "Add one to A4"
            - cell "Low"
            - cell "Drawer A A4"
            - cell "smd"
          - row /JST-XH .* Out/
  `);
});

test("a part", async ({ page }) => {
  await page.goto(`/parts/${site.ids["ATMEGA328P-AU"]}`);
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - navigation "Where this is":
        - link "Parts"
        - link "Chips"
      - heading "ATmega328P, 8-bit AVR, TQFP-32" [level=1]
      - link "Label"
      - link "Edit"
      - group
      - term: Number
      - definition:
        - text: ATMEGA328P-AU
        - button "Copy ATMEGA328P-AU"
      - term: Maker
      - definition:
        - link "Yageo"
      - heading "Properties" [level=2]
      - term: Package
      - definition: "0603"
      - heading "Description" [level=2]
      - region "12 in one place keep at least 10":
        - table:
          - rowgroup:
            - row "Place Stock Actions"
          - rowgroup:
            - row /Drawer A A3/
        - textbox "How many"
        - combobox "Into which place"
        - textbox "Why (optional)"
        - button "Add stock"
      - navigation "More about this part":
        - link "Datasheets 0"
        - link "Stock history"
        - link "Changes"
      - table:
        - rowgroup:
          - row "When Change After Place Why By"
        - rowgroup:
          - row /−3 12 Drawer A › A3 Repair admin/
          - row /\\+15 15 Drawer A › A3 Order 2204 admin/
  `);
});

test("the form of a part", async ({ page }) => {
  await page.goto("/parts/new");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "New part" [level=1]
      - textbox "Name"
      - textbox "Number"
      - textbox "Keep at least"
      - textbox "How many there are"
      - combobox "Where they are"
      - combobox "Tags"
      - group "Categories":
        - checkbox "Capacitors"
        - checkbox "Chips"
      - textbox "Description"
      - group "Properties":
        - textbox "Name of property 1"
        - textbox "Value of property 1"
      - button "Create"
      - button "Create, then another"
      - link "Cancel"
  `);
});

test("the overview", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Overview" [level=1]
      - heading "No backup yet" [level=2]
      - link "Backups"
      - list:
        - listitem:
          - link /11 parts in \\d+ places/
        - listitem:
          - link /2 below their limit/
      - heading "To buy" [level=2]
      - table:
        - rowgroup:
          - row "Picture Name State Left Min Place"
        - rowgroup:
          - row /JST-XH housing, 4 pins, 2.5 mm Out 0 20/
          - row /ESP32-WROOM-32E, Wi-Fi and BLE module Low 3 5/
      - heading "Lately" [level=2]
      - list
  `);
});
