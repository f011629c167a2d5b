// What scripts add to pages that work without them: suggestions while typing, the theme without a reload, filters that
// act at once, and a stand-in for a picture that does not come.
"use strict";

const PAUSE = 80; // ms between the last key and the question

// Suggestions: the combobox pattern of the ARIA practices. The field keeps the focus; the list only shows.
function suggest(input) {
  const list = document.createElement("ul");
  const status = document.createElement("div");
  let hits = [], chosen = -1, timer = 0, running = null, asked = "";
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  status.className = "hidden-text";
  status.setAttribute("role", "status");
  input.after(list, status);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) {
    input.setAttribute(name, value);
  }

  const part = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text });

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(place) {
    chosen = place;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function show(found) {
    hits = found;
    list.replaceChildren(...hits.map((hit, at) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${at}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const many = hit.figures ? `, ${hit.figures} figure${hit.figures > 1 ? "s" : ""}` : "";
      item.append(part("name", hit.label), part("about", `${hit.kind}${many}`));
      if (hit.matched) item.append(part("matched", `found by ${hit.matched}`));
      item.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
      item.addEventListener("click", () => location.assign(hit.path));
      return item;
    }));
    status.textContent = hits.length ? `${hits.length} suggestion${hits.length > 1 ? "s" : ""}` : "No suggestion";
    list.hidden = !hits.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    choose(-1);
  }

  async function ask() {
    const text = input.value.trim();
    if (text === asked && !list.hidden) return;
    asked = text;
    running?.abort();
    if (!text) return close();
    running = new AbortController();
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`, { signal: running.signal });
      if (answer.ok && input.value.trim() === text && document.activeElement === input) show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") close(); // the server is gone; Enter will tell
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (list.hidden) return ask();
      const places = hits.length + 1; // one of them is the field itself
      choose((chosen + 1 + steps[event.key] + places) % places - 1);
    } else if (event.key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      location.assign(hits[chosen].path);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
}

// The theme: told to the server, which keeps it, and shown at once, so that nothing typed is lost.
function theme(form) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name !== "theme") return;
    event.preventDefault();
    const body = new URLSearchParams({ theme: button.value, back: "/" });
    fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => form.submit());
    document.documentElement.dataset.theme = button.value;
    for (const one of document.querySelectorAll('button[name="theme"][aria-pressed]')) {
      one.setAttribute("aria-pressed", String(one.value === button.value));
    }
    document.dispatchEvent(new Event("themechange"));
    if (!button.getClientRects().length) { // it hid itself: its counterpart takes the focus
      [...form.querySelectorAll('button[name="theme"]')].find((one) => one.getClientRects().length)?.focus();
    }
  });
}

// A filter over a table that is on the page as a whole. On a page of a longer table the form asks the server.
function live(form) {
  const holder = document.getElementById(form.dataset.live);
  const body = holder?.querySelector("tbody");
  if (!body || holder.querySelector(".pager") || location.search.match(/[?&](kind|strictness|text|doubts)=[^&]/)) return;
  const heads = [...holder.querySelectorAll("thead th")].map((head) => head.textContent.trim().replace(/[▲▼]$/, ""));
  const at = (name) => heads.indexOf(name);
  const told = form.querySelector("[data-told]");
  const links = holder.querySelectorAll("thead a, a.csv");
  const levels = ["strict", "synonyms", "all"];
  const rows = [...body.rows].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    kind: row.cells[at("Kind")].textContent,
    level: levels.indexOf(row.cells[at("Strictness")].textContent),
    doubt: row.cells[at("Doubts")].textContent !== "",
  }));

  function filter() {
    const wanted = new FormData(form);
    const text = wanted.get("text").trim().toLowerCase();
    let shown = 0;
    for (const one of rows) {
      const fits = (!text || one.text.includes(text)) && (!wanted.get("kind") || one.kind === wanted.get("kind"))
        && (wanted.get("strictness") === "all" || (one.level >= 0 && one.level <= levels.indexOf(wanted.get("strictness")))) && (!wanted.get("doubts") || one.doubt);
      one.row.hidden = !fits;
      shown += fits;
    }
    for (const link of links) { // sorting and saving keep the filter
      const address = new URL(link.href);
      for (const [name, value] of wanted) value && value !== "all" ? address.searchParams.set(name, value) : address.searchParams.delete(name);
      link.href = address.href;
    }
    told.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
  }

  form.classList.add("live");
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  filter();
}

function standIn(image) {
  const swap = () => {
    image.hidden = true;
    document.getElementById(image.dataset.standIn).hidden = false;
  };
  if (image.complete && !image.naturalWidth && image.currentSrc) swap();
  image.addEventListener("error", swap);
}

document.querySelectorAll("input[data-suggest]").forEach(suggest);
document.querySelectorAll('form[action="/settings"]').forEach(theme);
document.querySelectorAll("form[data-live]").forEach(live);
document.querySelectorAll("img[data-stand-in]").forEach(standIn);
