; Unique: the first of every run of equal int64 in `args` bytes, in order. As selection, and the
; last element of a block goes along with the count.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        add   r22, r22, 16
        sw    r22, -16, 0               ; bytes of the rounds before
round:  lw    r0, r22, -16
        lsl_add r17, r0, id, 7
        move  r19, 0                    ; different ones
        move  r18, r15                  ; the first of them in WRAM
        jgeu  r17, r16, counted
        sub   r20, r16, r17
        jleu  r20, BUFFER, 1f
        move  r20, BUFFER
1:      move  r0, r14
        move  r1, input
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_read
        ld    d6, r14, 0
        sd    r15, 0, d6
        move  r19, 1
        add   r3, r14, 8
        add   r4, r14, r20
        jgeu  r3, r4, counted
2:      ld    d8, r3, 0
        jneq  r9, r7, 3f
        jeq   r8, r6, 4f
3:      lsl_add r0, r15, r19, 3
        sd    r0, 0, d8
        add   r19, r19, 1
        movd  d6, d8
4:      add   r3, r3, 8
        jltu  r3, r4, 2b
counted: jz   id, 5f
        add   r0, id, -1
        call  r23, handshake_wait_for
        lw    r21, id4, message - 4
        ld    d8, id8, lasts - 8
        jump  6f
5:      lw    r21, zero, total
        ld    d8, zero, last
6:      jz    r19, 7f
        lsl_add r0, r15, r19, 3
        ld    d10, r0, -8               ; the block's last, for the neighbour
        ld    d6, r15, 0
        jneq  r6, r8, 8f                ; its first: does it go on with the run of before?
        jneq  r7, r9, 8f
        add   r18, r18, 8
        add   r19, r19, -1
        jump  8f
7:      movd  d10, d8
8:      sd    id8, lasts, d10
        add   r0, r21, r19
        sw    id4, message, r0
        jeq   id, NTASKLETS - 1, 9f
        call  r23, handshake_notify
9:      jz    r19, 10f
        move  r0, r18
        move  r1, output
        lsl_add r1, r1, r21, 3
        lsl   r2, r19, 3
        call  r23, mram_write
10:     call  r23, meet
        jneq  id, NTASKLETS - 1, 11f
        lw    r0, id4, message
        sw    zero, total, r0
        ld    d0, id8, lasts
        sd    zero, last, d0
11:     call  r23, meet
        lw    r0, r22, -16
        add   r0, r0, BUFFER * NTASKLETS
        sw    r22, -16, r0
        jltu  r0, r16, round
        ld    d22, r22, -8
        jump  r23
        .section .data.message, "aw"
        .balign 8
last:   .quad -1                        ; no element of the input
lasts:  .space 8 * NTASKLETS
message: .space 4 * NTASKLETS
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 65536
output: .space 65536
