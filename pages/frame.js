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

  const app = document.querySelector(".stApp");
  const colours = () => getComputedStyle(app).backgroundColor;
  let drawn = colours();
  new MutationObserver(() => {
    if (colours() === drawn) return;
    drawn = colours();
    document.querySelector(".st-key-colours button")?.click();
  }).observe(app, { attributeFilter: ["class"] });
})();
