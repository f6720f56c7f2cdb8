#!/bin/bash
# The end of user-data: install the command kubequorum-node, and let systemd start the boot, so that it is
# supervised from the beginning. A crash then costs seconds, and not the rest of the launch hook's time.
set -eu
program=$(dirname "$(dirname "$(readlink -f "$0")")")
# A host that is a plain process has neither systemd nor root.
[ "${KUBEQUORUM_SUPERVISOR:-}" != process ] || exec python3 "$program" boot
install -D -m 755 "$program/files/kubequorum-node" /usr/local/bin/kubequorum-node
# Without waiting: user-data is done, and the unit's log goes to the console.
exec systemctl enable --now --no-block "$program/units/kubequorum-boot.service"
