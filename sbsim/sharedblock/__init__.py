"""The pool on the hosts: its volume group, lock space and disks, seen from one host."""
