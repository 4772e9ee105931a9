// Follows a running task, and sends an archive with progress. Without these, the pages have a link and a plain form.
import { say, visit } from "./swap.js";

const WAIT = 3000;

/** The steps of a running task, from the events of the server. */
class LiveTask extends HTMLElement {
  connectedCallback() {
    this.since = performance.now() - 1000 * Number(this.dataset.elapsed);
    this.clock = setInterval(() => this.showTime(), 1000);
    this.showTime();
    this.follow();
  }

  disconnectedCallback() {
    clearInterval(this.clock);
    clearTimeout(this.again);
    this.events?.close();
  }

  follow() {
    this.events = new EventSource(`/api/v1/tasks/${encodeURIComponent(this.dataset.task)}/events`);
    this.events.addEventListener("open", () => this.part("note") && (this.part("note").textContent = ""));
    this.events.addEventListener("task", (event) => this.show(JSON.parse(event.data)));
    this.events.addEventListener("error", () => {
      if (!this.isConnected) return;
      this.part("note").textContent = "The connection was lost. Connecting again; the work goes on.";
      // The browser connects again by itself, unless the server has refused: then only the page can tell why.
      if (this.events.readyState === EventSource.CLOSED) this.again = setTimeout(() => this.finish(), WAIT);
    });
  }

  part(name) {
    return this.querySelector(`[data-show=${name}]`);
  }

  showTime() {
    const seconds = Math.max(0, Math.floor((performance.now() - this.since) / 1000));
    this.part("time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  show(task) {
    if (task.status !== "running") {
      this.events.close();
      return this.finish();
    }
    for (const item of this.querySelectorAll("[data-step]")) {
      const names = item.dataset.step.split(" ");
      const now = names.includes(task.step?.name);
      item.className = now ? "now" : names.some((name) => task.steps_done.includes(name)) ? "done" : "todo";
      item.toggleAttribute("aria-current", now);
      if (now) item.setAttribute("aria-current", "step");
      item.querySelector("small").textContent = now ? task.step.text : "";
    }
    const bar = this.querySelector("progress");
    [bar.max, bar.value] = [task.total || 1, task.done];
    if (!task.can_cancel) this.part("stop")?.remove();
  }

  /** Shows the page anew, which says how the task has ended. */
  async finish() {
    clearInterval(this.clock);
    if ("replaces" in this.dataset && (await this.hasLostSession())) return this.askToSignIn();
    if (this.isConnected) visit(location.href, { history: "none", keep: true });
  }

  async hasLostSession() {
    const answer = await fetch("/api/v1/session").catch(() => null);
    return answer?.status === 401;
  }

  askToSignIn() {
    const link = document.createElement("a");
    link.href = `/sign-in?next=${encodeURIComponent(`/tasks/${this.dataset.task}`)}`;
    link.textContent = "Sign in as somebody who is in the archive";
    this.part("note").replaceChildren("It has ended, and so has your session: the archive does not know it. ", link, ".");
    this.part("stop")?.remove();
  }
}

/** A form that sends an archive, chosen or dropped, and shows how far it is. */
class ArchiveUpload extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    this.querySelector("[data-show=drop]").hidden = false;
    form.addEventListener("submit", (event) => {
      const file = form.elements.archive.files[0];
      if (!file) return;
      event.preventDefault();
      this.send(file);
    });
    this.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      this.classList.add("over");
    });
    this.addEventListener("dragleave", () => this.classList.remove("over"));
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.classList.remove("over");
      const file = event.dataTransfer.files[0];
      if (file) this.send(file);
    });
    this.querySelector("[data-show=progress] button").addEventListener("click", () => this.request?.abort());
  }

  disconnectedCallback() {
    this.request?.abort();
  }

  send(file) {
    if (this.request) return;
    const progress = this.querySelector("[data-show=progress]");
    const [bar, text] = [progress.querySelector("progress"), progress.querySelector("[role=status]")];
    const request = (this.request = new XMLHttpRequest());
    const end = (message) => {
      this.request = null;
      progress.hidden = true;
      if (message) this.fail(message);
    };
    request.open("PUT", `/api/v1/backups/${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      [bar.max, bar.value] = [total || 1, loaded];
      text.textContent = `${Math.floor((100 * loaded) / (total || 1))} % of ${file.name}`;
    });
    request.addEventListener("load", async () => {
      if (request.status !== 201) return end(detail(request));
      end();
      await visit(`/backups/${encodeURIComponent(file.name)}`);
      say(`Received ${file.name}. Nothing in it has been checked yet.`);
    });
    request.addEventListener("error", () => end("The upload was interrupted. Nothing was kept; try again."));
    request.addEventListener("abort", () => end());
    progress.hidden = false;
    text.textContent = `Sending ${file.name}`;
    request.send(file);
  }

  fail(message) {
    let error = this.querySelector(".error");
    if (!error) {
      error = document.createElement("p");
      [error.className, error.id] = ["error", "upload-error"];
      error.setAttribute("role", "alert");
      this.querySelector(".hint").before(error);
      this.querySelector("#archive").setAttribute("aria-describedby", "upload-error");
    }
    error.textContent = message;
  }
}

/** Returns what the server says about a refused upload. */
function detail(request) {
  try {
    return `Not accepted: ${JSON.parse(request.responseText).detail}.`;
  } catch {
    return "The server did not accept the file.";
  }
}

customElements.define("live-task", LiveTask);
customElements.define("archive-upload", ArchiveUpload);
