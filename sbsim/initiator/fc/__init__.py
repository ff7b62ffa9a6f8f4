"""Fibre Channel on a machine: its ports, the ports that they see, and ports over Ethernet.

sysfs       what the kernel tells of ports: fc_host and fc_remote_ports
fcoe        ports over Ethernet, where there is no host adapter: made, and kept over a restart
initiator   a host's side of the SAN
configure   a machine's ports made to be what the description says, and undone again
"""
