"""LVM and sanlock as their authors recommend, with nothing of the product's on top."""

from sbsim.sharedblock.disk import DiskRules
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.wipe import ForeignVolumes, WipeRules

PROFILE = Profile(
    name="stock",
    steps=("find_disks", "configure", "start_services", "find_or_make_group", "join"),
    lvm={"global/use_lvmlockd": "1"},
    lvm_files=("/etc/lvm/lvmlocal.conf",),
    lvm_from_defaults=False,
    sanlock={},
    overwrite_lines=False,
    io_timeout=10,
    metadata=None,
    group_tags=False,
    guards_group=True,
    disks=DiskRules(prefixes=("dm-uuid-mpath-", "", "scsi-"), paths=True),
    wiping=WipeRules(foreign=ForeignVolumes.LEAVE, guard=True),
    id_style="wwid",
    find_attempts=1,
    join_attempts=3,
    volume_format="raw",
    exact_raw=True,
)
