// Draws the network of a figure; the page has the same as lists. The figure stands in the middle, the nearest other
// figures around it, and on the rim what was read, with its name outwards, so that no two names meet.
"use strict";

(() => {
  const holder = document.getElementById("network");
  if (!holder || typeof cytoscape === "undefined") return;
  const told = JSON.parse(holder.dataset.network);
  const rim = told.nodes.filter((node) => node.kind !== "figure" && node.kind !== "near");
  if (!rim.length) return;
  const near = told.nodes.filter((node) => node.kind === "near");
  const says = document.getElementById("network-says");
  for (const part of [holder, says, document.getElementById("network-legend")]) part.hidden = false;
  document.querySelector("details[data-fold]").open = false;

  const probe = document.createElement("span"); // computed colours of variables, which differ by theme
  probe.hidden = true;
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };

  const STEP = 15; // pixels of the rim for each name
  const GAP = 9; // pixels from the middle of a node to its name
  const radius = Math.max(150, (rim.length * STEP) / (2 * Math.PI));
  const places = new Map([["figure", { x: 0, y: 0 }]]);
  const angles = new Map();
  const order = { gene: 0, chemical: 1, disease: 2, organism: 3 };
  rim.sort((a, b) => order[a.kind] - order[b.kind] || b.shared - a.shared);
  const around = (nodes, at, from) => nodes.forEach((node, place) => {
    const angle = from + (2 * Math.PI * place) / nodes.length;
    angles.set(node.id, angle);
    const far = at * (node.kind === "near" && place % 2 ? 0.72 : 1); // two rings, so that their names do not meet
    places.set(node.id, { x: far * Math.cos(angle), y: far * Math.sin(angle) });
  });
  around(rim, radius, -Math.PI / 2);
  around(near, radius * 0.66, -Math.PI / 2 + Math.PI / Math.max(1, near.length));

  const shapes = { figure: "rectangle", near: "diamond", gene: "ellipse", chemical: "triangle", disease: "pentagon", organism: "hexagon" };
  const right = (node) => Math.cos(angles.get(node.id())) >= -1e-9;
  const name = (node) => {
    const angle = angles.get(node.id());
    const half = node.width() / 2;
    const gap = GAP + 4 * Math.abs(Math.cos(angle)); // names at the sides begin closer to their node
    return { x: gap * Math.cos(angle) + (right(node) ? -half : half), y: GAP * Math.sin(angle), turn: right(node) ? angle : angle + Math.PI };
  };

  const style = () => [
    { selector: "node", style: { label: "data(label)", shape: (node) => shapes[node.data("kind")], width: 10, height: 10, "font-size": 10, "font-family": "system-ui, sans-serif", color: colour("text"), "text-outline-color": colour("surface"), "text-outline-width": 2, "background-color": (node) => colour(node.data("kind")) } },
    { selector: "node[kind != 'figure'][kind != 'near']", style: { "text-valign": "center", "text-halign": (node) => (right(node) ? "right" : "left"), "text-margin-x": (node) => name(node).x, "text-margin-y": (node) => name(node).y, "text-rotation": (node) => name(node).turn } },
    { selector: "node[kind = 'figure']", style: { width: 24, height: 18, "font-size": 11, "font-weight": "bold", "text-valign": "bottom", "text-margin-y": 3, "background-color": colour("figure") } },
    { selector: "node[kind = 'near']", style: { width: 16, height: 16, "background-color": colour("surface"), "border-width": 2, "border-color": colour("figure"), "font-size": 9, "text-valign": "bottom", "text-margin-y": 2 } },
    { selector: "node[?shared]", style: { "font-weight": "bold" } },
    { selector: "node[?doubt]", style: { "background-color": colour("surface"), "border-width": 2, "border-style": "dashed", "border-color": colour("warn") } },
    { selector: "edge", style: { width: 1, "line-color": colour("line"), "curve-style": "haystack" } },
    { selector: "edge.near", style: { width: 1, "line-color": colour("strong-line"), "line-style": "dashed", "line-opacity": 0.55, "curve-style": "straight" } },
    { selector: "edge.lit", style: { width: 2, "line-opacity": 1, "line-color": colour("accent") } },
    { selector: ".faint", style: { opacity: 0.2 } },
  ];

  const elements = [
    ...told.nodes.map((node) => ({ data: node })),
    ...told.edges.map(([source, target]) => ({ data: { source, target }, classes: source.startsWith("near-") ? "near" : "" })),
  ];
  holder.setAttribute("role", "img");
  holder.setAttribute("aria-label", `Network: this figure, ${rim.length} genes, chemicals and diseases read in it, and ${near.length} nearest figures. The lists below say the same.`);
  const graph = cytoscape({
    container: holder, elements, style: style(), autoungrabify: true, userZoomingEnabled: false, userPanningEnabled: false, boxSelectionEnabled: false,
    layout: { name: "preset", positions: (node) => places.get(node.id()), fit: true, padding: 12 },
  });
  const help = "Point at a node to see what it is joined to; select it to open its page.";
  says.textContent = help;
  graph.on("tap", "node", (event) => event.target.data("path") && location.assign(event.target.data("path")));
  graph.on("mouseover", "node", (event) => {
    const node = event.target;
    const joined = node.connectedEdges();
    graph.elements().not(node.closedNeighborhood()).addClass("faint");
    joined.addClass("lit");
    holder.style.cursor = node.data("path") ? "pointer" : "";
    const kinds = { near: "figure", figure: "figure" };
    says.textContent = `${node.data("title") || node.data("label")} (${kinds[node.data("kind")] || node.data("kind")}${node.data("doubt") ? ", only doubtful mentions" : ""})`;
  });
  graph.on("mouseout", "node", () => {
    graph.elements().removeClass("faint lit");
    holder.style.cursor = "";
    says.textContent = help;
  });
  addEventListener("resize", () => { graph.resize(); graph.fit(undefined, 12); });
  const again = () => graph.style(style());
  document.addEventListener("themechange", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
})();
