#!/bin/bash
REGION=eu-central-1
BUCKET=cdk-hnb659fds-assets-111122223333-eu-central-1
KEY=dev-ControlPlane/60e05bd1b195af2f94112fa7197a5c88289058840ce7c6df9693756bc6250f55.zip
SHA256=0000000000000000000000000000000000000000000000000000000000000000
CONFIG='{"api_load_balancer_name":"name-api-0123456789abcdef.elb.eu-central-1.amazonaws.com","bucket":"dev-state-statebucketad2a61f0-abcdefghijkl","etcd_volume_id":"vol-0123456789abcdef0","hosted_zone_id":"Z0123456789ABCDEFGHIJ","issuer":"d111111abcdef8.cloudfront.net","issuer_bucket":"dev-state-issuerbucket-abcdefghijkl","role":"master/a","signals":["MasterAGroup","ControlPlaneReady"]}'
set -euo pipefail
umask 077
env=/etc/default/kubequorum
set -a
[ ! -r $env ] || . $env
set +a
imds=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest
home=${KUBEQUORUM_HOME:-/opt/kubequorum}
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
