// What the page gains with JavaScript: single keys, dragging, quoting marked words, time with the page in view.
"use strict";
document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live");
  if (live) watch(live);
  const form = document.getElementById("card");
  if (!form) return;
  const slots = [...form.querySelectorAll("fieldset.criterion")];
  slots.forEach((slot) => { const list = slot.querySelector(".ranking"); if (list) ranking(list, slot); });
  keep(form);
  keys(form, slots);
  stepwise(form);
  quoting(form, slots);
});

// The researcher's page: the part that changes comes again every ten seconds, unless something in it is being read.
function watch(live) {
  const again = async () => {
    if (document.hidden || live.contains(document.activeElement) || !getSelection().isCollapsed) return;
    try {
      const answer = await fetch(live.dataset.live, { headers: { accept: "text/html" } });
      if (answer.ok) live.innerHTML = await answer.text();
    } catch { /* the server is away: the last state stays */ }
  };
  setTimeout(again, 2500);
  setInterval(again, 10000);
}

// One press, one form; and the seconds during which the page was in view.
function keep(form) {
  let spent = 0, since = document.hidden ? null : performance.now(), sent = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && since !== null) { spent += performance.now() - since; since = null; }
    if (!document.hidden && since === null) since = performance.now();
  });
  form.addEventListener("submit", (event) => {
    if (sent || event.defaultPrevented) { event.preventDefault(); return; }
    sent = true;
    form.elements.seconds.value = ((spent + (since === null ? 0 : performance.now() - since)) / 1000).toFixed(2);
  });
  addEventListener("pageshow", () => { sent = false; });
}

function keys(form, slots) {
  const dialog = document.getElementById("keys"), toggle = document.getElementById("keys-on");
  const help = document.getElementById("help"), said = document.getElementById("said");
  let on = true;
  try { on = localStorage.getItem("keys") !== "off"; } catch { /* storage is refused: keys are on */ }
  toggle.checked = on;
  toggle.addEventListener("change", () => {
    on = toggle.checked;
    try { localStorage.setItem("keys", on ? "on" : "off"); } catch { /* holds for this page */ }
  });
  help.addEventListener("click", () => dialog.showModal());

  const done = (slot) => slot.querySelector(".ranking") || slot.querySelector('input[name^="v."]:checked') || slot.querySelector('input[name^="n."]')?.value;
  const here = () => slots.find((slot) => slot.contains(document.activeElement));
  const current = () => here() || slots.find((slot) => !done(slot)) || slots[slots.length - 1];
  const button = form.querySelector(".send .go");

  function go(slot) {
    if (!slot) { button.focus(); return; }
    const into = slot.querySelector('input[name^="v."]:checked') || slot.querySelector(".ranking > li") || slot.querySelector("input:not([type=hidden])");
    if (into) into.focus({ preventScroll: true });
    const box = slot.getBoundingClientRect(), foot = form.querySelector(".send").getBoundingClientRect().top;
    if (box.top < 70 || box.bottom > foot) slot.scrollIntoView({ block: box.height > foot - 90 ? "start" : "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    const at = document.activeElement, words = at.matches("textarea, select, input[type=text], input[type=number]");
    if (words) { if (event.key === "Escape") at.blur(); return; }
    const radio = at.matches("input[type=radio], input[type=checkbox]"), press = at.matches("button, a, summary");
    if (event.key === "Enter" && !press) { event.preventDefault(); form.requestSubmit(button); return; }
    const slot = current();
    if (!slot) return;
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      if (at.closest(".sure")) return;
      event.preventDefault();
      const from = slots.indexOf(here()), next = event.key === "ArrowRight" ? from + 1 : from - 1;
      go(from < 0 ? slot : slots[Math.max(0, next)]);
      return;
    }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !radio && at === document.body && !slot.querySelector(".ranking")) { event.preventDefault(); go(slot); return; }
    if (!on || event.repeat) return;
    const chosen = [...slot.querySelectorAll("[data-key]")].find((input) => input.dataset.key === event.key.toLowerCase());
    if (chosen) {
      event.preventDefault();
      chosen.checked = chosen.type === "checkbox" ? !chosen.checked : true;
      chosen.dispatchEvent(new Event("change", { bubbles: true }));
      said.textContent = chosen.parentElement.querySelector("b").textContent;
      if (event.key === "c") { const why = slot.querySelector(".why select, .why input"); (why || chosen).focus(); }
      else go(slots[slots.indexOf(slot) + 1]);
      return;
    }
    if (event.key === "m") {
      const more = slot.querySelector("details.more");
      if (more) { event.preventDefault(); more.open = true; more.querySelector("textarea:last-of-type, textarea")?.focus(); const texts = more.querySelectorAll("textarea"); texts[texts.length - 1].focus(); }
    }
    if (event.key === "u") { const undo = document.getElementById("undo"); if (undo) { event.preventDefault(); undo.requestSubmit(); } }
    if (event.key === "p") { event.preventDefault(); document.querySelector('.bar form[action$="/pause"]').requestSubmit(); }
    if (event.key === "?") { event.preventDefault(); dialog.showModal(); }
  });
}

// Ranking: the number fields stay what is sent; dragging and arrows only write them.
function ranking(list, slot) {
  const said = document.getElementById("said");
  const number = (row) => row.querySelector('input[type="number"]');
  const rows = () => [...list.children];
  const first = rows();
  first.forEach((row) => { row.tabIndex = 0; });
  const given = first.map((row) => Number(number(row).value) || Infinity);
  first.map((row, place) => [given[place], place, row]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).forEach(([, , row]) => list.append(row));
  let touched = given.every(Number.isFinite);
  function write() {
    rows().forEach((row, place) => {
      row.querySelector(".handle b").textContent = place + 1;
      if (touched) number(row).value = place + 1;
    });
  }
  function moved(row) {
    touched = true;
    write();
    said.textContent = `Place ${rows().indexOf(row) + 1} of ${rows().length}`;
  }
  write();
  // An order that nobody touched is an answer only when it is saved twice.
  list.closest("form").addEventListener("submit", (event) => {
    if (touched || slot.querySelector(".cannot input")?.checked) return;
    event.preventDefault();
    touched = true;
    write();
    const note = document.createElement("p");
    note.className = "wrong";
    note.setAttribute("role", "alert");
    note.textContent = "Is this order right as it stands? Save again if it is.";
    list.before(note);
    list.firstElementChild.focus();
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const row = button.closest("li"), step = Number(button.dataset.move);
    if (step < 0 && row.previousElementSibling) row.previousElementSibling.before(row);
    if (step > 0 && row.nextElementSibling) row.nextElementSibling.after(row);
    button.focus();
    moved(row);
  });
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest("li"), step = { ArrowUp: "-1", ArrowDown: "1" }[event.key];
    if (!row || !step || event.target.matches("input, textarea")) return;
    event.preventDefault();
    row.querySelector(`[data-move="${step}"]`).click();
    row.focus();
  });
  list.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".handle");
    if (!handle) return;
    event.preventDefault();
    const row = handle.closest("li");
    row.classList.add("held");
    handle.setPointerCapture(event.pointerId);
    const move = (at) => {
      for (const other of rows()) {
        if (other === row) continue;
        const box = other.getBoundingClientRect(), middle = box.top + box.height / 2;
        const above = rows().indexOf(other) < rows().indexOf(row);
        // the others move around the row that is held: moved itself, it would lose the pointer
        if (above && at.clientY < middle) { row.after(other); break; }
        if (!above && at.clientY > middle) row.before(other);
      }
    };
    const end = () => {
      row.classList.remove("held");
      handle.removeEventListener("pointermove", move);
      moved(row);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end, { once: true });
    handle.addEventListener("pointercancel", end, { once: true });
  });
}

// A trajectory is read step by step: what comes later shows when the step before is answered.
function stepwise(form) {
  const parts = [...form.querySelectorAll("[data-step]")];
  const answered = (part) => [...part.querySelectorAll("fieldset.criterion")].every((slot) =>
    slot.querySelector('input[name^="v."]:checked') || slot.querySelector('input[name^="n."]')?.value);
  function reveal() {
    const open = parts.findIndex((part) => !answered(part));
    parts.forEach((part, place) => { part.hidden = open >= 0 && place > open; });
  }
  if (parts.length) { form.addEventListener("change", reveal); reveal(); }
}

// Words marked in the item become evidence for the question that one is at.
function quoting(form, slots) {
  const pick = document.getElementById("pick");
  if (!pick) return;
  let found = null, last = slots[0];
  form.addEventListener("focusin", (event) => { last = event.target.closest("fieldset.criterion") || last; });
  form.addEventListener("change", (event) => { last = event.target.closest("fieldset.criterion") || last; });
  document.addEventListener("selectionchange", () => {
    const marked = getSelection();
    const inside = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("[data-part]");
    const part = marked.rangeCount && !marked.isCollapsed ? inside(marked.anchorNode) : null;
    const text = marked.toString().trim();
    if (!part || !part.dataset.part || inside(marked.focusNode) !== part || !text) { found = null; pick.classList.remove("on"); return; }
    const range = marked.getRangeAt(0), before = document.createRange();
    before.selectNodeContents(part);
    before.setEnd(range.startContainer, range.startOffset);
    found = { part: part.dataset.part, start: [...before.toString()].length, text: text.replace(/\s+/g, " ") };
    pick.classList.add("on");
  });
  pick.addEventListener("pointerdown", (event) => event.preventDefault());
  pick.firstElementChild.addEventListener("click", () => {
    const slot = last || slots[0];
    const field = slot?.querySelector('textarea[name^="q."]'), hints = slot?.querySelector('input[name^="h."]');
    if (!found || !field) return;
    const lines = field.value.split("\n").filter((line) => line.trim()), places = hints.value.split("\n").slice(0, lines.length);
    while (places.length < lines.length) places.push("");
    field.value = [...lines, found.text].join("\n");
    hints.value = [...places, `${found.part}:${found.start}`].join("\n");
    slot.querySelector("details.more").open = true;
    document.getElementById("said").textContent = "Quoted";
    getSelection().removeAllRanges();
  });
}
