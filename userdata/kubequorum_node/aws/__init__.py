"""What a machine has of AWS: the API with bounded retries, its metadata, its identity, its group, the bucket.

A `Node` is made of these, so nothing here knows one. What is about a volume, a name or a load balancer stands
with its subject.
"""
