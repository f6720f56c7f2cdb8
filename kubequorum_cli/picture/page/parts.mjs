// What all layers draw with: boxes, labels and the signs of a condition. A condition is never a colour alone: it has
// a sign of its own shape, and its words.
import { html } from "./view.mjs";

// Average widths of a letter, as parts of the size of the type: enough to know what fits.
const SANS = 0.54;
const MONO = 0.61;

export const WORDS = { well: "well", busy: "changing", bad: "not well", unknown: "not known" };

// The text, or its beginning if that is all that fits.
export function fit(text, width, { size = 12, mono = false } = {}) {
  const room = Math.floor(width / (size * (mono ? MONO : SANS)));
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
}

// A box with what it is called, for eyes and for a screen reader. Things that contain others are groups.
export const Box = ({ at, kind, name, label, group = false, round = 6, condition, children }) => html`
  <g class=${`thing ${kind} ${condition ?? ""}`} role=${group ? "group" : "img"} aria-label=${name}>
    <title>${name}</title>
    <rect class="box" x=${at.x} y=${at.y} width=${at.w} height=${at.h} rx=${round} />
    ${label && html`<${Text} class="label" x=${at.x + 10} y=${at.y + 16} width=${at.w - 20}>${label}<//>`}
    ${children}
  </g>
`;

export const Text = ({ x, y, width, size = 12, mono = false, class: kind = "", anchor, children }) => {
  const text = [children].flat(Infinity).filter((part) => part || part === 0).join("");
  return html`<text class=${`${kind} ${mono ? "mono" : ""}`} x=${x} y=${y} font-size=${size} text-anchor=${anchor}>
    ${width ? fit(text, width, { size, mono }) : text}
  </text>`;
};

// The sign of a condition, 14 by 14 around a point.
export const Sign = ({ condition, x, y }) => html`
  <g class=${`sign ${condition}`} transform=${`translate(${x} ${y})`} aria-hidden="true">${SIGNS[condition]()}</g>
`;

const SIGNS = {
  well: () => html`<circle r="7" /><path d="M-3.2 0.2 L-0.9 2.6 L3.4 -2.4" />`,
  busy: () => html`<rect x="-6.5" y="-6.5" width="13" height="13" rx="3" /><path d="M-3.4 0 H-3.3 M0 0 H0.1 M3.4 0 H3.5" />`,
  bad: () => html`<path class="body" d="M0 -7.4 L7.6 6.4 H-7.6 Z" /><path d="M0 -2.6 V1.6 M0 4 V4.1" />`,
  unknown: () => html`<circle r="6.5" /><path d="M-2 -1.8 C-2 -4.6 2.2 -4.4 2 -1.8 C1.9 -0.4 0 -0.3 0 1.3 M0 3.7 V3.8" />`,
};
