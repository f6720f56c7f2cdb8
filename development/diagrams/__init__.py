"""The diagrams of the documents: an example cluster, drawn by the modules of the live page."""
