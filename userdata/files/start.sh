#!/bin/bash
# What user-data ends with: install the command kubequorum-node, and let systemd start the boot, so that it is
# supervised from its first moment. A crash then costs seconds, and not the rest of the launch hook's time.
set -eu
program=$(dirname "$(dirname "$(readlink -f "$0")")")
# A host that is a plain process has no systemd, and no root's folders.
[ "${KUBEQUORUM_SUPERVISOR:-}" != process ] || exec python3 "$program" boot
install -D -m 755 "$program/files/kubequorum-node" /usr/local/bin/kubequorum-node
# Not waiting for it: user-data is done, and what the boot logs goes to the console from the unit.
exec systemctl enable --now --no-block "$program/units/kubequorum-boot.service"
