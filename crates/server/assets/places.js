// Places and categories: dragging into another one, arrow keys among the slots, and the field that goes to one.
import { visit } from "./swap.js";

// What is dragged goes to the address in `data-drag`; the id in `data-drop` is where it goes.
const TARGETS = { stock: ["slot", "place"], place: ["place"], category: ["category"] };
let dragged = null;

function target(event) {
  const place = dragged && event.target.closest?.("[data-drop]");
  if (!place || place === dragged || !TARGETS[dragged.dataset.dragKind].includes(place.dataset.dropKind)) return null;
  // Stock must be somewhere, and stays where it is when dropped on its own place.
  if (dragged.dataset.dragKind === "stock" && (!place.dataset.drop || place.dataset.drop === dragged.dataset.from)) return null;
  return place;
}

function mark(place) {
  for (const old of document.querySelectorAll(".drop-here")) if (old !== place) old.classList.remove("drop-here");
  place?.classList.add("drop-here");
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-drag]") ?? null;
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.textContent.trim());
  dragged.classList.add("dragged");
});

document.addEventListener("dragover", (event) => {
  const place = target(event);
  mark(place);
  if (!place) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
});

document.addEventListener("drop", (event) => {
  const place = target(event);
  if (!place) return;
  event.preventDefault();
  const body = new URLSearchParams({ to: place.dataset.drop, back: location.pathname + location.search });
  if (dragged.dataset.from) body.set("from_location_id", dragged.dataset.from);
  visit(dragged.dataset.drag, { method: "POST", body, keep: true });
});

document.addEventListener("dragend", () => {
  mark(null);
  dragged?.classList.remove("dragged");
  dragged = null;
});

// Arrow keys go from slot to slot, as they stand.
document.addEventListener("keydown", (event) => {
  const slot = event.target.closest?.("[data-slot]");
  if (!slot || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault();
  nearest(slot, ...step)?.focus();
});

/** Returns the nearest slot in a direction. */
function nearest(slot, right, down) {
  const middle = (element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  const [x, y] = middle(slot);
  let best = [Infinity, null];
  for (const other of slot.closest(".slots").querySelectorAll("[data-slot]")) {
    const [dx, dy] = middle(other).map((at, axis) => at - [x, y][axis]);
    const along = dx * right + dy * down;
    const aside = Math.abs(dx * down) + Math.abs(dy * right);
    if (along > 1 && aside < slot.offsetHeight / 2 && along < best[0]) best = [along, other];
  }
  return best[1];
}

// Who chooses where to go goes there.
document.addEventListener("chosen", (event) => event.target.closest("form[data-go]")?.requestSubmit());

// The tree keeps its scroll position, and shows where one is.
let scroll = 0;
document.addEventListener("scroll", (event) => {
  if (event.target.id === "tree") scroll = event.target.scrollTop;
}, true);

function settle() {
  const tree = document.getElementById("tree");
  if (!tree || tree.scrollHeight <= tree.clientHeight) return;
  tree.scrollTop = scroll;
  const here = tree.querySelector("[aria-current]");
  if (!here) return;
  const [box, row] = [tree.getBoundingClientRect(), here.getBoundingClientRect()];
  if (row.top < box.top || row.bottom > box.bottom) tree.scrollTop += row.top - box.top - box.height / 2;
}
document.addEventListener("shown", settle);
settle();
