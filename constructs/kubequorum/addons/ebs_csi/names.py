"""Names that the parts of the driver share."""

NAME = "ebs-csi"
"""Of the addon, and of the service account that has its role."""
NODE_ACCOUNT = "ebs-csi-node"
"""Of the service account of node plugins, which has no role."""
DRIVER = "ebs.csi.aws.com"
LABELS = {"app.kubernetes.io/name": NAME}
