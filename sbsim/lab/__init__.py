"""The lab: real machines in emulation, in namespaces of their own, run by one keeper process."""
