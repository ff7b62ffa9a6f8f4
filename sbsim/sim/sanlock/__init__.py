"""sanlock as simulated hosts run it: leases on shared disks, and the daemon that keeps them."""
