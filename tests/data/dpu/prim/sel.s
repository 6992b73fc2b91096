; Selection: the odd ones of `args` bytes of int64, in order. Rounds of one block a tasklet; the
; places in the output go from neighbour to neighbour by handshakes.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        add   r22, r22, 16
        sw    r22, -16, 0               ; bytes of the rounds before
round:  lw    r0, r22, -16
        lsl_add r17, r0, id, 7
        move  r19, 0                    ; kept
        jgeu  r17, r16, counted
        sub   r20, r16, r17
        jleu  r20, BUFFER, 1f
        move  r20, BUFFER
1:      move  r0, r14
        move  r1, input
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_read
        move  r3, r14
        add   r4, r14, r20
2:      ld    d6, r3, 0
        and   r5, r7, 1
        jeq   r5, 0, 3f
        lsl_add r0, r15, r19, 3
        sd    r0, 0, d6
        add   r19, r19, 1
3:      add   r3, r3, 8
        jltu  r3, r4, 2b
counted: jz   id, 4f
        add   r0, id, -1
        call  r23, handshake_wait_for
        lw    r21, id4, message - 4
        jump  5f
4:      lw    r21, zero, total
5:      add   r0, r21, r19
        sw    id4, message, r0
        jeq   id, NTASKLETS - 1, 6f
        call  r23, handshake_notify
6:      jz    r19, 7f
        move  r0, r15
        move  r1, output
        lsl_add r1, r1, r21, 3
        lsl   r2, r19, 3
        call  r23, mram_write
7:      call  r23, meet
        jneq  id, NTASKLETS - 1, 8f     ; nobody reads the total between the two barriers
        lw    r0, id4, message
        sw    zero, total, r0
8:      call  r23, meet
        lw    r0, r22, -16
        add   r0, r0, BUFFER * NTASKLETS
        sw    r22, -16, r0
        jltu  r0, r16, round
        ld    d22, r22, -8
        jump  r23
        .section .data.message, "aw"
        .balign 4
message: .space 4 * NTASKLETS
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 65536
output: .space 65536
