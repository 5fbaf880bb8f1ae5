#!/usr/bin/env bash
# A real Slurm on this machine: tests/slurm/cluster.sh FOLDER COMMAND [ARGUMENT ...]
#
# Starts a controller and three nodes (n1, n2 and g1, which has a pretend GPU), runs
# the command as on a login node, and takes all down again. Needs root and Debian's
# slurm-wlm and munge. FOLDER is new and holds everything that Slurm writes.
#
# Namespaces stand for what separates machines. /etc/slurm and the ports are the
# cluster's own; so are a node's processes and host name, and killing its first one
# (run/NODE holds its id) is a power cut. Nothing outlives the outermost namespace.
set -euo pipefail

if [ "${IN_CLUSTER:-}" != yes ]; then
    IN_CLUSTER=yes exec unshare --mount --net --pid --fork --kill-child --mount-proc \
        "$0" "$@"
fi
unset IN_CLUSTER

here=$(cd "$(dirname "$0")" && pwd)
mkdir "$1"
cluster=$(cd "$1" && pwd)
shift
cd "$cluster"

mkdir etc state spool run log
install -d -m 700 munge
sed "s|@CLUSTER@|$cluster|" "$here/slurm.conf" > etc/slurm.conf
cp "$here/gres.conf" "$here/cgroup.conf" etc
mount --bind etc /etc/slurm # jobs look there, whatever SLURM_CONF says
ip link set lo up
ip address add 10.0.0.1/32 dev lo # with 127.0.0.1 alone no address counts as one
head -c 1024 /dev/urandom > munge/munge.key
chmod 400 munge/munge.key

munged --force --key-file "$PWD/munge/munge.key" --socket "$PWD/munge/munge.sock" \
    --pid-file "$PWD/munge/munged.pid" --seed-file "$PWD/munge/munged.seed" \
    --log-file "$PWD/munge/munged.log"
slurmctld -c
for node in n1 n2 g1; do
    mkdir "spool/$node"
    unshare --mount --uts --pid --fork --kill-child --mount-proc \
        bash -c 'hostname "$0"; slurmd -D -N "$0" & wait' "$node" > "log/$node" 2>&1 &
    echo $! > "run/$node"
done

for _ in $(seq 50); do
    idle=$(sinfo --noheader --Node --states=idle | wc -l)
    [ "$idle" = 3 ] && break
    sleep 0.2
done
[ "$idle" = 3 ] || { echo "$idle of 3 nodes are up, see $cluster/log" >&2; exit 1; }
cd "$OLDPWD"
"$@"
