// Auto Scaling groups: of one master in one zone, and of workers across all zones.
import { html } from "./view.mjs";
import { Box, Text } from "./parts.mjs";
import { box } from "./layout.mjs";

export const Groups = ({ at }) => html`
  ${Object.values(at.slots).map(
    ({ slot, group }) => html`
      <${Box} at=${group} kind="group master" group label=${`Auto Scaling group · master ${slot.slot}`}
        name=${`Auto Scaling group of master ${slot.slot} in ${slot.zone}: exactly one`} />
    `,
  )}
  ${at.workers.map(
    ({ group, bands }) => html`
      <g class="thing group worker" role="group" aria-label=${workersName(group)}>
        <title>${workersName(group)}</title>
        ${(at.wide ? [across(bands)] : bands).map((band) => html`<${Band} group=${group} at=${band} wide=${at.wide} />`)}
      </g>
    `,
  )}
`;

const workersName = (group) =>
  `Auto Scaling group of workers ${group.name} across ${group.zones.length} zones: ` +
  `${group.desired} wanted, ${group.min_size} to ${group.max_size}`;

const Band = ({ group, at, wide }) => html`
  <rect class="box" x=${at.x} y=${at.y} width=${at.w} height=${at.h} rx="6" />
  <${Text} class="label" x=${at.x + 10} y=${at.y + 16} width=${at.w - 20}>
    ${`${wide ? "Auto Scaling group · " : ""}workers ${group.name} · ${group.desired} wanted, ${group.min_size} to ${group.max_size}`}
  <//>
`;

// One for all zones, a little wider than the groups of masters: its lines pass them.
const across = (bands) => box(bands[0].x - 9, bands[0].y, bands.at(-1).right - bands[0].x + 18, bands[0].h);
