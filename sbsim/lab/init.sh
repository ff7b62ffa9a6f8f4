#!/bin/busybox sh
# The machines' initramfs: find the disks by serial, lay the machine's own overlay over the shared
# read-only root, and hand over to Debian's systemd. On any fault: say so on the console and stop.
bb=/bin/busybox
$bb mkdir -p /proc /sys /dev /run /lower /own /root
$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
$bb mount -t devtmpfs dev /dev
$bb mount -t tmpfs -o mode=755 run /run

stop() {
    echo "sbsim-init: $1"
    $bb sync
    $bb poweroff -f
}

for module in $($bb cat /modules/order); do
    $bb insmod "/modules/$module" || stop "cannot load kernel module $module"
done

disk() {
    for serial in /sys/block/vd*/serial; do
        if [ "$($bb cat "$serial")" = "$1" ]; then
            name=${serial%/serial}
            echo "/dev/${name##*/}"
            return
        fi
    done
}

root=$(disk sbsim-root)
own=$(disk sbsim-own)
packages=$(disk sbsim-packages)
[ -n "$root" ] || stop "no disk with serial sbsim-root"
[ -n "$own" ] || stop "no disk with serial sbsim-own"
$bb mount -t erofs -o ro "$root" /lower || stop "cannot mount the shared root $root"
$bb mount -t ext4 "$own" /own || stop "cannot mount the machine's own disk $own"
$bb mount -t overlay -o lowerdir=/lower,upperdir=/own/upper,workdir=/own/work overlay /root ||
    stop "cannot lay the overlay"
if [ -n "$packages" ]; then
    $bb mount -t erofs -o ro "$packages" /root/packages || stop "cannot mount the packages"
fi
for moved in proc sys dev run; do
    $bb mount --move "/$moved" "/root/$moved"
done
exec $bb switch_root /root /lib/systemd/systemd
