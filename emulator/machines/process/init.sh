#!/bin/sh
# The first process of a machine. It runs user-data once, as cloud-init does,
# and then stays, as a machine stays on when its user-data is done. No traps: a
# machine is ended by a signal to its whole process group.
# $1: the user-data; empty on a boot that runs none (every boot but the first).

# Whoever started us records our process id first and then says so. If it died
# instead, nobody would ever find us again: leave.
read -r _ || exit 1
exec </dev/null

if [ -n "$1" ]; then
    "$1"
    echo "user-data ended with status $?"
fi
while :; do
    sleep 86400
done
