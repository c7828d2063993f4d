// The theme is set before the first paint, so that nobody is dazzled at night. Not a module, for that reason.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("qala-theme");
  } catch {
    // Storage may be forbidden; the system's theme is used then.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
