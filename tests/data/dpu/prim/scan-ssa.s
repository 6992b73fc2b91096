; Prefix sum (scan, scan, add) of `args` bytes of int64: blocks in rounds, local sums first, the sum
; of what lies before by handshakes, 64-bit additions with carry.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        add   r22, r22, 16
        sw    r22, -16, 0
round:  lw    r0, r22, -16
        lsl_add r17, r0, id, 7
        move  r18, 0                    ; sum of the block, d18
        move  r19, 0
        move  r20, 0
        jgeu  r17, r16, summed
        sub   r20, r16, r17
        jleu  r20, BUFFER, 1f
        move  r20, BUFFER
1:      move  r0, r14
        move  r1, input
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_read
        move  r3, 0
2:      add   r4, r14, r3
        ld    d6, r4, 0
        add   r19, r19, r7
        addc  r18, r18, r6
        add   r4, r15, r3
        sd    r4, 0, d18
        add   r3, r3, 8
        jltu  r3, r20, 2b
summed: jz    id, 3f
        add   r0, id, -1
        call  r23, handshake_wait_for
        ld    d8, id8, message - 8
        jump  4f
3:      ld    d8, zero, before
4:      add   r11, r9, r19
        addc  r10, r8, r18
        sd    id8, message, d10
        jeq   id, NTASKLETS - 1, 5f
        sd    r22, 0, d8
        add   r22, r22, 8
        call  r23, handshake_notify
        add   r22, r22, -8
        ld    d8, r22, 0
5:      jz    r20, 7f
        move  r3, r15
        add   r4, r15, r20
6:      ld    d6, r3, 0
        add   r7, r7, r9
        addc  r6, r6, r8
        sd    r3, 0, d6
        add   r3, r3, 8
        jltu  r3, r4, 6b
        move  r0, r15
        move  r1, output
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_write
7:      call  r23, meet
        jneq  id, NTASKLETS - 1, 8f
        ld    d0, id8, message
        sd    zero, before, d0
8:      call  r23, meet
        lw    r0, r22, -16
        add   r0, r0, BUFFER * NTASKLETS
        sw    r22, -16, r0
        jltu  r0, r16, round
        ld    d22, r22, -8
        jump  r23
        .section .data.message, "aw"
        .balign 8
before: .quad 0
message: .space 8 * NTASKLETS
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 65536
output: .space 65536
