// Suggestions in the fields of a saved query.
"use strict";

(() => {
  const PAUSE = 120; // ms between the last key and the question

  function fill(input) {
    const list = document.createElement("datalist");
    let timer = 0, asked = "";
    list.id = `${input.id}-list`;
    input.after(list);
    input.setAttribute("list", list.id);

    async function ask() {
      const text = input.value.trim();
      if (!text || text === asked) return;
      asked = text;
      let hits;
      try {
        const answer = await fetch(`/suggest?${new URLSearchParams({ q: text })}`);
        hits = answer.ok ? await answer.json() : [];
      } catch {
        return; // the server is gone; running the query will tell
      }
      if (input.value.trim() !== text) return;
      const fitting = hits.filter((hit) => hit.kind === input.dataset.fill);
      const alike = (label) => fitting.filter((hit) => hit.label === label).length > 1;
      list.replaceChildren(...fitting.map((hit) => {
        const option = document.createElement("option");
        const byId = hit.kind === "figure" || hit.kind === "paper" || alike(hit.label);
        option.value = !byId ? hit.label : hit.kind === "chemical" || hit.kind === "disease" ? hit.id.replace("_", ":") : hit.id;
        option.label = byId ? hit.label : `${hit.id}${hit.matched ? `, found by ${hit.matched}` : ""}`;
        return option;
      }));
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    });
  }

  document.querySelectorAll("input[data-fill]").forEach(fill);
})();
