// Yasgui's editor (Yasqe) and results (Yasr) in place of the plain form, which stays for those without scripts. They are
// used without Yasgui's tabs and its choice of endpoints: this page asks this server only, and keeps nothing in the
// browser's storage, which all explorers on one host and port share.
"use strict";

(() => {
  const form = document.getElementById("sparql");
  const at = (id) => document.getElementById(id);
  const field = at("query-text"), told = at("told"), live = at("live"), more = at("more-views");
  const LONGEST = 6000; // characters of a query in the address; longer ones stand behind its #, which is sent nowhere
  const copy = at("copy");
  let text = () => field.value;

  const address = (query) => {
    const whole = new URLSearchParams({ query });
    const path = String(whole).length < LONGEST ? `/query?${whole}` : `/query#${whole}`;
    return new URL(path, location.href).href;
  };

  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const link = address(text());
    try {
      await navigator.clipboard.writeText(link);
      told.textContent = "The link is copied.";
    } catch { // no clipboard: not a page of https or of this machine, or not allowed
      history.replaceState(null, "", link);
      told.textContent = "Copy the link from the address bar.";
    }
  });
  if (typeof Yasqe === "undefined") return;

  const { prefixes, places } = JSON.parse(form.dataset.editor);
  const patterns = places.map(([base, local, kind]) => [base, new RegExp(`^${local}$`), kind]);
  const pageOf = (iri) => {
    for (const [base, local, kind] of patterns) {
      const id = iri.startsWith(base) && local.exec(iri.slice(base.length));
      if (id) return `/${kind}/${encodeURIComponent(decode(id[1]))}`;
    }
    return "";
  };
  const decode = (part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  };

  // What the graph says of itself (VoID) completes classes and properties; asked for once, when it is first needed.
  const terms = {};
  const described = (property) => {
    const query = `SELECT DISTINCT ?term { ?part <http://rdfs.org/ns/void#${property}> ?term } ORDER BY ?term LIMIT 2000`;
    terms[property] ??= fetch(`/sparql?${new URLSearchParams({ query })}`, { headers: { Accept: "application/sparql-results+json" } })
      .then((answer) => answer.json())
      .then((json) => json.results.bindings.map((row) => row.term.value), () => []);
    return terms[property];
  };
  const complete = (property) => async (_, token) => {
    const begun = token?.autocompletionString ?? "";
    return (await described(property)).filter((iri) => iri.startsWith(begun));
  };
  const known = Object.entries(prefixes).map(([name, iri]) => `${name}: <${iri}>`);
  Yasqe.defaults.autocompleters = ["variables"];
  Yasqe.forkAutocompleter("prefixes", { name: "own-prefixes", persistenceId: null, get: () => known });
  Yasqe.forkAutocompleter("class", { name: "own-class", get: complete("class") });
  Yasqe.forkAutocompleter("property", { name: "own-property", get: complete("property") });

  const holder = document.createElement("div");
  holder.id = "editor";
  field.after(holder);
  const editor = new Yasqe(holder, {
    value: field.value,
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    collapsePrefixesOnLoad: false,
    resizeable: false,
    editorHeight: "22rem",
    extraKeys: { Tab: false, "Shift-Tab": false }, // the keyboard must be able to leave
    requestConfig: { endpoint: new URL("/sparql", location.href).href, method: "POST" },
  });
  text = () => editor.getValue();
  const input = editor.getInputField();
  input.setAttribute("aria-label", "SPARQL query");
  input.setAttribute("aria-describedby", "keys");
  form.querySelector("label").hidden = true;
  field.hidden = true;
  field.required = false;
  at("keys").hidden = false;
  editor.on("change", () => { field.value = text(); });

  // The icon of a line with a syntax error writes a tip with an inline style, which this site forbids; it has a title.
  for (const kind of ["mouseover", "mouseout"]) {
    holder.addEventListener(kind, (event) => event.target.closest(".parseErrorIcon") && event.stopPropagation(), true);
  }
  const mark = () => {
    for (const list of holder.querySelectorAll("ul.CodeMirror-hints:not([aria-label])")) {
      list.setAttribute("aria-label", "Completions");
      list.removeAttribute("aria-expanded"); // a list of choices is not expanded
    }
    for (const icon of holder.querySelectorAll(".parseErrorIcon:not([title])")) icon.title = "A syntax error, or a prefix that is not declared";
  };
  new MutationObserver(mark).observe(holder, { childList: true, subtree: true });

  // The part that lets columns be drawn wider would write its style into the page, unless it finds it there by this
  // number; the rules are in query.css.
  const rules = document.createElementNS(null, "style"); // of no namespace: found by its name, and no style
  rules.gripid = "573462389";
  document.head.append(rules);

  const results = new Yasr(live, {
    persistenceId: null,
    prefixes,
    getDownloadFileName: () => "query",
  });
  live.querySelector(".yasr_external_ref_btn")?.remove(); // a page of another site
  live.querySelector(".yasr_plugin_control")?.removeAttribute("aria-controls");

  // Links of the results: pages of this explorer where it has one. The table is drawn anew for each of its pages.
  const mend = () => {
    for (const link of live.querySelectorAll("a.iri")) {
      const page = pageOf(link.getAttribute("href") ?? "");
      if (page) {
        link.href = page;
        link.removeAttribute("target");
      } else if (link.rel !== "noopener noreferrer") link.rel = "noopener noreferrer";
    }
    const table = live.querySelector("table.dataTable");
    if (table && !table.hasAttribute("aria-label")) table.setAttribute("aria-label", "Result");
    for (const head of live.querySelectorAll("thead th:not([scope])")) head.scope = "col";
    const first = live.querySelector("thead th:first-child");
    if (first && !first.textContent.trim()) first.replaceChildren(Object.assign(document.createElement("span"), { className: "hidden-text", textContent: "Row" }));
    for (const page of live.querySelectorAll(".dt-paging [aria-controls]")) page.removeAttribute("aria-controls");
    const size = live.querySelector("select.tableSizer");
    if (size && !size.hasAttribute("aria-label")) size.setAttribute("aria-label", "Rows of a page");
    for (const area of live.querySelectorAll(".CodeMirror textarea:not([aria-label])")) area.setAttribute("aria-label", "Response as text");
    const box = live.querySelector(".yasr_results");
    if (box && !box.hasAttribute("tabindex")) for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", "Result, scrolls"]]) box.setAttribute(name, value);
  };
  new MutationObserver(mend).observe(live, { childList: true, subtree: true });

  const button = holder.querySelector(".yasqe_queryButton");
  button.type = "button"; // it runs the query itself
  const busy = (now) => {
    button.setAttribute("aria-label", now ? "Stop the query" : "Run the query");
    at("run").textContent = now ? "Stop" : "Run the query";
    if (now) told.textContent = "Running…";
  };
  let running = false;
  editor.on("query", () => { running = true; busy(true); });
  editor.on("queryAbort", () => { running = false; busy(false); told.textContent = "Stopped."; });
  editor.on("queryResponse", (_, answer, duration) => {
    running = false;
    busy(false);
    if (answer?.name === "AbortError") return;
    at("result")?.remove();
    at("problem")?.remove();
    live.hidden = false;
    results.setResponse(answer, duration);
    const failed = answer instanceof Error;
    const rows = results.results?.getBindings()?.length;
    told.textContent = failed ? "The query failed; what went wrong is below." : rows === undefined ? "Done." : `${rows} row${rows === 1 ? "" : "s"}.`;
    const link = address(text());
    more.hidden = failed || link.includes("#");
    more.querySelector("a").href = link;
    if (!failed) history.replaceState(null, "", link);
  });
  const run = () => (running ? editor.abortQuery() : editor.query().catch(() => {}));
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "format") return; // a file, which the server sends
    event.preventDefault();
    run();
  });

  const fragment = new URLSearchParams(location.hash.slice(1)).get("query");
  if (fragment) {
    editor.setValue(fragment);
    run();
  }
})();
