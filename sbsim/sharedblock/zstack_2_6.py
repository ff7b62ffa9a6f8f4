"""ZStack 2.6, the guide's version: it configures first and checks the disks afterwards.

No fencer, no watchdog: when a host loses the storage nothing ends its VM instances.
"""

from sbsim.sharedblock.disk import DiskRules
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.sizes import METADATA
from sbsim.sharedblock.wipe import ForeignVolumes, WipeRules

PROFILE = Profile(
    name="zstack-2.6",
    steps=(
        "configure",
        "find_disks",
        "start_services",
        "enable_global_lock",
        "find_or_make_group",
        "join",
        "mark_heartbeat",
    ),
    lvm={
        "global/use_lvmlockd": "1",
        "global/use_lvmetad": "0",
        "global/sanlock_lv_extend": "1024",
        "global/lvmlockd_lock_retries": "6",
        "devices/issue_discards": "1",
    },
    lvm_files=("/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf"),
    lvm_from_defaults=True,
    sanlock={
        "sh_retries": "20",
        "logfile_priority": "7",
        "renewal_read_extend_sec": "24",
        "debug_renew": "1",
        "use_watchdog": "0",
    },
    overwrite_lines=True,
    io_timeout=10,
    metadata=METADATA,
    group_tags=True,
    guards_group=False,
    disks=DiskRules(prefixes=("dm-uuid-mpath-", ""), paths=False),
    wiping=WipeRules(foreign=ForeignVolumes.LEAVE, guard=False),
    id_style="link",
    find_attempts=5,
    join_attempts=15,
    volume_format="qcow2",
    exact_raw=False,
)
