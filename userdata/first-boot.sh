#!/bin/bash
# First boot of every instance, master or worker: download the node program, verify it, start it.
# The lines above this script set REGION, BUCKET, KEY, SHA256 (where the node program is, and its checksum) and CONFIG
# (its configuration). Whole-line comments are left out of user-data.
# shellcheck disable=SC2154
set -euo pipefail
umask 077
# An image may set a proxy or other endpoints here.
env=/etc/default/kubequorum
set -a
# shellcheck disable=SC1090
[ ! -r $env ] || . $env
set +a
imds=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest
home=${KUBEQUORUM_HOME:-/opt/kubequorum}
# Secrets reach curl on standard input, never as arguments, which any process could read.
# Past any proxy: the metadata service answers this host only, and S3 has an endpoint in every VPC.
http() { curl -fsS -m60 --noproxy \* --retry 9 --retry-all-errors "$@"; }
token=$(http -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$imds/api/token")
get() { http -H @- "$imds/meta-data/iam/security-credentials/$1" <<<"X-aws-ec2-metadata-token: $token"; }
creds=$(get "$(get '')")
field() { sed -nE 's/.*"'"$1"'" *: *"([^"]*)".*/\1/p' <<<"$creds"; }
mkdir -p "$home"
cd "$home"
http -K- -o node.zip "${AWS_ENDPOINT_URL:-https://s3.$REGION.amazonaws.com}/$BUCKET/$KEY" <<EOF
aws-sigv4=aws:amz:$REGION:s3
user="$(field AccessKeyId):$(field SecretAccessKey)"
header="x-amz-security-token: $(field Token)"
EOF
sha256sum -c --quiet <<<"$SHA256  node.zip"
python3 -m zipfile -e node.zip "$SHA256"
echo "$CONFIG" >node.json
ln -sfn "$SHA256" current
exec bash current/files/start.sh
