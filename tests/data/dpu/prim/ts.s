; Time series: the window most like a query of 16 int32. args = windows, mean of the query. Per
; window: dot product by 32-bit multiplications, a quotient, the smallest of each tasklet, then of
; all under a lock. Results: `least` (value, index).
        .include "start.s"
        .globl kernel
kernel: sd    r22, 16, d22
        add   r22, r22, 24
        move  r0, r15                   ; the query stays here
        move  r1, query
        move  r2, 64
        call  r23, mram_read
        sw    r22, -24, -1              ; least so far
        sw    r22, -20, 0               ; where
        move  r17, id
        jgeu  r17, r16, merge
window: lsl   r1, r17, 2                ; the 72 bytes around the window
        and   r1, r1, -8
        add   r1, r1, series
        move  r0, r14
        move  r2, 72
        call  r23, mram_read
        and   r18, r17, 1
        lsl_add r18, r14, r18, 2
        move  r19, 0                    ; offset
        move  r20, 0                    ; sum of squared differences
        move  r21, 1                    ; 1 + sum of the window
term:   add   r0, r18, r19
        lw    r0, r0, 0
        add   r21, r21, r0
        add   r1, r15, r19
        lw    r1, r1, 0
        sub   r0, r0, r1, pl, 1f
        neg   r0, r0
1:      move  r1, r0
        call  r23, mul
        add   r20, r20, r0
        add   r19, r19, 4
        jltu  r19, 64, term
        lsl   r1, r20, 8
        move  r10, r21
        call  r23, div
        lw    r1, r22, -24
        jgeu  r0, r1, 2f
        sw    r22, -24, r0
        sw    r22, -20, r17
2:      add   r17, r17, NTASKLETS
        jltu  r17, r16, window
merge:  acquire zero, least_lock, nz, .
        ld    d0, r22, -24              ; r0 where, r1 least
        ld    d2, zero, least
        jltu  r1, r3, 3f
        jgtu  r1, r3, 4f
        jgeu  r0, r2, 4f
3:      sd    zero, least, d0
4:      release zero, least_lock, nz, .+1
        ld    d22, r22, -8
        jump  r23
        .include "../../../../configs/kernels/dpu/lib/mul32.s"
        .include "../../../../configs/kernels/dpu/lib/div32.s"
        .section .atomic.locks, "aw"
        .equ  least_lock, 20
        .space 8
        .section .data.least, "aw"
        .balign 8
        .globl least
least:  .word -1, -1
        .section .mram, "aw"
        .balign 8
        .globl query, series
query:  .space 64
series: .space 65536
