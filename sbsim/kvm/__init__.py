"""VM instances on a KVM host, through its libvirt."""
