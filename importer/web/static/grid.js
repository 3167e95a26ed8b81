"use strict";
// The rows of a file as an ARIA grid: only those in sight are in the page, whatever the number.

const HEIGHT = 30, PAGE = 100, SPARE = 8;
const box = document.querySelector("[data-grid]");
if (box) startGrid(box);

function startGrid(box) {
  const base = box.dataset.grid;
  const tables = JSON.parse(box.dataset.tables);
  const grid = box.querySelector("[role=grid]");
  const words = box.querySelector("[data-words]");
  const cellWords = box.querySelector("[data-cell]");
  const tableChoice = box.querySelector("[data-choose-table]");
  const rowChoice = box.querySelector("[data-choose-rows]");
  const placeKey = `grid ${base}`;
  let standing = JSON.parse(box.dataset.standing);
  let view = { table: 0, show: "problems", at: 0, column: 0 };
  let total = 0, pages = new Map(), editing = null;
  let drawn = new Map(), marked = null;  // the rows in the page by their place, and the active cell
  let saving = Promise.resolve(true), unsaved = 0;
  if (!tables.length) { box.hidden = true; return; }
  cellWords.id = "cell-words";

  const head = element("div", "gridhead", "row");
  const body = element("div", "gridbody", "rowgroup");
  head.setAttribute("aria-rowindex", "1");
  grid.append(head, body);

  function element(tag, name, role) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (role) made.setAttribute("role", role);
    return made;
  }

  const table = () => tables[view.table];
  const columns = () => table().headers.length;

  // A page is the promise of its rows until they are there: whoever needs them waits for the same.
  function load(page) {
    if (!pages.has(page)) pages.set(page, fetchPage(page));
    return pages.get(page);
  }

  async function fetchPage(page) {
    const query = new URLSearchParams({ table: view.table, show: view.show, from: page * PAGE, count: PAGE });
    const now = pages;
    try {
      const facts = await ask(`${base}/rows?${query}`);
      if (now !== pages) return;
      pages.set(page, facts.rows);
      if (facts.total !== total) { total = facts.total; size(); }
      draw();
    } catch (error) {
      now.delete(page);
      words.textContent = error.message;
    }
  }

  function rowAt(at) {
    const rows = pages.get(Math.floor(at / PAGE));
    return Array.isArray(rows) ? rows[at % PAGE] : undefined;
  }

  function size() {
    body.style.height = `${total * HEIGHT}px`;
    grid.setAttribute("aria-rowcount", String(total + 1));
    grid.setAttribute("aria-colcount", String(columns() + 2));
  }

  function drawHead() {
    const names = ["Row", "Status", ...table().headers];
    head.replaceChildren(...names.map((name, c) => {
      const cell = element("div", c === 0 ? "cell number" : c === 1 ? "cell state" : "cell", "columnheader");
      cell.textContent = name;
      cell.title = name;
      cell.setAttribute("aria-colindex", String(c + 1));
      return cell;
    }));
  }

  function draw() {
    const first = Math.max(0, Math.floor(grid.scrollTop / HEIGHT) - SPARE);
    const last = Math.min(total, first + Math.ceil(grid.clientHeight / HEIGHT) + 2 * SPARE);
    for (let page = Math.floor(first / PAGE); page * PAGE < Math.max(last, 1); page++) load(page);
    if (editing) return;
    const hadFocus = grid.contains(document.activeElement);
    const before = drawn;
    drawn = new Map();
    for (let at = first; at < last; at++) {
      const facts = rowAt(at), same = before.get(at);
      drawn.set(at, same && same.facts === facts ? same : { facts, row: drawRow(at) });
    }
    const rows = [...drawn.values()].map((each) => each.row), present = new Set(rows);
    for (const row of [...body.children]) if (!present.has(row)) row.remove();
    rows.forEach((row, i) => { if (body.children[i] !== row) body.insertBefore(row, body.children[i] || null); });
    mark();
    if (hadFocus) (marked || grid).focus({ preventScroll: true });
  }

  function mark() {
    if (marked) {
      marked.classList.remove("active");
      marked.removeAttribute("aria-describedby");
      marked.tabIndex = -1;
    }
    marked = activeCell();
    grid.tabIndex = marked ? -1 : 0;
    if (!marked) return;
    marked.classList.add("active");
    marked.setAttribute("aria-describedby", "cell-words");
    marked.tabIndex = 0;
  }

  function drawRow(at) {
    const facts = rowAt(at);
    const row = element("div", "gridrow", "row");
    row.style.top = `${at * HEIGHT}px`;
    row.setAttribute("aria-rowindex", String(at + 2));
    const number = element("div", "cell number", "rowheader");
    number.textContent = facts ? String(facts.row) : "…";
    number.setAttribute("aria-colindex", "1");
    const state = element("div", "cell state", "gridcell");
    state.textContent = facts ? facts.status : "";
    state.title = facts ? facts.notes.join(" ") : "";
    state.setAttribute("aria-colindex", "2");
    if (facts && facts.header) row.classList.add("header");
    if (facts && facts.notes.length) state.classList.add("bad-error");
    row.append(number, state);
    if (!facts) return row;
    facts.cells.forEach((text, c) => {
      const cell = element("div", "cell", "gridcell");
      cell.textContent = text;
      cell.tabIndex = -1;
      cell.dataset.at = at;
      cell.dataset.column = c;
      cell.setAttribute("aria-colindex", String(c + 3));
      const bad = facts.bad[c];
      if (bad) {
        cell.classList.add(`bad-${bad[0]}`);
        cell.title = `${bad[1]} ${bad[2]}`;
        if (bad[0] === "error") cell.setAttribute("aria-invalid", "true");
      }
      if (facts.edited.includes(c)) cell.classList.add("edited");
      row.append(cell);
    });
    return row;
  }

  function activeCell() {
    return body.querySelector(`[data-at="${view.at}"][data-column="${view.column}"]`);
  }

  async function moveTo(at, column, focus = true) {
    const shown = view;
    view.at = Math.max(0, Math.min(total - 1, at));
    view.column = Math.max(0, Math.min(columns() - 1, column));
    const top = view.at * HEIGHT, room = grid.clientHeight - head.offsetHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    if (top + HEIGHT > grid.scrollTop + room) grid.scrollTop = top + HEIGHT - room;
    await load(Math.floor(view.at / PAGE));
    if (view !== shown) return;  // other rows were chosen meanwhile
    draw();
    const cell = activeCell();
    if (cell) {
      const pinned = head.firstChild.offsetWidth;
      if (cell.offsetLeft - pinned < grid.scrollLeft) grid.scrollLeft = cell.offsetLeft - pinned;
      const right = cell.offsetLeft + cell.offsetWidth - grid.clientWidth;
      if (right > grid.scrollLeft) grid.scrollLeft = right;
      if (focus) cell.focus({ preventScroll: true });
    }
    describe();
    savePlace();
  }

  function describe() {
    const facts = rowAt(view.at);
    if (!facts) { cellWords.textContent = ""; return; }
    const bad = facts.bad[view.column];
    const place = `Row ${facts.row}, ${table().headers[view.column]}`;
    const content = bad ? `${bad[0]}: ${bad[1]} ${bad[2]}` : facts.cells[view.column] || "blank";
    const notes = facts.notes.length ? ` The row: ${facts.notes.join(" ")}` : "";
    const edited = facts.edited.includes(view.column) ? " (corrected)" : "";
    cellWords.textContent = `${place}: ${content}${edited}${notes}`;
  }

  function savePlace() {
    const facts = rowAt(view.at);
    sessionStorage.setItem(placeKey, JSON.stringify({ ...view, row: facts ? facts.row : 0 }));
  }

  async function show(table, rows, column = 0, row = 0, focus = true) {
    const wide = table !== view.table || !head.firstChild;
    const shown = view = { table, show: String(rows), at: 0, column };
    pages = new Map();
    total = 0;
    grid.scrollTop = 0;
    tableChoice.value = String(table);
    rowChoice.value = String(rows);
    if (wide) drawHead();
    const form = document.querySelector("[data-fix] form");
    form.elements.table.value = String(table);
    form.elements.show.value = String(rows);
    form.elements.column.replaceChildren(...tables[table].headers.map((name, c) => new Option(name, c)));
    form.elements.column.value = String(column);
    drawn = new Map();
    body.replaceChildren();  // a click must not meet a row of before
    let at = -1;
    if (row) {
      const query = new URLSearchParams({ table, show: view.show, row });
      at = (await ask(`${base}/rows?${query}`)).at;
      if (view !== shown) return;  // other rows were chosen meanwhile
    }
    await load(0);
    if (view !== shown) return;
    size();
    if (!total) { cellWords.textContent = "No such rows."; return; }
    if (at < 0) at = view.show === "all" && total > 1 ? 1 : 0;  // below the headers
    await moveTo(at, column, focus);
  }

  // --- corrections ---

  function stand(facts) {
    standing = facts;
    for (const input of document.querySelectorAll("input[name=version]")) input.value = facts.version;
    permitSend(facts.checked);
    const count = `${facts.cells.toLocaleString("en")} ${facts.cells === 1 ? "cell is" : "cells are"} corrected.`;
    words.textContent = !facts.cells && facts.checked ? "" : facts.checked ? count : `${count} Check again to see what is still wrong.`;
    box.querySelector("[data-undo]").disabled = !facts.steps;
  }

  function permitSend(permitted) {
    const send = document.querySelector("[data-send]");
    if (send) send.disabled = !permitted;
  }

  function refused(error) {
    permitSend(standing.checked);
    words.textContent = error.message;
    if (error.status === 409) {
      const again = element("a");
      again.href = location.href;
      again.textContent = " Load the page again";
      words.append(again);
    }
  }

  // One change after the other: each needs the version that the one before made. The promise is
  // whether it was taken.
  function change(work) {
    unsaved++;
    permitSend(false);
    saving = saving.then(work).then(() => true, (error) => { refused(error); return false; })
      .finally(() => { unsaved--; });
    return saving;
  }

  function save(cells) {
    const of = view.table;  // the sheet that was shown when it was typed
    return change(async () => {
      const facts = await ask(`${base}/edit`, {
        method: "POST",
        body: JSON.stringify({ version: standing.version, table: of, cells }),
      });
      stand(facts);
      if (of !== view.table) return;
      for (const [row, c, text] of cells) {
        for (const rows of pages.values()) {
          const i = Array.isArray(rows) ? rows.findIndex((each) => each.row === row) : -1;
          if (i < 0) continue;
          const { cells: texts, edited } = rows[i];
          rows[i] = { ...rows[i], cells: texts.map((each, k) => (k === c ? text : each)), edited: [...edited, c] };
        }
      }
      draw();
      describe();
    });
  }

  async function leaveOut() {
    // A row without any text is none.
    const shown = view, { at } = view;
    if (editing) return;
    await saving;  // what was typed in this row a moment ago is left out, too
    const facts = rowAt(at);
    if (view !== shown || !facts) return;
    if (facts.header) { words.textContent = "This is the row of the headers, without which nothing can be read."; return; }
    const cells = facts.cells.map((text, c) => [facts.row, c, ""]).filter(([, c]) => facts.cells[c]);
    if (!cells.length) { words.textContent = "This row is blank already."; return; }
    if (await save(cells)) words.textContent = `Row ${facts.row} is left out. ${words.textContent}`;
  }

  function undo() {
    return change(async () => {
      const facts = await ask(`${base}/undo-edit`, {
        method: "POST",
        body: JSON.stringify({ version: standing.version }),
      });
      stand(facts);
      words.textContent = facts.words;
      pages = new Map();
      draw();  // until its text is there, a cell cannot be edited
      await moveTo(view.at, view.column, false);
    });
  }

  function startEdit(text) {
    const cell = activeCell(), facts = rowAt(view.at);
    if (!cell || !facts) return;
    const input = element("input");
    input.value = text === undefined ? facts.cells[view.column] : text;
    input.setAttribute("aria-label", `Row ${facts.row}, ${table().headers[view.column]}`);
    cell.replaceChildren(input);
    cell.classList.add("editing");
    editing = { input, at: view.at, row: facts.row, column: view.column, before: facts.cells[view.column] };
    input.focus();
    if (text === undefined) input.select();
  }

  function endEdit(take) {
    const { input, at, row, column, before } = editing;
    const text = input.value;
    editing = null;
    drawn.delete(at);  // its row has the input
    if (take && text !== before) save([[row, column, text]]);
    draw();
  }

  function cellsOfText(text) {
    // What Excel copies: tabs and line ends; cells with either are in quotation marks.
    const rows = [[]];
    const pattern = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r\n|\n|\r|$)/y;
    pattern.lastIndex = 0;
    while (pattern.lastIndex < text.length) {
      const match = pattern.exec(text);
      if (!match) break;
      rows.at(-1).push(match[1] !== undefined ? match[1].replaceAll('""', '"') : match[2]);
      if (match[3] === "\t") { if (pattern.lastIndex >= text.length) rows.at(-1).push(""); }
      else if (pattern.lastIndex < text.length) rows.push([]);
    }
    return rows;
  }

  async function paste(text) {
    const lines = cellsOfText(text), cells = [], shown = view;
    for (let i = 0; i < lines.length; i++) {
      await load(Math.floor((view.at + i) / PAGE));
      if (view !== shown) { words.textContent = "Other rows were chosen meanwhile: nothing was pasted."; return; }
      const facts = rowAt(view.at + i);
      if (!facts) break;
      lines[i].forEach((value, k) => {
        const c = view.column + k;
        if (c < columns() && facts.cells[c] !== value) cells.push([facts.row, c, value]);
      });
    }
    if (cells.length) await save(cells);
  }

  async function nextProblem() {
    const shown = view;
    for (let at = view.at, column = view.column + 1; at < total; at++, column = 0) {
      await load(Math.floor(at / PAGE));
      if (view !== shown) return;
      const facts = rowAt(at);
      const bad = facts && Object.keys(facts.bad).map(Number).filter((c) => c >= column);
      if (bad && bad.length) { await moveTo(at, Math.min(...bad)); return; }
    }
    words.textContent = "No further problem in these rows.";
  }

  grid.addEventListener("scroll", () => requestAnimationFrame(draw));
  grid.addEventListener("mousedown", (event) => {
    const cell = event.target.closest("[data-at]");
    if (!cell || (editing && cell.contains(editing.input))) return;
    if (editing) endEdit(true);
    event.preventDefault();
    moveTo(Number(cell.dataset.at), Number(cell.dataset.column));
  });
  grid.addEventListener("dblclick", () => { if (!editing) startEdit(); });
  grid.addEventListener("focusout", (event) => {
    if (editing && event.target === editing.input && !grid.contains(event.relatedTarget)) endEdit(true);
  });
  grid.addEventListener("paste", (event) => {
    if (editing) return;
    event.preventDefault();
    paste(event.clipboardData.getData("text/plain"));
  });
  grid.addEventListener("copy", (event) => {
    const facts = rowAt(view.at);
    if (editing || !facts) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", facts.cells[view.column]);
  });
  grid.addEventListener("keydown", (event) => {
    const { at, column } = view, page = Math.floor(grid.clientHeight / HEIGHT) - 2;
    if (editing) {
      if (event.key === "Enter") { endEdit(true); moveTo(at + (event.shiftKey ? -1 : 1), column); }
      else if (event.key === "Tab") { endEdit(true); moveTo(at, column + (event.shiftKey ? -1 : 1)); }
      else if (event.key === "Escape") { endEdit(false); moveTo(at, column); }
      else return;
      event.preventDefault();
      return;
    }
    const moves = {
      ArrowDown: [at + 1, column], ArrowUp: [at - 1, column],
      ArrowLeft: [at, column - 1], ArrowRight: [at, column + 1],
      PageDown: [at + page, column], PageUp: [at - page, column],
      Home: event.ctrlKey ? [0, 0] : [at, 0],
      End: event.ctrlKey ? [total - 1, columns() - 1] : [at, columns() - 1],
    };
    if (moves[event.key]) moveTo(...moves[event.key]);
    else if (event.key === "Enter" || event.key === "F2") startEdit();
    else if (event.key === "F8") nextProblem();
    else if (event.key === "Delete" && event.ctrlKey) leaveOut();
    else if (event.key === "Delete" || event.key === "Backspace") {
      const facts = rowAt(at);
      if (facts && facts.cells[column]) save([[facts.row, column, ""]]);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") undo();
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) startEdit(event.key);
    else return;
    event.preventDefault();
  });

  box.querySelector("[data-undo]").addEventListener("click", undo);
  box.querySelector("[data-leave-out]").addEventListener("click", leaveOut);
  tableChoice.addEventListener("change", () => show(Number(tableChoice.value), view.show, 0, 0, false));
  rowChoice.addEventListener("change", () => show(view.table, rowChoice.value, 0, 0, false));
  // What is being saved is saved before its page is left.
  document.addEventListener("submit", async (event) => {
    if (!unsaved) return;
    event.preventDefault();
    const { target, submitter } = event;
    if (await saving && !(submitter && submitter.disabled)) target.requestSubmit(submitter);
  });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", async () => {
      const choice = [...rowChoice.options].find((option) => option.value === button.dataset.show);
      choice.hidden = false;
      choice.textContent = `rows of: ${button.closest("tr").children[2].firstChild.textContent.slice(0, 60)}`;
      box.scrollIntoView({ block: "start" });
      await show(Number(button.dataset.table), button.dataset.show, Number(button.dataset.column || 0));
    });
  }
  document.querySelector("[data-fix]").addEventListener("toggle", ({ target }) => {
    target.querySelector("[data-columns]").value = String(view.column);
  });

  stand(standing);
  const last = JSON.parse(sessionStorage.getItem(placeKey) || "null");
  if (last && tables[last.table] && !/^\d+$/.test(last.show)) show(last.table, last.show, last.column, last.row, false);
  else {
    const problemsShown = show(0, "problems", 0, 0, false), shown = view;
    problemsShown.then(() => { if (view === shown && !total) show(0, "all", 0, 0, false); });
  }
}
