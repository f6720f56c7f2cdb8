"""Who gets a kubelet's certificate: requests are held against what AWS says of the instance that asks.

`service` watches requests and answers them, `verdict` decides (pure), `signing_request` reads a request,
`instances` asks EC2.
"""
