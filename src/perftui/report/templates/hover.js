"use strict";
// The values below the pointer, beside the caption of its figure. Without this script nothing is missing but that.
for (const svg of document.querySelectorAll("svg[data-hover]")) {
  const { xs, names, lines } = JSON.parse(svg.dataset.hover);
  if (!xs.length) continue;
  const words = svg.parentElement.querySelector(".hover");
  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cursor.setAttribute("class", "cursor");
  cursor.setAttribute("y1", 0);
  cursor.setAttribute("y2", svg.viewBox.baseVal.height);
  const show = (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    let near = 0;
    xs.forEach((other, place) => { if (Math.abs(other - x) < Math.abs(xs[near] - x)) near = place; });
    cursor.setAttribute("x1", xs[near]);
    cursor.setAttribute("x2", xs[near]);
    if (!cursor.parentElement) svg.append(cursor);
    const values = lines.map(([label, ys]) => ys[near] === null ? "" : label + " " + ys[near]).filter(Boolean);
    words.textContent = [names[near], ...values].join(" · ");
  };
  svg.addEventListener("pointermove", show);
  svg.addEventListener("pointerleave", () => { cursor.remove(); words.textContent = ""; });
}
