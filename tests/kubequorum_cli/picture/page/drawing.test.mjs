// The layout and the drawing, from the example's documents: KUBEQUORUM_PICTURES names a file with them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { render } from "preact-render-to-string";
import { fit } from "../../../../kubequorum_cli/picture/page/parts.mjs";
import { Drawing } from "../../../../kubequorum_cli/picture/page/drawing.mjs";
import { layout } from "../../../../kubequorum_cli/picture/page/layout.mjs";
import { STEPS, stepOf } from "../../../../kubequorum_cli/picture/page/steps.mjs";
import { html } from "../../../../kubequorum_cli/picture/page/view.mjs";

const { well, dead, without } = JSON.parse(readFileSync(process.env.KUBEQUORUM_PICTURES, "utf8"));
const LAST = STEPS.length - 1;
const draw = (picture, step = LAST, wide = true) => render(html`<${Drawing} picture=${picture} step=${step} wide=${wide} />`);
const position = ({ x, y, w, h }) => ({ x, y, w, h });

// A copy in which a group has other instances.
function withWorkers(picture, instances) {
  const copy = structuredClone(picture);
  copy.worker_groups[0].instances = instances;
  return copy;
}

// All boxes that must not cover each other: those of instances, volumes and free places.
function boxes(at) {
  const slots = Object.values(at.slots).flatMap(({ places, volume }) => [...places, volume]);
  return [...slots, ...at.workers.flatMap(({ cells }) => Object.values(cells))];
}

const overlap = (a, b) => a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom;
const within = (inner, outer) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.right <= outer.right && inner.bottom <= outer.bottom;

for (const wide of [true, false])
  test(`boxes are inside of what they belong to and cover no other (${wide ? "wide" : "narrow"})`, () => {
    const at = layout(dead, wide);
    const all = boxes(at);
    all.forEach((one, index) => all.slice(index + 1).forEach((other) => assert(!overlap(one, other))));
    for (const { subnets, box } of at.zones) {
      assert(within(box, at.vpc));
      for (const subnet of subnets) assert(within(subnet.box, box));
    }
    for (const { slot, group, volume, places } of Object.values(at.slots)) {
      const home = at.zones.find(({ zone }) => zone.name === slot.zone);
      const priv = home.subnets.find(({ subnet }) => !subnet.public);
      assert(within(group, priv.box));
      for (const each of [volume, ...places]) assert(within(each, group));
    }
    for (const { bands, cells } of at.workers)
      for (const cell of Object.values(cells)) assert(bands.some((band) => within(cell, band)));
    assert(within(at.addons, at.vpc));
    assert(within(at.vpc, at.cloud));
    assert(at.flows.every((row) => row.right <= at.width && row.bottom <= at.heightWithFlows));
  });

test("a dead master moves nothing: what was there is where it was", () => {
  const [before, after] = [layout(well, true), layout(dead, true)];
  for (const [name, slot] of Object.entries(before.slots)) {
    assert.deepEqual(position(after.slots[name].volume), position(slot.volume));
    for (const [id, box] of Object.entries(slot.instances))
      assert.deepEqual(position(after.slots[name].instances[id]), position(box));
  }
  for (const [id, box] of Object.entries(before.workers[0].cells))
    assert.deepEqual(position(after.workers[0].cells[id]), position(box));
});

test("a successor stays where it is when its predecessor is gone", () => {
  const later = structuredClone(dead);
  const slot = later.slots.find(({ slot: name }) => name === "b");
  const successor = slot.instances.find(({ place }) => place === 1);
  const before = layout(dead, true).slots.b;
  slot.instances = [successor];
  const after = layout(later, true).slots.b;
  assert.deepEqual(position(after.instances[successor.id]), position(before.instances[successor.id]));
  assert.deepEqual(position(after.instances[successor.id]), position(after.places[1]));
});

test("one zone is a cluster, too; its master is not stretched", () => {
  const one = structuredClone(well);
  one.zones = one.zones.slice(0, 1);
  one.slots = one.slots.slice(0, 1);
  one.worker_groups[0].instances = one.worker_groups[0].instances.filter(({ zone }) => zone === one.zones[0].name);
  const at = layout(one, true);
  assert(within(at.slots.a.group, at.zones[0].box));
  assert(at.slots.a.places.every(({ w }) => w <= 220));
  assert.match(draw(one), /class="flow"/);
});

test("a group without workers says so", () => {
  const none = withWorkers(well, []);
  none.worker_groups[0].desired = 0;
  assert.match(draw(none), /no worker at the moment/);
  assert.doesNotMatch(draw(well), /no worker at the moment/);
});

test("a worker that goes leaves its place free, and the others stay", () => {
  const workers = well.worker_groups[0].instances;
  const before = layout(well, true).workers[0].cells;
  const after = layout(withWorkers(well, workers.slice(1)), true).workers[0].cells;
  assert.deepEqual(Object.keys(after), workers.slice(1).map(({ id }) => id));
  for (const [id, box] of Object.entries(after)) assert.deepEqual(position(box), position(before[id]));
});

test("forty workers in a zone are forty places", () => {
  const [first] = well.worker_groups[0].instances;
  const many = Array.from({ length: 40 }, (_, place) => ({ ...first, id: `i-${place}`, place }));
  const at = layout(withWorkers(well, many), true);
  const cells = Object.values(at.workers[0].cells);
  assert.equal(cells.length, 40);
  cells.forEach((one, index) => cells.slice(index + 1).forEach((other) => assert(!overlap(one, other))));
  assert(cells.every((cell) => within(cell, at.workers[0].bands[0])));
});

test("steps do not move what earlier steps have drawn", () => {
  for (let step = 1; step <= LAST; step++) {
    const rects = (text) => text.match(/<rect class="box"[^>]*>/g) ?? [];
    const later = new Set(rects(draw(well, step)));
    for (const rect of rects(draw(well, step - 1))) assert(later.has(rect), `step ${step}`);
  }
});

test("each step adds something, with a text and a file", () => {
  for (let step = 1; step <= LAST; step++) assert(draw(well, step).length > draw(well, step - 1).length + 200);
  for (const { text, file, title } of STEPS) {
    assert(text.split(/[.:;] /).length >= 2, title);
    assert(file, title);
  }
  assert.equal(new Set(STEPS.map(({ id }) => id)).size, STEPS.length);
});

test("an address names a step; an unknown one means everything", () => {
  assert.equal(stepOf("cloud"), 0);
  assert.equal(stepOf("groups"), 3);
  for (const unknown of ["", "else"]) assert.equal(stepOf(unknown), LAST);
});

test("a condition has a sign and words beside its colour", () => {
  const text = draw(dead);
  const [id] = dead.marks.map(({ subject }) => subject);
  assert.match(text, new RegExp(`aria-label="Master b, ${id} in eu-central-1b: is unhealthy \\(not well\\)"`));
  assert.match(text, /<g class="sign bad"/);
  assert.match(text, />is unhealthy</);
});

test("the volume's cable leads to the master that has it, and to nobody if none has", () => {
  const cables = (picture) => (draw(picture).match(/class="cable"/g) ?? []).length;
  assert.equal(cables(well), 3);
  assert.equal(cables(dead), 2);
  const moved = structuredClone(dead);
  const slot = moved.slots.find(({ slot: name }) => name === "b");
  const successor = slot.instances.find(({ place }) => place === 1);
  slot.volume.attached_to = successor.id;
  const at = layout(moved, true).slots.b;
  assert.match(draw(moved), new RegExp(`class="cable" d="M${at.instances[successor.id].cx} `));
});

test("without Kubernetes the parts are not known, and no pods are counted", () => {
  const text = draw(without);
  assert.match(text, /aria-label="etcd: not known"/);
  assert.doesNotMatch(text, /class="pods"/);
  assert.match(text, /no Kubernetes/);
});

test("nothing of a document becomes markup", () => {
  const attack = structuredClone(well);
  attack.names[0].value = "<script>alert(1)</script>";
  attack.cluster = '"><img src=x>';
  const text = draw(attack);
  assert.doesNotMatch(text, /<script|<img/);
});

test("each flow has a number in the list, and on each of its lines", () => {
  const text = draw(well);
  well.flows.forEach(({ reason }, index) => {
    assert(text.includes(`${index + 1}: `) && text.includes(reason.replaceAll('"', "&quot;")), reason);
    const uses = text.match(new RegExp(`text-anchor="middle">${index + 1}</text>`, "g")) ?? [];
    assert(uses.length >= 2, `${reason}: ${uses.length}`);
  });
});

test("a cluster that is not there is an empty cloud", () => {
  const empty = { ...well, zones: [], slots: [], worker_groups: [], balancers: [], names: [], flows: [], addons: [], vpc: "" };
  for (const wide of [true, false]) {
    assert.match(draw(empty, LAST, wide), /AWS · eu-central-1/);
    assert.doesNotMatch(draw(empty, LAST, wide), /class="thing (vpc|addons|names)/);
  }
});

test("text that does not fit is shortened, and says so", () => {
  assert.equal(fit("short", 100), "short");
  const shortened = fit("a text that is far too long for its box", 60);
  assert(shortened.endsWith("…") && shortened.length < 15);
});
