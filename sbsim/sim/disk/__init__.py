"""Bytes of simulated disks: sparse, with a write cache that can be lost, and what lies on them.

`space` holds bytes; `partitions`, `filesystems` and `raid` write what makes a disk used, `probing`
says what is on one from its bytes alone, as blkid does; `lvm_label` writes and reads LVM's own.
"""
