// Draws each <figure data-plot> from the table in it, and folds the table away; without this script the table is there.
"use strict";

const resolved = (() => {
  const probe = document.createElement("span"); // computed colours of variables, which differ by theme
  probe.hidden = true;
  document.body.append(probe);
  return (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
})();

const number = (cell) => Number(cell.textContent.replace(/[^\d.-]/g, ""));

function read(figure) {
  const rows = [...figure.querySelectorAll("tbody tr")];
  return rows.slice(0, Number(figure.dataset.most) || rows.length).map((row) => ({
    label: row.cells[0].textContent.trim(),
    value: number(row.cells[Number(figure.dataset.value)]),
    href: row.cells[0].querySelector("a")?.href,
  }));
}

function options(lying, rows, still) {
  const colour = resolved("muted");
  const values = { beginAtZero: true, ticks: { color: colour, precision: 0, maxTicksLimit: 6 }, grid: { color: resolved("line") }, border: { display: false } };
  const names = { ticks: { color: colour, autoSkip: !lying && rows.length > 12, maxRotation: 0, callback(at) { return lying ? short(this.getLabelForValue(at)) : lines(this.getLabelForValue(at)); } }, grid: { display: false }, border: { color: resolved("strong-line") } };
  return {
    indexAxis: lying ? "y" : "x",
    animation: still ? false : { duration: 250 },
    responsive: true,
    maintainAspectRatio: false,
    scales: lying ? { x: values, y: names } : { x: names, y: values },
    plugins: { legend: { display: false }, tooltip: { displayColors: false } },
    onClick: (_, [bar]) => bar && rows[bar.index].href && location.assign(rows[bar.index].href),
    onHover: (event, [bar]) => { event.native.target.style.cursor = bar && rows[bar.index].href ? "pointer" : ""; },
  };
}

const lines = (text) => (text.length > 8 ? text.split(" ") : text);
const short = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

function draw(figure) {
  const rows = read(figure);
  if (!rows.length) return;
  const lying = figure.dataset.plot === "bars";
  const box = document.createElement("div");
  const canvas = document.createElement("canvas");
  box.className = "chart";
  if (lying) box.style.height = `${Math.max(6, rows.length * 1.45 + 2.5)}rem`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${figure.querySelector("figcaption").textContent.trim()}: a bar chart of the table below`);
  box.append(canvas);
  figure.querySelector("figcaption").after(box);
  if (!figure.classList.contains("both") && !new URLSearchParams(location.search).has(`${figure.querySelector(".table").id}-sort`)) {
    figure.querySelector("details").open = false;
  }
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const data = () => ({
    labels: rows.map((row) => row.label),
    datasets: [{ data: rows.map((row) => row.value), backgroundColor: resolved("accent"), maxBarThickness: lying ? 18 : 48, borderRadius: 2 }],
  });
  const chart = new Chart(canvas, { type: "bar", data: data(), options: options(lying, rows, still) });
  const again = () => {
    chart.data = data();
    chart.options = options(lying, rows, true);
    chart.update("none");
  };
  document.addEventListener("themechange", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}

document.querySelectorAll("figure[data-plot]").forEach(draw);
