"""What users feel, measured: synthesis, deployment, boot, and the loss of masters (`make bench`).

To add a measurement, write a module with a MEASUREMENT and list it in `registry`. What is measured on a
running cluster is a PROBE instead: list it in `cluster` (real machines) or run it in `deploy` (processes).
"""
