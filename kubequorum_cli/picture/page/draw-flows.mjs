// Who may connect to whom: lines where zones are columns, and a list with the same numbers.
import { html } from "./view.mjs";
import { Text } from "./parts.mjs";

const ROLES = { people: "people", balancer: "load balancer", masters: "masters", workers: "workers", other: "others" };

export const Flows = ({ picture, at }) => html`
  ${at.wide && lines(picture, at).map((line) => html`<${Line} ...${line} />`)}
  <g role="list" aria-label="Who may connect to whom">
    ${picture.flows.map((flow, index) => html`<${Row} flow=${flow} number=${index + 1} at=${at.flows[index]} wide=${at.wide} />`)}
  </g>
`;

const names = (roles) => roles.map((role) => ROLES[role]).join(", ");

const Row = ({ flow, number, at, wide }) => {
  const who = `${names(flow.sources)} → ${names(flow.targets)}`;
  const rest = `${flow.port} · ${flow.reason}`;
  const x = at.x + 24;
  return html`
    <g role="listitem" aria-label=${`${number}: ${names(flow.sources)} to ${names(flow.targets)}, ${rest}`}>
      <${Number} number=${number} x=${at.x + 9} y=${at.y + 10} />
      <${Text} x=${x} y=${at.y + 14} width=${wide ? 238 : at.w - 24}>${who}<//>
      <${Text} x=${wide ? x + 242 : x} y=${wide ? at.y + 14 : at.y + 30} size=${11} class="quiet"
        width=${wide ? at.w - 266 : at.w - 24}>${rest}<//>
    </g>
  `;
};

const Number = ({ number, x, y }) => html`
  <g class="number" aria-hidden="true">
    <circle cx=${x} cy=${y} r="8" />
    <text x=${x} y=${y + 3.5} font-size="10" text-anchor="middle">${number}</text>
  </g>
`;

const Line = ({ from, to, both, numbers }) => html`
  <g class="flow" aria-hidden="true">
    <path d=${`M${from.x} ${from.y} L${to.x} ${to.y}`} />
    <path class="head" d=${head(from, to)} />
    ${both && html`<path class="head" d=${head(to, from)} />`}
    ${numbers.map((number, index) => {
      const upright = from.x === to.x;
      const shift = (index - (numbers.length - 1) / 2) * 17;
      const x = (from.x + to.x) / 2 + (upright ? shift : 0);
      const y = (from.y + to.y) / 2 + (upright ? 0 : shift);
      return html`<${Number} number=${number} x=${x} y=${y} />`;
    })}
  </g>
`;

// An arrow head at `to`; lines are upright or level.
function head(from, to) {
  const [dx, dy] = [Math.sign(to.x - from.x), Math.sign(to.y - from.y)];
  const [x, y] = [to.x - 7 * dx, to.y - 7 * dy];
  return `M${to.x} ${to.y} L${x - 4 * dy} ${y - 4 * dx} L${x + 4 * dy} ${y + 4 * dx} Z`;
}

// A line for each pair of roles that some flow connects, with the numbers of all its flows.
function lines(picture, at) {
  const numbers = new Map();
  picture.flows.forEach((flow, index) => {
    for (const source of flow.sources)
      for (const target of flow.targets) {
        const pair = `${source} ${target}`;
        numbers.set(pair, [...(numbers.get(pair) ?? []), index + 1]);
      }
  });
  const slots = Object.values(at.slots);
  const bands = at.workers[0]?.bands ?? [];
  const top = at.balancers[0];
  const door = at.balancers.at(-1);
  const upright = (x, y1, y2) => ({ from: { x, y: y1 }, to: { x, y: y2 } });
  const neighbours = (boxes, y) =>
    boxes.slice(1).map((each, index) => ({ from: { x: boxes[index].right, y }, to: { x: each.x, y }, both: true }));
  const each = (make) => slots.map(({ slot, group }) => make(group, bandOf(at, slot, bands)));
  const routes = {
    "people balancer": () => (top ? [upright(at.people.cx, at.people.bottom, top.y)] : []),
    "balancer masters": () => (door ? each((group) => upright(group.right - 30, door.bottom, group.y)) : []),
    "masters balancer": () => (door ? each((group) => upright(group.right - 62, group.y, door.bottom)) : []),
    // Past the group of the master.
    "workers balancer": () => (door ? each((group, band) => band && upright(group.right + 5, band.y, door.bottom)) : []),
    "masters masters": () => neighbours(slots.map(({ group }) => group), slots[0]?.volume.y - 11),
    "masters workers": () => each((group, band) => band && upright(group.x + 60, group.bottom, band.y)),
    "workers masters": () => each((group, band) => band && upright(group.right - 60, band.y, group.bottom)),
    "workers workers": () => neighbours(bands, bands[0]?.bottom - 8),
  };
  return [...numbers].flatMap(([pair, found]) =>
    (routes[pair]?.() ?? []).filter(Boolean).map((line) => ({ ...line, numbers: found })),
  );
}

const bandOf = (at, slot, bands) => bands[at.zones.findIndex(({ zone }) => zone.name === slot.zone)];
