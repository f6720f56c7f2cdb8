"""AWS as every host needs it: the API with bounded retries, metadata, identity, hooks and the bucket.

A `Node` is composed of these, so nothing here imports it. Calls about a volume, a DNS record or a load
balancer are in the room of their subject.
"""
