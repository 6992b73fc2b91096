; Transfers of every size, 8 to 2,048 bytes, through one buffer under a mutex that is held over them:
; output[k] = first + last 8-byte word of the 8 (k + 1) bytes from input + 16 k on. The size is set
; in the upper byte of the WRAM address.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        sd    r22, 0, d18
        add   r22, r22, 16
        move  r18, id
.Lsize: acquire zero, big_lock, nz, .
        lsl   r0, r18, 24
        add   r0, r0, big
        lsl   r1, r18, 4
        add   r1, r1, input
        ldma  r0, r1, 0
        lsl   r2, r18, 3
        ld    d0, zero, big
        ld    d2, r2, big
        add   r1, r1, r3
        addc  r0, r0, r2
        sd    r14, 0, d0
        release zero, big_lock, nz, .+1
        move  r0, r14
        lsl   r1, r18, 3
        add   r1, r1, output
        move  r2, 8
        call  r23, mram_write
        add   r18, r18, NTASKLETS
        jltu  r18, 256, .Lsize
        ld    d18, r22, -16
        ld    d22, r22, -8
        jump  r23
        .section .atomic.big, "aw"
        .equ  big_lock, 22
        .space 8
        .bss
        .balign 8
big:    .space 2048
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 8192
output: .space 2048
