// Ways in: people, load balancers with their targets, names. Backups are kept where names are: in the region.
import { html } from "./view.mjs";
import { NAMES } from "./layout.mjs";
import { Box, Sign, Text, WORDS } from "./parts.mjs";

export const Entrances = ({ picture, at }) => html`
  <${Box} at=${at.people} kind="people" round=${20} name="People and programs outside of the cluster">
    <${Text} x=${at.people.cx} y=${at.people.cy + 4} anchor="middle">people and programs · kubectl<//>
  <//>
  <${Names} names=${picture.names} at=${at.names} />
  <${Backups} backups=${picture.backups} at=${at.backups} />
  ${picture.balancers.map(
    (balancer, index) => html`<${Balancer} balancer=${balancer} at=${at.balancers[index]} picture=${picture} layout=${at} />`,
  )}
`;

const Names = ({ names, at }) => {
  const more = names.length - NAMES;
  const lines = names.slice(0, NAMES).map((name) => `${name.name} → ${name.value}`);
  if (more > 0) lines.push(`and ${more} more`);
  return html`
    <${Box} at=${at} kind="names" label="Names · Route 53" name=${`Names in Route 53: ${lines.join("; ") || "none"}`}>
      ${lines.map((line, index) => html`
        <${Text} x=${at.x + 10} y=${at.y + 36 + index * 17} size=${10} mono width=${at.w - 20}>${line}<//>
      `)}
    <//>
  `;
};

const Backups = ({ backups, at }) => html`
  <${Box} at=${at} kind="backups" condition=${backups.condition} label="Backups of etcd · S3"
    name=${`Backups of etcd: ${backups.text} (${WORDS[backups.condition]})`}>
    <${Sign} condition=${backups.condition} x=${at.x + 17} y=${at.y + 36} />
    <${Text} x=${at.x + 30} y=${at.y + 40} size=${11} width=${at.w - 38}>${backups.text}<//>
  <//>
`;

const Balancer = ({ balancer, at, picture, layout }) => {
  const kind = balancer.public ? "Public load balancer" : "Internal load balancer";
  const slotOf = (id) => picture.slots.find((slot) => slot.instances.some((instance) => instance.id === id));
  const healths = balancer.targets.map((target) => `${target.instance} ${target.text}`).join(", ");
  return html`
    <${Box} at=${at} kind="balancer" condition=${balancer.condition} round=${25}
      name=${`${kind} ${balancer.name}: ${balancer.text}. ${healths} (${WORDS[balancer.condition]})`}>
      <${Sign} condition=${balancer.condition} x=${at.x + 22} y=${at.y + 18} />
      <${Text} x=${at.x + 38} y=${at.y + 22} class="label" width=${at.w - 60}>
        ${`${layout.wide ? `${kind} · ` : ""}${balancer.name} · ${balancer.text}`}
      <//>
      ${balancer.targets.map((target, index) => {
        const slot = slotOf(target.instance);
        const x = targetX(at, layout, slot, index, balancer.targets.length);
        return html`
          <${Sign} condition=${target.condition} x=${x} y=${at.y + 37} />
          <${Text} x=${x + 12} y=${at.y + 41} size=${11} width=${90}>
            ${`${slot ? slot.slot : target.instance}: ${target.text}`}
          <//>
        `;
      })}
    <//>
  `;
};

// Above its master where zones are columns.
function targetX(at, layout, slot, index, count) {
  const place = slot && layout.slots[slot.slot];
  const shift = slot ? slot.instances.length > 1 && index % 2 : 0;
  if (layout.wide && place) return Math.max(at.x + 24, place.group.x + 14) + (shift ? 120 : 0);
  return at.x + 24 + index * ((at.w - 32) / Math.max(1, count));
}
