"""What is mended only with the others' consent: damaged data, a lost volume, a master that must be replaced.

Everything here asks the other members for a quorum before it does anything.
"""
