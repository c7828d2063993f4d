// Elements from plain calls: h("p", { class: "note" }, "text", child). Text is never parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

/** An element of HTML. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** The element with an id of `index.html`. */
export function byId(id) {
  return document.getElementById(id);
}

/** What is remembered on this device; null when storage is forbidden. */
export const remembered = {
  get(key) {
    try {
      return localStorage.getItem(`qala-${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`qala-${key}`, value);
    } catch {
      // Not remembered then; nothing else depends on it.
    }
  },
};
