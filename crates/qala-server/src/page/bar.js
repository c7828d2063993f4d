// The bar: whose city, the city's clock, language, colours.

import { byId, h, remembered } from "./dom.js";
import { clock, date } from "./format.js";
import { language, LANGUAGES, t, words } from "./i18n.js";
import { glyph } from "./marks.js";

const THEMES = ["auto", "light", "dark"];

const theme = () => document.documentElement.dataset.theme ?? "auto";

function setTheme(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  remembered.set("theme", name);
}

function themeButton() {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  const button = h("button", { class: "icon", title: t(`theme_${theme()}`), "aria-label": t(`theme_${theme()}`), "data-key": "theme" }, glyph(theme()));
  button.addEventListener("click", () => {
    setTheme(next);
    const fresh = themeButton();
    button.replaceWith(fresh);
    fresh.focus();
  });
  return button;
}

/** Draws the bar. `now` is the city's time as ISO text, or null before it is known. */
export function drawBar({ catalog, now, changeLanguage }) {
  const city = words(catalog?.city);
  const choices = LANGUAGES.map(({ code, short, name }) => h("button", {
    lang: code, title: name, "aria-pressed": String(code === language()), "data-key": `language ${code}`, onclick: () => changeLanguage(code),
  }, short));
  byId("bar").replaceChildren(
    h("a", { class: "brand", href: "/" },
      h("img", { src: "/page/favicon.svg", alt: "", width: 28, height: 28 }),
      h("span", {}, h("b", {}, "Qala"), city && h("span", { class: "city" }, city))),
    h("p", { class: "product" }, t("product")),
    now ? h("time", { class: "clock", title: t("city_time", { zone: catalog.zone }) }, h("span", { class: "day" }, date(now)), h("b", {}, clock(now))) : h("span", { class: "clock" }),
    h("div", { class: "segments", role: "group", "aria-label": t("language") }, choices),
    themeButton());
  document.title = city ? `Qala · ${city}` : "Qala";
}
