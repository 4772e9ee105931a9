// Scanning: with the camera, where the browser can read codes, and with a hand scanner on every page.
import { visit } from "./swap.js";

customElements.define("qr-camera", class extends HTMLElement {
  connectedCallback() {
    if (this.firstChild || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
    const button = document.createElement("button");
    button.className = "button";
    button.type = "button";
    button.textContent = "Use the camera";
    button.onclick = () => this.start(button);
    this.append(button);
  }

  async start(button) {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      button.textContent = "The camera may not be used";
      return;
    }
    const video = document.createElement("video");
    video.muted = video.playsInline = true;
    video.srcObject = this.stream;
    this.replaceChildren(video);
    await video.play();
    const detector = new BarcodeDetector();
    const look = async () => {
      if (!this.isConnected) return;
      const [code] = await detector.detect(video).catch(() => []);
      if (code) return this.found(code.rawValue);
      setTimeout(look, 100);
    };
    look();
  }

  found(text) {
    navigator.vibrate?.(50);
    const place = document.getElementById("scan-place");
    const quantity = document.getElementById("scan-quantity");
    if (place && quantity?.value && !place.value) {
      place.value = text;
      place.form.requestSubmit();
    } else visit(`/scan?code=${encodeURIComponent(text)}`);
  }

  disconnectedCallback() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }
});

customElements.define("print-button", class extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    const button = document.createElement("button");
    button.className = "button solid";
    button.type = "button";
    button.textContent = "Print";
    button.onclick = () => print();
    this.append(button);
  }
});

// The labels change as soon as something about them is chosen.
document.addEventListener("change", (event) => {
  if (event.target.closest?.("#label-form")) event.target.form.requestSubmit();
});

// A hand scanner types faster than anybody, and ends with Enter.
export const FAST = 35;
const SHORTEST = 6;
let typed = "";
let lately = 0;
addEventListener("keydown", (event) => {
  // A key that is held down repeats as fast as a scanner types.
  if (event.repeat) return;
  const fast = event.timeStamp - lately < FAST;
  lately = event.timeStamp;
  if (event.key === "Enter" && fast && typed.length >= SHORTEST) {
    const code = typed;
    typed = "";
    const field = event.target.closest?.("input, textarea, select");
    if (field && field.id !== "q") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (field) field.value = "";
    visit(`/scan?code=${encodeURIComponent(code)}`);
    return;
  }
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
  typed = fast ? typed + event.key : event.key;
  // No shortcuts from a scanner: neither from this key, nor from the one before it, which waits.
  if (!fast || event.target.closest?.("input, textarea, select")) return;
  event.stopImmediatePropagation();
  document.dispatchEvent(new Event("scanning"));
}, true);
