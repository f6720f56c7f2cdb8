"""The service-account issuer: where AWS finds the public keys of the cluster's service accounts.

Its URL is in every token and in every role's trust policy, so it must outlive all masters. The documents are
public by nature; the bucket is private nevertheless, and CloudFront alone may read the two of them.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
"""

from typing import cast

from aws_cdk import Aws, Duration, Fn, RemovalPolicy
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from kubequorum.accepted_findings import acknowledge
from kubequorum.config import Cluster
from kubequorum_node.config import DISCOVERY_PATH, JWKS_PATH

AUDIENCE = "sts.amazonaws.com"
"""Of tokens for AWS; what the AWS SDKs and EKS use."""
_AMAZON_ROOT_CA_1 = "8da7f965ec5efc37910f1c6e59fdc1cc6a6ede16"
"""SHA-1 of the root that signs CloudFront's certificates (https://www.amazontrust.com/repository/).

IAM verifies such a certificate with its own list of CAs and ignores the thumbprint. Without one, though, it
fetches the certificate while it creates the provider, when no master has published a document yet.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
"""


class ServiceAccountIssuer(Construct):
    """A private bucket for two documents, a distribution that serves them, and IAM's OIDC provider.

    Args:
        cluster: the cluster file.

    """

    def __init__(self, scope: Construct, construct_id: str, *, cluster: Cluster) -> None:
        super().__init__(scope, construct_id)
        bucket = self._bucket()
        distribution = self._distribution(cluster, bucket)
        for key in (DISCOVERY_PATH, JWKS_PATH):
            bucket.add_to_resource_policy(_read_by(distribution, bucket.arn_for_objects(key)))
        self.bucket_arn = bucket.bucket_arn
        self.domain = distribution.attr_domain_name
        provider = iam.CfnOIDCProvider(
            self,
            "Provider",
            url=f"https://{self.domain}",
            client_id_list=[AUDIENCE],
            thumbprint_list=[_AMAZON_ROOT_CA_1],
        )
        provider.override_logical_id("IssuerProvider")
        self.provider_arn = provider.attr_arn
        for resource in (distribution, provider):
            resource.apply_removal_policy(RemovalPolicy.RETAIN)

    def _bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bucket",
            # With the cluster's key CloudFront would need a right to it, and the documents are public.
            encryption=s3.BucketEncryption.S3_MANAGED,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="old-versions",
                    noncurrent_version_expiration=Duration.days(90),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
        cast("s3.CfnBucket", bucket.node.default_child).override_logical_id("IssuerBucket")
        acknowledge(
            bucket,
            {"AwsSolutions::AwsSolutions-S1": "two public documents, versioned; CloudTrail records writes"},
        )
        return bucket

    def _distribution(self, cluster: Cluster, bucket: s3.Bucket) -> cloudfront.CfnDistribution:
        control = cloudfront.CfnOriginAccessControl(
            self,
            "AccessControl",
            origin_access_control_config=cloudfront.CfnOriginAccessControl.OriginAccessControlConfigProperty(
                # Unique in the account, also beside one that a deleted stack has left.
                name=Fn.join("-", [cluster.name, "issuer", _short_stack_id()]),
                origin_access_control_origin_type="s3",
                signing_behavior="always",
                signing_protocol="sigv4",
            ),
        )
        control.apply_removal_policy(RemovalPolicy.RETAIN)
        cfn = cloudfront.CfnDistribution
        distribution = cfn(
            self,
            "Distribution",
            distribution_config=cfn.DistributionConfigProperty(
                comment=f"Kubequorum {cluster.name}: service-account issuer",
                enabled=True,
                http_version="http2",
                price_class="PriceClass_100",
                origins=[
                    cfn.OriginProperty(
                        id="documents",
                        domain_name=bucket.bucket_regional_domain_name,
                        origin_access_control_id=control.attr_id,
                        # Required beside an access control, and empty then.
                        s3_origin_config=cfn.S3OriginConfigProperty(origin_access_identity=""),
                    )
                ],
                default_cache_behavior=cfn.DefaultCacheBehaviorProperty(
                    target_origin_id="documents",
                    viewer_protocol_policy="https-only",
                    allowed_methods=["GET", "HEAD"],
                    cached_methods=["GET", "HEAD"],
                    # A key that a rotation adds must be seen at once.
                    cache_policy_id=cloudfront.CachePolicy.CACHING_DISABLED.cache_policy_id,
                ),
            ),
        )
        distribution.override_logical_id("IssuerDistribution")
        acknowledge(
            distribution,
            {
                "AwsSolutions::AwsSolutions-CFR1": "STS may ask from any region",
                "AwsSolutions::AwsSolutions-CFR2": "it serves two public documents and takes no input",
                "AwsSolutions::AwsSolutions-CFR3": "who reads public keys is of no interest",
                "AwsSolutions::AwsSolutions-CFR4": (
                    "CloudFront's own certificate allows no other minimum; clients choose TLS 1.2 or later"
                ),
            },
        )
        return distribution


def _read_by(distribution: cloudfront.CfnDistribution, object_arn: str) -> iam.PolicyStatement:
    source = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/{distribution.ref}"
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
        actions=["s3:GetObject"],
        resources=[object_arn],
        conditions={"StringEquals": {"AWS:SourceArn": source}},
    )


def _short_stack_id() -> str:
    """The first eight digits of the stack's UUID, the last part of its ARN."""
    return Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))))
