"""ZStack 5: it finds the disks before it touches anything, and makes a group once only."""

from sbsim.sharedblock.disk import DiskRules
from sbsim.sharedblock.profile import Profile, ThinRules
from sbsim.sharedblock.sizes import GIB, METADATA
from sbsim.sharedblock.wipe import ForeignVolumes, WipeRules

PROFILE = Profile(
    name="zstack-5",
    steps=(
        "find_disks",
        "configure",
        "start_services",
        "enable_global_lock",
        "find_or_make_group",
        "join",
        "clear_heartbeat",
    ),
    lvm={
        "global/use_lvmlockd": "1",
        "global/use_lvmetad": "0",
        "global/sanlock_lv_extend": "1024",
        "global/lvmlockd_lock_retries": "6",
        "devices/issue_discards": "0",
        "activation/reserved_stack": "256",
        "activation/reserved_memory": "131072",
    },
    lvm_files=("/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf"),
    lvm_from_defaults=True,
    sanlock={
        "sh_retries": "20",
        "logfile_priority": "7",
        "renewal_read_extend_sec": "24",
        "debug_renew": "1",
        "use_watchdog": "0",
        "watchdog_fire_timeout": "1",
        "kill_grace_seconds": "40",
    },
    overwrite_lines=False,
    io_timeout=40,
    metadata=METADATA,
    group_tags=True,
    guards_group=True,
    disks=DiskRules(prefixes=("dm-uuid-mpath-", "", "scsi-", "nvme-"), paths=True),
    wiping=WipeRules(foreign=ForeignVolumes.WIPE, guard=True),
    id_style="wwid",
    find_attempts=3,
    join_attempts=5,
    volume_format="qcow2",
    exact_raw=True,
    filters=True,
    thin=ThinRules(begin=5 * GIB, step=2 * GIB, factor=3),
    not_applicable=(
        "zstack_vglock_timeout, zstack_vglock_large_delay and their switches: keys of the vendor's "
        "patched sanlock",
        "watchdog_fire_timeout: sanlock 3.8.5 does not know it and has its own 60 s, so the locks "
        "of a lost host come free 59 s later",
        "max_sectors_kb = ignore: stock sanlock 3.8.5 knows no such value",
        "a shortened join after an unclean stop: the vendor's patched sanlock alone",
        "repair of lease areas from backups: the vendor's patched sanlock alone",
    ),
)
