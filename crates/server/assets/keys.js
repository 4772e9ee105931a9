// Keyboard shortcuts.
import { FAST } from "./scan.js";
import { visit } from "./swap.js";

const typing = (element) => element.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("#parts tbody tr")];
let prefix = "";
let pending;

function cursor() {
  return document.querySelector("#parts tr.cursor");
}

function step(by) {
  const all = rows();
  const at = all.indexOf(cursor());
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!next) return;
  cursor()?.classList.remove("cursor");
  next.classList.add("cursor");
  next.scrollIntoView({ block: "nearest" });
  next.querySelector(".name a")?.focus({ preventScroll: true });
}

const actions = {
  "/": () => document.getElementById("q")?.select(),
  j: () => step(1),
  k: () => step(-1),
  x: () => (cursor() ?? document.activeElement.closest("tr"))?.querySelector(".pick input")?.click(),
  n: () => document.getElementById("new-part") && visit("/parts/new"),
  e: () => document.getElementById("edit")?.click(),
  m: () => move()?.click(),
  "[": () => document.getElementById("previous")?.click(),
  "]": () => document.getElementById("next")?.click(),
  z: () => document.getElementById("undo")?.click(),
  "+": () => press("more"),
  "-": () => press("less"),
  "g p": () => visit("/parts"),
  "g l": () => visit("/places"),
  "g c": () => visit("/categories"),
  "g b": () => visit("/backups"),
  "g a": () => visit("/activity"),
  "g o": () => visit("/"),
};

/** Returns what moves the selected parts, or else the row or the slot with the focus. */
function move() {
  if (document.querySelector(".pick input:checked")) return document.getElementById("bulk-move");
  const row = document.activeElement.closest("td:has(> [data-move]), li:has(> [data-move]), tr") ?? cursor() ?? document;
  return row.querySelector("[data-move], #move");
}

function press(change) {
  const scope = document.activeElement.closest("tr") ?? cursor() ?? document.getElementById("drawer");
  scope?.querySelector(`.stepper button[value=${change}]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (event.target.id === "q") event.target.blur();
    else document.getElementById("close")?.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const key = prefix + event.key;
  prefix = event.key === "g" && !prefix ? "g " : "";
  const action = actions[key];
  if (!action) return;
  event.preventDefault();
  // The first key of a scan looks like a shortcut until the next one comes. The search box has to be there for what is typed next.
  if (key === "/") action();
  else pending = setTimeout(action, FAST);
});
document.addEventListener("scanning", () => {
  clearTimeout(pending);
  prefix = "";
});

// A number that is being edited is restored by Escape.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest?.(".stepper")) {
    event.target.value = event.target.defaultValue;
    event.target.blur();
  }
});
