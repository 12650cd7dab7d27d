// What the frame does in the browser. Each thing somebody does is one step of the way back, at the whole address it led to; and
// where the colours turn, with the system or by choice, the page runs again, so that its pictures turn with it.
(() => {
  document.currentScript.remove(); // what is read is done, and no page holds a script
  if (window.cairn) return;
  window.cairn = true;
  const { pushState, replaceState } = history;

  // Streamlit tells of the next page in several steps, the first of them an address where nobody was: they are one.
  let acted = false;
  for (const act of ["pointerdown", "keydown"]) addEventListener(act, () => { acted = true; }, true);
  addEventListener("popstate", () => { acted = false; }, true);
  history.pushState = (...step) => {
    (acted ? pushState : replaceState).apply(history, step);
    acted = false;
  };
  history.replaceState = (...step) => {
    replaceState.apply(history, step);
    acted = false;
  };

  // A link within the dashboard leads there as the menu does, without loading everything anew; with a key held down it is a link.
  // Streamlit's own do so themselves, but for those to the page they stand on, where it passes over what is as it is by default.
  addEventListener("click", (event) => {
    const link = event.target.closest?.(".stHtml a[href]:not([target]), .stPageLink a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.closest(".stPageLink") && link.pathname !== location.pathname) return;
    event.preventDefault();
    event.stopPropagation();
    history.pushState(null, "", link.href);
    dispatchEvent(new PopStateEvent("popstate"));
  }, true);

  // Streamlit's own keys are letters alone.
  addEventListener("keydown", (event) => {
    if (event.key === "?" && !event.target.closest?.("input, textarea, [contenteditable]"))
      document.querySelector(".st-key-keys button")?.click();
  });

  // A picture is saved as it stands there, twice as large, by letting the browser draw its own words once more.
  const part = (name, told, ...within) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(told)) made.setAttribute(key, value);
    made.append(...within);
    return made;
  };
  addEventListener("click", async (event) => {
    const button = event.target.closest?.(".cairn-chart > button");
    if (!button) return;
    const chart = button.parentElement.cloneNode(true);
    chart.querySelector("button").remove();
    const { width, height } = button.parentElement.getBoundingClientRect();
    const large = { width: 2 * width, height: 2 * height };
    const look = [...document.querySelectorAll("style")].find((one) => one.textContent.includes(".cairn-chart {"));
    const drawn = part("svg", { ...large, viewBox: `0 0 ${width} ${height}` },
      part("style", {}, look.textContent), part("foreignObject", { width: "100%", height: "100%" }, chart));
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(drawn));
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), large);
    canvas.getContext("2d").drawImage(image, 0, 0);
    Object.assign(document.createElement("a"), { href: canvas.toDataURL("image/png"), download: button.dataset.file }).click();
  });

  const app = document.querySelector(".stApp");
  const colours = () => getComputedStyle(app).backgroundColor;
  let drawn = colours();
  new MutationObserver(() => {
    if (colours() === drawn) return;
    drawn = colours();
    document.querySelector(".st-key-colours button")?.click();
  }).observe(app, { attributeFilter: ["class"] });
})();
