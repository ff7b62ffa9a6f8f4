/* The guest of a test instance: it writes, and it tells when somebody else wrote.
 *
 * It needs no operating system, so that it is up within seconds on a host that is itself emulated.
 * On every disk that it has it owns one sector (chosen by the instance's UUID; on the disk that it
 * was booted from, always the same one) and, about twice a second, reads it, compares it with what
 * it last wrote, and writes it again with a counter one higher. A sector that is not what it wrote
 * has had another writer: this is said once per disk and kept in the sector.
 *
 * It begins by telling how far its root disk was counted ("found N"). Each round is one line on the
 * serial line: "round N errors E strangers S". The power button ends it after the round that runs
 * ("stopped N"), as an operating system would.
 */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#define SECTOR 512
#define MAX_DISKS 8
#define FIRST_DRIVE 0x80
#define BOOT_SLOT 32          /* the sector that it owns on its boot disk */
#define FIRST_SLOT 2048       /* the first of the slots on every other disk: at 1 MiB */
#define SLOTS 8192            /* 4 MiB of them */
#define TICKS_PER_ROUND 9     /* of 18.2 a second */

#define COM1 0x3f8
#define POWER_STATUS 0x600    /* ACPI's PM1 event block, where SeaBIOS puts it */
#define POWER_ENABLE 0x602
#define POWER_CONTROL 0x604
#define POWER_BUTTON 0x100
#define POWER_OFF 0x2000
#define FIRMWARE_SELECT 0x510 /* QEMU's fw_cfg device */
#define FIRMWARE_DATA 0x511
#define FIRMWARE_UUID 2

struct slot {
    char magic[8];            /* "sbsimvm1" */
    u8 uuid[16];
    u32 start;                /* differs from one start of the guest to the next */
    u32 count;
    u32 strangers;            /* how often another writer was met */
    u8 rest[SECTOR - 36];
} __attribute__((packed));

struct packet {
    u8 size, zero;
    u16 sectors, offset, segment;
    u32 low, high;
} __attribute__((packed));

extern u8 boot_drive;

static struct slot buffer;
static struct packet packet;
static u8 uuid[16];
static u32 start;
static u32 last[MAX_DISKS], met[MAX_DISKS], seen[MAX_DISKS];

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" :: "a"(value), "Nd"(port)); }
static void out16(u16 port, u16 value) { __asm__ volatile("outw %0, %1" :: "a"(value), "Nd"(port)); }
static u8 in8(u16 port) { u8 v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
static u16 in16(u16 port) { u16 v; __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port)); return v; }

static u32 ticks(void) { return *(volatile u32 *)0x46c; }
static u8 disks(void) { return *(volatile u8 *)0x475; }

static void put(char c)
{
    while (!(in8(COM1 + 5) & 0x20))
        ;
    out8(COM1, (u8)c);
}

static void say(const char *text) { while (*text) put(*text++); }

static void say_number(u32 value)
{
    char digits[10];
    int n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        put(digits[--n]);
}

static void say_line(const char *text, u32 value)
{
    say(text);
    say_number(value);
    say("\n");
}

static int same(const void *a, const void *b, u32 n)
{
    const u8 *x = a, *y = b;
    while (n--)
        if (*x++ != *y++)
            return 0;
    return 1;
}

static void copy(void *to, const void *from, u32 n)
{
    u8 *x = to;
    const u8 *y = from;
    while (n--)
        *x++ = *y++;
}

/* One sector between `buffer` and a disk; 0 if the BIOS says that it worked. */
static int transfer(u8 drive, u32 sector, u16 function)
{
    u16 ax = function;
    u8 failed;
    packet.size = 16;
    packet.zero = 0;
    packet.sectors = 1;
    packet.offset = (u16)(u32)&buffer;
    packet.segment = 0;
    packet.low = sector;
    packet.high = 0;
    __asm__ volatile("int $0x13; setc %0"
                     : "=qm"(failed), "+a"(ax)
                     : "d"((u16)drive), "S"(&packet)
                     : "memory", "cc");
    return failed;
}

/* The instance's UUID, as QEMU tells its firmware. */
static void find_uuid(void)
{
    u32 n;
    out16(FIRMWARE_SELECT, FIRMWARE_UUID);
    for (n = 0; n < sizeof uuid; n++)
        uuid[n] = in8(FIRMWARE_DATA);
}

static u32 slot_of(int disk)
{
    if (FIRST_DRIVE + disk == boot_drive)
        return BOOT_SLOT;
    return FIRST_SLOT + (uuid[14] * 256u + uuid[15]) % SLOTS;
}

/* A round on one disk: read, compare, write one higher. Returns 1 if the disk refused. */
static int visit(int disk)
{
    static const char magic[8] = {'s', 'b', 's', 'i', 'm', 'v', 'm', '1'};
    u8 drive = (u8)(FIRST_DRIVE + disk);
    u32 sector = slot_of(disk);
    if (transfer(drive, sector, 0x4200))
        return 1;
    if (!seen[disk]) {        /* the first time: go on where the sector stands, if it is ours */
        if (same(buffer.magic, magic, 8) && same(buffer.uuid, uuid, 16)) {
            last[disk] = buffer.count;
            met[disk] = buffer.strangers;
        }
        seen[disk] = 1;
        if (drive == boot_drive)
            say_line("found ", last[disk]);
    } else if (buffer.count != last[disk] || buffer.start != start ||
               !same(buffer.uuid, uuid, 16)) {
        met[disk]++;
        if (buffer.count > last[disk])
            last[disk] = buffer.count;
    }
    copy(buffer.magic, magic, 8);
    copy(buffer.uuid, uuid, 16);
    buffer.start = start;
    buffer.count = last[disk] + 1;
    buffer.strangers = met[disk];
    if (transfer(drive, sector, 0x4300))
        return 1;
    last[disk]++;
    return 0;
}

static void end_if_asked(u32 round)
{
    if (!(in16(POWER_STATUS) & POWER_BUTTON))
        return;
    say_line("stopped ", round);
    out16(POWER_STATUS, POWER_BUTTON);
    for (;;)
        out16(POWER_CONTROL, POWER_OFF);
}

void guest_main(void)
{
    u32 round = 0, errors = 0, strangers, until, low, high;
    int disk;
    find_uuid();
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    start = low;
    out16(POWER_ENABLE, POWER_BUTTON);
    for (;;) {
        strangers = 0;
        for (disk = 0; disk < disks() && disk < MAX_DISKS; disk++) {
            errors += (u32)visit(disk);
            strangers += met[disk];
        }
        round++;
        say("round ");
        say_number(round);
        say(" errors ");
        say_number(errors);
        say(" strangers ");
        say_number(strangers);
        say("\n");
        until = ticks() + TICKS_PER_ROUND;
        while ((int)(until - ticks()) > 0) {
            end_if_asked(round);
            __asm__ volatile("hlt");
        }
    }
}
