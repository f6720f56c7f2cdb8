// The first layers: the cloud, its network with a column for each zone, the subnets.
import { html } from "./view.mjs";
import { Box } from "./parts.mjs";

export const Cloud = ({ picture, at }) => html`
  <${Box} at=${at.cloud} kind="cloud" round=${16} group name=${`AWS, region ${picture.region}`}
    label=${`AWS · ${picture.region}`} />
`;

export const Zones = ({ picture, at }) => html`
  <${Box} at=${at.vpc} kind="vpc" round=${10} group name=${`Virtual Private Cloud ${picture.vpc}`}
    label=${`Virtual Private Cloud · ${picture.vpc}`} />
  ${at.zones.map(
    ({ zone, box }) =>
      html`<${Box} at=${box} kind="zone" round=${8} group name=${`Availability zone ${zone.name}`} label=${zone.name} />`,
  )}
`;

export const Subnets = ({ at }) =>
  at.zones.flatMap(({ zone, subnets }) =>
    subnets.map(({ subnet, box }) => {
      const kind = subnet.public ? "public subnet" : "private subnet";
      const label = `${kind} ${subnet.cidr}`;
      return html`<${Box} at=${box} kind=${subnet.public ? "subnet public" : "subnet"} group
        name=${`${label} in ${zone.name}`} label=${label} />`;
    }),
  );
