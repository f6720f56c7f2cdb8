"""Repairs that need the other members' consent: damaged data, a lost volume, a master that must be replaced.

Everything here asks the other members for a quorum before it changes anything.
"""
