"""VM instances of simulated hosts: their images, their hypervisor, their guests."""
