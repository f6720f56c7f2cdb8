// The steps in which the picture is built up: each adds one layer to those before it. `file` makes what it shows.

export const STEPS = [
  {
    id: "cloud",
    title: "A cloud",
    short: "Cloud",
    text: `Everything here is rented by the hour in one region of AWS: a place where Amazon has several data centres
      near each other. Nothing in it is precious except data; all the rest is described in files, and can be built
      again from them.`,
    file: "app.py",
  },
  {
    id: "zones",
    title: "A network, and zones",
    short: "Zones",
    text: `A Virtual Private Cloud (VPC) is a network of our own inside Amazon's. An availability zone is a data centre
      that does not share power or cooling with its neighbours. What must survive the loss of one is spread over three:
      two of three are still a majority.`,
    file: "stacks/network.py",
  },
  {
    id: "subnets",
    title: "Subnets and security groups",
    short: "Subnets",
    text: `A subnet is a part of the network in one zone. Machines are in the private ones, which nobody outside can
      reach; the public ones hold only ways in and out. Security groups are the firewall: they list who may connect to
      whom, and everything else is refused.`,
    file: "constructs/kubequorum/firewall.py",
  },
  {
    id: "groups",
    title: "Auto Scaling groups",
    short: "Groups",
    text: `An Auto Scaling group keeps a number of machines alive: it replaces those that die. Workers share one across
      all zones. Each master has one of its own, of exactly one machine in one zone, because its data cannot leave that
      zone.`,
    file: "constructs/kubequorum/master_slot.py",
  },
  {
    id: "instances",
    title: "Machines and volumes",
    short: "Machines",
    text: `Instances are virtual machines, and disposable. A master's data are on a volume, a disk of its own that
      outlives it: when a master dies, its successor takes over the volume and goes on where it ended. That is why each
      position has room for two.`,
    file: "constructs/kubequorum/etcd_volume.py",
  },
  {
    id: "entrances",
    title: "Load balancer and names",
    short: "Names",
    text: `Machines come and go, so nobody uses their addresses. Names in DNS lead to what has a role now, and a load
      balancer hands each connection to a master that is well. One that leaves is drained first: it gets no new
      connections, and ends those that it has.`,
    file: "constructs/kubequorum/api_endpoint.py",
  },
  {
    id: "control-plane",
    title: "The control plane",
    short: "Control plane",
    text: `Each master runs etcd, the database in which Kubernetes keeps everything, and an API server, through which
      everybody reads and writes it. etcd needs two of three to agree on a write. Controller manager and scheduler run
      everywhere, but only one of each leads; the others wait for it to fail.`,
    file: "userdata/kubequorum_node/boot/order.py",
  },
  {
    id: "workloads",
    title: "Nodes, pods and addons",
    short: "Pods",
    text: `A machine that runs pods is a node; pods are the applications, in containers. Workers have most of them, and
      Kubernetes moves them when a worker dies. Addons are applications that the cluster itself needs, and masters
      apply them.`,
    file: "constructs/kubequorum/addons/catalog.py",
  },
  {
    id: "flows",
    title: "Who talks to whom",
    short: "Flows",
    text: `These are the rules of the security groups, as AWS has them now. People come in through the load balancer
      only; masters talk to each other's etcd and to every node; pods reach each other through a tunnel between the
      nodes. What is not in the list is refused.`,
    file: "constructs/kubequorum/firewall.py",
  },
];

// The index of a step by its id; the last one, which shows everything, if there is none of that id.
export function stepOf(id) {
  const found = STEPS.findIndex((step) => step.id === id);
  return found < 0 ? STEPS.length - 1 : found;
}
