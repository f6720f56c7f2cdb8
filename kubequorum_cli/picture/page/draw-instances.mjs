// Instances, and the volumes of masters.
import { html } from "./view.mjs";
import { Box, Sign, Text, WORDS } from "./parts.mjs";

export const Instances = ({ at }) => html`
  ${Object.values(at.slots).map((slot) => html`<${Slot} key=${slot.slot.slot} ...${slot} />`)}
  ${at.workers.map((workers) => html`<${Workers} key=${workers.group.group} ...${workers} />`)}
`;

const Workers = ({ group, bands, cells }) =>
  group.instances.length
    ? group.instances.map(
        (instance) => html`<${Instance} key=${instance.id} instance=${instance} at=${cells[instance.id]} kind="worker"
          name=${`Worker ${instance.id} of ${group.name}`} />`,
      )
    : html`<${Text} x=${bands[0].x + 10} y=${bands[0].y + 42} size=${11} class="quiet">no worker at the moment<//>`;

const Slot = ({ slot, places, instances, volume }) => {
  const used = new Set(slot.instances.map((instance) => instance.place));
  return html`
    ${places.map((place, index) => !used.has(index) && html`<${FreePlace} at=${place} alone=${used.size === 0} />`)}
    ${slot.instances.map(
      (instance) => html`<${Instance} key=${instance.id} instance=${instance} at=${instances[instance.id]}
        kind="master" name=${`Master ${slot.slot}, ${instance.id}`} />`,
    )}
    ${slot.volume && html`<${Volume} slot=${slot} at=${volume} instances=${instances} />`}
  `;
};

const FreePlace = ({ at, alone }) => html`
  <g class="free" aria-hidden="true">
    <rect x=${at.x} y=${at.y} width=${at.w} height=${at.h} rx="6" />
    <${Text} x=${at.cx} y=${at.cy + 4} size=${11} anchor="middle">${alone ? "no master" : "for a successor"}<//>
  </g>
`;

const Instance = ({ instance, at, kind, name }) => {
  const words = `${name} in ${instance.zone}: ${instance.text} (${WORDS[instance.condition]})`;
  return html`
    <${Box} at=${at} kind=${`instance ${kind}`} condition=${instance.condition} name=${words}>
      <${Sign} condition=${instance.condition} x=${at.x + 13} y=${at.y + 16} />
      <${Text} x=${at.x + 24} y=${at.y + 20} size=${10} mono class="id" width=${at.w - 26}>${instance.id}<//>
      <${Text} x=${at.x + 10} y=${at.y + 36} size=${11} class="state" width=${at.w - 16}>${instance.text}<//>
      <${Text} x=${at.x + 10} y=${at.y + 51} size=${10} class="quiet" width=${at.w - 12}>
        ${[instance.address, instance.type].filter(Boolean).join(" · ")}
      <//>
    <//>
  `;
};

const Volume = ({ slot, at, instances }) => {
  const { volume } = slot;
  const holder = instances[volume.attached_to];
  const where = volume.attached_to ? `attached to ${volume.attached_to}` : volume.text;
  const size = `${volume.size_gib} GiB${volume.encrypted ? ", encrypted" : ""}`;
  const middle = holder && holder.cx;
  return html`
    <${Box} at=${at} kind="volume" condition=${volume.condition} round=${12}
      name=${`Volume ${volume.id} of slot ${slot.slot}: ${where}, ${size} (${WORDS[volume.condition]})`}>
      ${holder && html`<path class="cable" d=${`M${middle} ${at.y} V${holder.bottom}`} />`}
      <${Sign} condition=${volume.condition} x=${at.x + 17} y=${at.cy} />
      <${Text} x=${at.x + 32} y=${at.y + 17} size=${10} mono class="id" width=${at.w - 40}>${volume.id}<//>
      <${Text} x=${at.x + 32} y=${at.y + 31} size=${11} class="quiet" width=${at.w - 40}>
        ${`etcd · ${volume.text} · ${size}`}
      <//>
    <//>
  `;
};
