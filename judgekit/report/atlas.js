(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const list = byId("cards");
  if (!list) return;
  const cards = Array.from(list.children).map((node) => ({
    node,
    box: node.querySelector("input[type=checkbox]"),
    facts: JSON.parse(node.dataset.facts),
    text: node.textContent.toLowerCase(),
  }));
  const filters = { judge: byId("judge"), way: byId("way"), criterion: byId("criterion"), slice: byId("slice") };
  const words = byId("words"), order = byId("order"), count = byId("count"), download = byId("download");
  const compare = {
    severity: (a, b) => b.severity - a.severity || b.index - a.index,
    index: (a, b) => b.index - a.index || b.severity - a.severity,
    item: (a, b) => (a.item < b.item ? -1 : a.item > b.item ? 1 : 0),
  };
  const visible = () => cards.filter((card) => !card.node.hidden);
  const chosen = () => new Set(cards.filter((card) => card.box.checked).map((card) => card.facts.item));

  function tell() {
    const n = chosen().size;
    count.textContent = `${visible().length} of ${cards.length} failures shown, ${n} ${n === 1 ? "item" : "items"} chosen.`;
    download.disabled = n === 0;
    cards.forEach((card) => card.node.classList.toggle("chosen", card.box.checked));
  }

  function show() {
    const wanted = words.value.trim().toLowerCase();
    cards.forEach((card) => {
      const fits = Object.entries(filters).every(([name, field]) => !field.value || card.facts[name].includes(field.value));
      card.node.hidden = !(fits && (!wanted || card.text.includes(wanted)));
    });
    tell();
  }

  function sort() {
    const rule = compare[order.value];
    cards.slice().sort((a, b) => rule(a.facts, b.facts)).forEach((card) => list.appendChild(card.node));
  }

  function choose(some, on) {
    const items = new Set(some.map((card) => card.facts.item));
    cards.forEach((card) => { if (items.has(card.facts.item)) card.box.checked = on; });
    tell();
  }

  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value);

  function queue() {
    const lines = ["item,variant,probability,purpose"];
    chosen().forEach((item) => lines.push(`${cell(item)},original,1,item`));
    return lines.join("\r\n") + "\r\n";
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([queue()], { type: "text/csv" }));
    link.download = "queue.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  Object.values(filters).forEach((field) => field.addEventListener("change", show));
  words.addEventListener("input", show);
  order.addEventListener("change", sort);
  cards.forEach((card) => card.box.addEventListener("change", () => choose([card], card.box.checked)));
  byId("all").addEventListener("click", () => choose(visible(), true));
  byId("none").addEventListener("click", () => choose(cards, false));
  download.addEventListener("click", save);
  byId("controls").hidden = false;
  document.querySelectorAll(".pick").forEach((node) => { node.hidden = false; });
  show();
})();
