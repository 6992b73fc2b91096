; A line of tasklets: each waits for the one before it, makes a value of that one's value, and hands
; on to the next by a handshake; args = rounds, which follow each other down the line.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 16, d22
        sd    r22, 0, d18
        sd    r22, 8, d20
        add   r22, r22, 24
        move  r18, 0                    ; round
        jeq   r16, 0, .Lreturn
.Lround:
        and   r19, r18, 1               ; two slots a tasklet, one for each kind of round
        lsl   r19, r19, 2
        lsl_add r19, r19, id, 3
        move  r20, r18                  ; what comes in at the head of the line
        jz    id, .Lmake
        add   r0, id, -1
        call  r23, handshake_wait_for
        add   r20, r19, -8
        lw    r20, r20, slots
.Lmake: lsl_add r20, r20, r20, 1        ; 3 x + id + 1
        add   r20, id, r20
        add   r20, r20, 1
        sw    r19, slots, r20
        jeq   id, NTASKLETS - 1, .Lnext
        call  r23, handshake_notify
.Lnext: add   r18, r18, 1
        jltu  r18, r16, .Lround
        move  r0, r20
        move  r1, r18
        sd    r14, 0, d0
        move  r0, r14
        lsl   r1, id, 3
        add   r1, r1, output
        move  r2, 8
        call  r23, mram_write
.Lreturn:
        ld    d18, r22, -24
        ld    d20, r22, -16
        ld    d22, r22, -8
        jump  r23
        .bss
        .balign 8
slots:  .space 24 * 8
        .section .mram, "aw"
        .balign 8
        .globl output
output: .space 192
