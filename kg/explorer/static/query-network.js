// Draws the network of an answer; the table below it says the same.
"use strict";

(() => {
  const holder = document.getElementById("rows-network");
  if (!holder || typeof cytoscape === "undefined") return;
  const told = JSON.parse(holder.dataset.network);
  for (const part of [holder, document.getElementById("rows-network-legend")]) part.hidden = false;
  document.getElementById("rows-fold").open = false;
  holder.setAttribute("role", "img");
  holder.setAttribute("aria-label", `${holder.dataset.label}: ${told.nodes.length} nodes, ${told.edges.length} links.`);

  const probe = document.createElement("span"); // computed colours of variables, which differ by theme
  probe.hidden = true;
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const shapes = { near: "diamond", gene: "ellipse", chemical: "triangle", disease: "pentagon", organism: "hexagon" };
  const style = () => [
    { selector: "node", style: { label: "data(label)", shape: (node) => shapes[node.data("kind")], width: 13, height: 13, "font-size": 10, "font-family": "sans-serif", color: colour("text"), "text-outline-color": colour("surface"), "text-outline-width": 2, "text-valign": "bottom", "text-margin-y": 3, "text-wrap": "wrap", "text-max-width": 120, "background-color": (node) => colour(node.data("kind")) } },
    { selector: "node[kind='near']", style: { width: 20, height: 20, "background-color": colour("surface"), "border-width": 2, "border-color": colour("figure") } },
    { selector: "edge", style: { width: 1, "line-color": colour("strong-line"), "curve-style": "haystack" } },
    { selector: ".faint", style: { opacity: 0.15 } },
  ];
  const graph = cytoscape({
    container: holder,
    elements: [...told.nodes.map((data) => ({ data })), ...told.edges.map(([source, target]) => ({ data: { source, target } }))],
    style: style(), minZoom: 0.2, maxZoom: 3, userZoomingEnabled: false,
    layout: { name: "cose", animate: false, randomize: false, padding: 28, nodeRepulsion: () => 12000, idealEdgeLength: () => 70, nodeOverlap: 16, numIter: 800, gravity: 0.5 },
  });
  graph.on("tap", "node", (event) => event.target.data("path") && location.assign(event.target.data("path")));
  graph.on("mouseover", "node", (event) => {
    graph.elements().not(event.target.closedNeighborhood()).addClass("faint");
    holder.style.cursor = event.target.data("path") ? "pointer" : "";
  });
  graph.on("mouseout", "node", () => {
    graph.elements().removeClass("faint");
    holder.style.cursor = "";
  });
  const again = () => graph.style(style());
  document.addEventListener("themechange", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
})();
