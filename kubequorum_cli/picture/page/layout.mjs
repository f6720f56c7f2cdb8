// Where everything is drawn: from the document to boxes. Nothing moves unless something is added: a zone has its
// column, a slot its position, an instance its place, which comes with the document.
//
// Two forms of the same picture: `wide` has zones beside each other, otherwise they are below each other, for a
// narrow screen. Each is drawn in its own coordinates, a unit being a pixel at its natural size.

export const WIDE = 1200;
export const NARROW = 390;

// Around the picture, inside of each box, and between a master and the workers of its zone, where lines are.
const SPACE = { wide: { edge: 8, pad: 12, between: 46 }, narrow: { edge: 4, pad: 8, between: 16 } };
const GAP = 16;
const LABEL = 24;
const CELL_GAP = 8;
const INSTANCE = { least: 140, most: 220, height: 58 };
const PART = 17;
export const PARTS = 4;
const MASTER = INSTANCE.height + PARTS * PART + 8;
const VOLUME = { above: 22, height: 40 };
const WORKER = 76;
export const NAMES = 6;
const PLACES_OF_SLOT = 2;

export const box = (x, y, w, h) => ({ x, y, w, h, right: x + w, bottom: y + h, cx: x + w / 2, cy: y + h / 2 });

export function layout(picture, wide) {
  const width = wide ? WIDE : NARROW;
  const form = { wide, width, ...SPACE[wide ? "wide" : "narrow"] };
  const { edge, pad } = form;
  const people = box(width / 2 - 150, edge, 300, 40);
  const cloud = { x: edge, y: people.bottom + (wide ? 34 : 24), w: width - 2 * edge };
  const services = layoutServices(picture, cloud, form);
  const vpc = { x: cloud.x + pad, y: services.bottom + GAP, w: cloud.w - 2 * pad };
  const inner = { x: vpc.x + pad, w: vpc.w - 2 * pad };
  let y = vpc.y + LABEL + 8;
  const balancers = picture.balancers.map((_, index) => box(inner.x, y + index * 60, inner.w, 50));
  y = (balancers.at(-1)?.bottom ?? y) + (wide ? 40 : GAP);
  const { zones, slots, workers, bottom } = layoutZones(picture, inner, y, form);
  const addons = layoutAddons(picture, inner, bottom + GAP, wide);
  const end = addons.bottom + pad;
  const flows = layoutFlows(picture, end + pad + GAP, form);
  return {
    wide,
    width,
    height: end + pad + edge,
    heightWithFlows: Math.max(end + pad, ...flows.map((row) => row.bottom)) + edge,
    people,
    cloud: box(cloud.x, cloud.y, cloud.w, end + pad - cloud.y),
    ...services,
    vpc: box(vpc.x, vpc.y, vpc.w, end - vpc.y),
    balancers,
    zones,
    slots,
    workers,
    addons,
    flows,
  };
}

// Names and backups: of the region, outside of the network. Between them is the way of people to the load balancer.
function layoutServices(picture, cloud, { wide, pad }) {
  const y = cloud.y + LABEL + 8;
  const rows = Math.min(picture.names.length, NAMES) + (picture.names.length > NAMES ? 1 : 0);
  const height = LABEL + 8 + Math.max(1, rows) * 17;
  const whole = cloud.w - 2 * pad;
  const x = cloud.x + pad;
  const w = wide ? (whole - 32) / 2 : whole;
  const names = box(x, y, w, height);
  const backups = wide ? box(names.right + 32, y, w, height) : box(x, names.bottom + 8, w, 52);
  return { names, backups, bottom: backups.bottom };
}

function layoutZones(picture, inner, top, { wide, pad, between }) {
  const count = Math.max(1, picture.zones.length);
  const columns = wide ? count : 1;
  const width = (inner.w - (columns - 1) * GAP) / columns;
  const hasPublic = picture.zones.some((zone) => zone.subnets.some((subnet) => subnet.public));
  const perRow = Math.max(1, Math.floor((width - 6 * pad + CELL_GAP) / (INSTANCE.least + CELL_GAP)));
  const rows = picture.worker_groups.map((group) => workerRows(group, perRow));
  const groupHeight = LABEL + MASTER + VOLUME.above + VOLUME.height + pad;
  const bandHeights = rows.map((count) => LABEL + count * (WORKER + CELL_GAP) + pad - CELL_GAP);
  const bands = bandHeights.reduce((sum, height) => sum + height + GAP, 0);
  const subnetHeight = LABEL + groupHeight + (bands ? between + bands - GAP : 0) + pad;
  const zoneHeight = LABEL + (hasPublic ? 28 + 8 : 0) + subnetHeight + pad;

  const zones = [];
  const slots = {};
  const workers = picture.worker_groups.map((group) => ({ group, bands: [], cells: {} }));
  let bottom = top;
  picture.zones.forEach((zone, index) => {
    const x = inner.x + (wide ? index : 0) * (width + GAP);
    const y = top + (wide ? 0 : index) * (zoneHeight + GAP);
    const outer = box(x, y, width, zoneHeight);
    let next = y + LABEL;
    const subnets = zone.subnets.map((subnet) => {
      const height = subnet.public ? 28 : subnetHeight;
      const placed = { subnet, box: box(x + pad, next, width - 2 * pad, height) };
      next = placed.box.bottom + 8;
      return placed;
    });
    zones.push({ zone, box: outer, subnets });
    const left = x + 2 * pad;
    const w = width - 4 * pad;
    let inside = y + LABEL + (hasPublic ? 36 : 0) + LABEL;
    for (const slot of picture.slots.filter((each) => each.zone === zone.name)) {
      slots[slot.slot] = layoutSlot(slot, box(left, inside, w, groupHeight), pad);
    }
    inside += groupHeight + between;
    workers.forEach((worker, number) => {
      const band = box(left, inside, w, bandHeights[number]);
      worker.bands.push(band);
      Object.assign(worker.cells, layoutCells(worker.group, zone.name, band, { perRow, pad }));
      inside = band.bottom + GAP;
    });
    bottom = outer.bottom;
  });
  return { zones, slots, workers, bottom };
}

// Rows that a group of workers needs in the zone that has the most; room for what it wants, even before it is there.
function workerRows(group, perRow) {
  const highest = Math.max(0, ...group.instances.map((instance) => instance.place + 1));
  const wanted = Math.ceil(group.desired / Math.max(1, group.zones.length));
  return Math.max(1, Math.ceil(Math.max(highest, wanted) / perRow));
}

function layoutSlot(slot, group, pad) {
  const w = Math.min((group.w - 2 * pad - CELL_GAP) / PLACES_OF_SLOT, INSTANCE.most);
  const y = group.y + LABEL;
  const places = Array.from({ length: PLACES_OF_SLOT }, (_, place) =>
    box(group.x + pad + place * (w + CELL_GAP), y, w, MASTER),
  );
  const instances = {};
  // More than two at once, which hardly happens, share the last place.
  for (const each of slot.instances) instances[each.id] = places[Math.min(each.place, places.length - 1)];
  const volume = box(group.x + pad, y + MASTER + VOLUME.above, places.at(-1).right - group.x - pad, VOLUME.height);
  return { slot, group, places, instances, volume };
}

function layoutCells(group, zone, band, { perRow, pad }) {
  const w = (band.w - 2 * pad - (perRow - 1) * CELL_GAP) / perRow;
  const cells = {};
  for (const instance of group.instances.filter((each) => each.zone === zone)) {
    const column = instance.place % perRow;
    const row = Math.floor(instance.place / perRow);
    const x = band.x + pad + column * (w + CELL_GAP);
    cells[instance.id] = box(x, band.y + LABEL + row * (WORKER + CELL_GAP), w, WORKER);
  }
  return cells;
}

function layoutAddons(picture, inner, y, wide) {
  const columns = wide ? 3 : 1;
  const rows = Math.ceil(picture.addons.length / columns);
  return { ...box(inner.x, y, inner.w, LABEL + 8 + Math.max(1, rows) * 22), columns };
}

function layoutFlows(picture, y, { wide, width, edge }) {
  const columns = wide ? 2 : 1;
  const w = (width - 2 * edge - (columns - 1) * GAP) / columns;
  const height = wide ? 24 : 40;
  const rows = Math.ceil(picture.flows.length / columns);
  return picture.flows.map((_, index) =>
    box(edge + Math.floor(index / rows) * (w + GAP), y + (index % rows) * height, w, height),
  );
}
