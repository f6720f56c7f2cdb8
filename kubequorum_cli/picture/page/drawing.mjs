// The whole picture up to a step, as one SVG. The page shows it, and ./kubequorum diagrams writes it to files.
import { html } from "./view.mjs";
import { layout } from "./layout.mjs";
import { STEPS } from "./steps.mjs";
import { Cloud, Subnets, Zones } from "./draw-network.mjs";
import { Groups } from "./draw-groups.mjs";
import { Instances } from "./draw-instances.mjs";
import { Entrances } from "./draw-entrances.mjs";
import { ControlPlane, Workloads } from "./draw-kubernetes.mjs";
import { Flows } from "./draw-flows.mjs";

const LAYERS = {
  cloud: Cloud,
  zones: Zones,
  subnets: Subnets,
  groups: Groups,
  instances: Instances,
  entrances: Entrances,
  "control-plane": ControlPlane,
  workloads: Workloads,
  flows: Flows,
};

// `step` is the index of the last step that is shown; `marked` says whether what it adds is set off.
export const Drawing = ({ picture, step, wide, marked = true, children }) => {
  const at = layout(picture, wide);
  const { id: last, title } = STEPS[step];
  // Where nothing is deployed there is a cloud, and no more.
  const shown = picture.zones.length ? STEPS.slice(0, step + 1) : STEPS.slice(0, 1);
  // The list of flows is below everything else: before it is shown, nothing keeps its place free.
  const height = last === "flows" ? at.heightWithFlows : at.height;
  return html`
    <svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox=${`0 0 ${at.width} ${height}`} role="group"
      aria-label=${`Cluster ${picture.cluster}, step ${step + 1} of ${STEPS.length}: ${title}`}>
      ${children}
      ${shown.map(({ id, title: layer }, index) => {
        const Layer = LAYERS[id];
        return html`
          <g key=${id} class=${`layer ${marked && index === step ? "new" : ""}`} role="group" aria-label=${layer}>
            <${Layer} picture=${picture} at=${at} />
          </g>
        `;
      })}
    </svg>
  `;
};
