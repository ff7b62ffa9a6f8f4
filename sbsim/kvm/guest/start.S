/* The boot sector: loads the rest of the guest behind it and jumps there.
 *
 * The BIOS loads these 512 bytes to 0x7c00 and gives the drive in dl. */
    .code16
    .section .boot, "ax"
    .globl start
start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x7c00, %esp
    cld
    ljmp $0, $here
here:
    sti
    movb %dl, boot_drive
    movw $packet, %si
    movb $0x42, %ah             /* int 13h: extended read */
    int $0x13
    jc stuck
    movl $guest_end, %edi       /* what C expects to be zero */
    movl $guest_bss_end, %ecx
    subl %edi, %ecx
    xorl %eax, %eax
    rep stosb
    calll guest_main
stuck:
    hlt
    jmp stuck

    .globl boot_drive
boot_drive:
    .byte 0
    .balign 4
packet:                         /* how many sectors, where to, from which sector */
    .byte 16, 0
    .word GUEST_SECTORS
    .word 0x7e00, 0
    .quad 1

    .org 510
    .word 0xaa55
