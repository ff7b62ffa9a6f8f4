"""LVM as simulated hosts know it: its configuration text, and volume groups with their extents."""
