// The theme is set before the first paint, so that nobody is dazzled at night. Not a module, for that reason.
(() => {
  const root = document.documentElement;
  const query = new URLSearchParams(location.search);
  const kept = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      // Storage may be forbidden; the system's theme is used then.
      return null;
    }
  };
  const chosen = query.has("wall") ? "dark" : kept("qala-theme");
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  if (kept("qala-low-vision") === "on") root.dataset.low = "on";
  const lang = query.get("lang") ?? kept("qala-lang");
  if (lang) root.lang = lang;
})();
