// What runs on the machines: the parts of the control plane, pods, addons.
import { html } from "./view.mjs";
import { Box, Sign, Text, WORDS } from "./parts.mjs";

const SHORT = { "kube-apiserver": "API server", "kube-controller-manager": "controller mgr", "kube-scheduler": "scheduler" };
const PODS_DRAWN = 30;

export const ControlPlane = ({ at }) =>
  Object.values(at.slots).flatMap(({ slot, instances }) =>
    slot.instances.map((instance) => html`<${Parts} instance=${instance} at=${instances[instance.id]} />`),
  );

const Parts = ({ instance, at }) => html`
  <g role="list" aria-label=${`Control plane on ${instance.id}`}>
    ${instance.parts.map((part, index) => {
      const y = at.y + 58 + index * 17;
      const words = `${part.name}: ${WORDS[part.condition]}${part.leads ? ", leads" : ""}`;
      return html`
        <g class=${`part ${part.condition}`} role="listitem" aria-label=${words}>
          <title>${words}</title>
          <rect x=${at.x + 6} y=${y} width=${at.w - 12} height="15" rx="3" />
          <g transform=${`translate(${at.x + 15} ${y + 7.5}) scale(0.7)`}><${Sign} condition=${part.condition} x=${0} y=${0} /></g>
          <${Text} x=${at.x + 25} y=${y + 11} size=${10}>${SHORT[part.name] ?? part.name}<//>
          ${part.leads && html`<${Text} x=${at.right - 10} y=${y + 11} size=${10} anchor="end" class="leads">leads<//>`}
        </g>
      `;
    })}
  </g>
`;

export const Workloads = ({ picture, at }) => html`
  ${picture.worker_groups.map((group, index) =>
    group.instances.map(
      (instance) => html`<${Pods} instance=${instance} at=${at.workers[index].cells[instance.id]} />`,
    ),
  )}
  <${Addons} picture=${picture} at=${at.addons} />
`;

const Pods = ({ instance, at }) => {
  if (instance.pods === null) return null;
  const words = `${instance.pods} pods`;
  const room = Math.min(PODS_DRAWN, Math.floor((at.w - 70) / 6));
  return html`
    <g class="pods" role="img" aria-label=${`${words} on ${instance.id}`}>
      <title>${words}</title>
      ${Array.from({ length: Math.min(room, instance.pods) }, (_, index) => html`
        <rect x=${at.x + 10 + index * 6} y=${at.bottom - 15} width="4.5" height="7" rx="1" />
      `)}
      <${Text} x=${at.right - 8} y=${at.bottom - 8} size=${10} anchor="end">${words}<//>
    </g>
  `;
};

const Addons = ({ picture, at }) => {
  const { addons, kubernetes } = picture;
  const width = (at.w - 20) / at.columns;
  const what = addons.map((addon) => `${addon.name} ${addon.version} ${addon.text}`).join("; ");
  return html`
    <${Box} at=${at} kind="addons" label="Addons" name=${`Addons: ${what || kubernetes.text}`}>
      ${addons.map((addon, index) => {
        const x = at.x + 10 + (index % at.columns) * width;
        const y = at.y + 38 + Math.floor(index / at.columns) * 22;
        return html`
          <${Sign} condition=${addon.condition} x=${x + 7} y=${y - 4} />
          <${Text} x=${x + 20} y=${y} size=${11} width=${width - 28}>${`${addon.name} ${addon.version} · ${addon.text}`}<//>
        `;
      })}
      ${!addons.length && html`<${Text} x=${at.x + 10} y=${at.y + 38} size=${11} class="quiet" width=${at.w - 20}>
        ${kubernetes.condition === "well" ? "none" : kubernetes.text}
      <//>`}
    <//>
  `;
};
