// Small controls: copying, sending a chosen file, menus, selections.

customElements.define("copy-button", class extends HTMLElement {
  connectedCallback() {
    if (this.firstChild || !navigator.clipboard) return;
    const button = document.createElement("button");
    button.className = "button plain little square";
    button.type = "button";
    button.setAttribute("aria-label", `Copy ${this.dataset.text}`);
    button.append(icon("copy"));
    button.onclick = async () => {
      await navigator.clipboard.writeText(this.dataset.text);
      button.replaceChildren(icon("check"));
      setTimeout(() => button.replaceChildren(icon("copy")), 1500);
    };
    this.append(button);
  }
});

/** Returns an icon of the sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${new URL("icons.svg", import.meta.url).pathname}#${name}`);
  svg.append(use);
  return svg;
}

document.addEventListener("change", (event) => {
  const target = event.target;
  // A chosen file is sent at once.
  if (target.matches("input[type=file][data-send]") && target.files.length) target.form.requestSubmit();
  if (target.id === "select-all") {
    for (const box of document.querySelectorAll(".pick input")) box.checked = target.checked;
  }
  if (target.id === "select-all" || target.closest(".pick")) count();
  // The columns change as soon as one is chosen.
  if (target.matches(".menu form[action='/parts/columns'] input")) target.form.requestSubmit();
});
document.addEventListener("reset", () => setTimeout(count));

function count() {
  const boxes = [...document.querySelectorAll(".pick input")];
  const chosen = boxes.filter((box) => box.checked).length;
  const label = document.getElementById("selected");
  if (label) label.textContent = `${chosen} selected`;
  const all = document.getElementById("select-all");
  if (!all) return;
  all.hidden = false;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}
document.addEventListener("shown", count);
count();

// With Shift, everything between two boxes is selected.
let last = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.(".pick input");
  if (!box) return;
  const boxes = [...document.querySelectorAll(".pick input")];
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
  if (event.shiftKey && from >= 0) for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
  last = box;
  count();
});

// A menu closes when something else is clicked, and with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.stopImmediatePropagation();
}, true);

// The last line of properties is always empty, so that another one can be added.
document.addEventListener("input", (event) => {
  const pairs = event.target.closest?.("#pairs");
  if (!pairs || pairs.lastElementChild.querySelector("input").value === "") return;
  const line = pairs.lastElementChild.cloneNode(true);
  for (const input of line.querySelectorAll("input")) {
    input.value = "";
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, pairs.children.length + 1));
  }
  pairs.append(line);
});
