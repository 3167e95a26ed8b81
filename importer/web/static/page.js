"use strict";
// Uploads, progress, and search in the company's lists. Everything else works without a script.

const csrf = document.querySelector("meta[name=csrf]").content;

async function ask(address, options = {}) {
  const headers = { "x-csrf-token": csrf, accept: "application/json" };
  const answer = await fetch(address, { ...options, headers }).catch(() => ({ json: async () => ({}) }));
  const facts = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new Error(facts.problem || "The page cannot be reached. Is light-import web still running?");
    error.status = answer.status;
    throw error;
  }
  return facts;
}

for (const form of document.querySelectorAll("[data-upload]")) {
  const status = form.querySelector("[data-status]");
  async function upload(files) {
    if (!files.length) return;
    try {
      let id = form.dataset.upload;
      if (!id) id = (await ask("/files", { method: "POST" })).id;
      for (const file of files) {
        const name = file.webkitRelativePath || file.name;
        status.textContent = `Reading ${name} …`;
        await ask(`/files/${id}/upload?name=${encodeURIComponent(name)}`, { method: "PUT", body: file });
      }
      location.assign(`/files/${id}`);
    } catch (error) {
      status.textContent = error.message;
    }
  }
  const folder = form.querySelector("#folder");
  const sheets = form.querySelector("#sheets");
  sheets.addEventListener("change", () => upload([...(folder ? folder.files : []), ...sheets.files]));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    upload([...(folder ? folder.files : []), ...event.dataTransfer.files]);
  });
}
// A file that is dropped beside the field must not replace the page.
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());

const job = document.querySelector("[data-job]");
if (job) {
  const text = document.querySelector("[data-text]");
  const bar = document.querySelector("[data-bar]");
  const lines = document.querySelector("[data-lines]");
  const events = new EventSource(job.dataset.job);
  events.onmessage = (event) => {
    const state = JSON.parse(event.data);
    if (state.page !== job.dataset.page || state.page === "ended") {
      events.close();
      location.replace(state.next || job.dataset.next);
      return;
    }
    if (text && text.textContent !== state.text) text.textContent = state.text;
    if (bar && state.total) { bar.max = state.total; bar.value = state.done; }
    lines.replaceChildren(...state.lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
  };
  // The page that an answer leads to listens itself.
  document.addEventListener("submit", () => events.close());
  events.onerror = () => {
    if (text) text.textContent = "The page cannot be reached. Is light-import web still running? What was sent is safe.";
  };
}

for (const form of document.querySelectorAll("[data-names]")) {
  let timer;
  form.addEventListener("input", (event) => {
    const input = event.target;
    if (!input.dataset.field) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const query = new URLSearchParams({ field: input.dataset.field, q: input.value });
      const { labels } = await ask(`${form.dataset.names}?${query}`);
      const list = input.list;
      const present = new Set([...list.options].map((option) => option.value));
      for (const label of labels.filter((each) => !present.has(each))) {
        const option = document.createElement("option");
        option.value = label;
        list.append(option);
      }
    }, 150);
  });
}

const more = document.querySelector("[data-more]");
if (more) more.addEventListener("click", () => {
  for (const row of document.querySelectorAll("tr.more")) row.classList.remove("more");
  more.remove();
});
const back = document.querySelector("[data-back]");
if (back) back.addEventListener("click", (event) => { event.preventDefault(); history.back(); });
