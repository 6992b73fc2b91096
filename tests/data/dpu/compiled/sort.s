; Quicksort of 64 signed halfwords a tasklet: the smaller part by recursion, the larger in a loop.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 0, d22
        add   r22, r22, 8
        move  r0, r14
        lsl   r1, id, 7
        add   r1, r1, output
        move  r2, 128
        call  r23, mram_read
        move  r0, r14
        add   r1, r14, 126
        call  r23, sort
        move  r0, r14
        lsl   r1, id, 7
        add   r1, r1, output
        move  r2, 128
        call  r23, mram_write
        ld    d22, r22, -8
        jump  r23

; From address r0 to address r1, both included.
sort:   sd    r22, 16, d22
        sd    r22, 0, d16
        sd    r22, 8, d18
        add   r22, r22, 24
        move  r16, r0
        move  r17, r1
.Lagain:
        jgeu  r16, r17, .Lleave
        lhs   r2, r17, 0
        add   r3, r16, -2
        move  r4, r16
.Lscan: jgeu  r4, r17, .Lplaced
        lhs   r5, r4, 0
        jgts  r5, r2, .Lnext
        add   r3, r3, 2
        lhs   r6, r3, 0
        sh    r3, 0, r5
        sh    r4, 0, r6
.Lnext: add   r4, r4, 2, true, .Lscan
.Lplaced:
        add   r18, r3, 2
        lhu   r6, r18, 0
        sh    r18, 0, r2
        sh    r17, 0, r6
        sub   r5, r18, r16
        sub   r6, r17, r18
        jgtu  r5, r6, .Lright
        move  r0, r16
        add   r1, r18, -2
        call  r23, sort
        add   r16, r18, 2, true, .Lagain
.Lright:
        add   r0, r18, 2
        move  r1, r17
        call  r23, sort
        sub   r17, r18, 2, true, .Lagain
.Lleave:
        ld    d16, r22, -24
        ld    d18, r22, -16
        ld    d22, r22, -8
        jump  r23
        .section .mram, "aw"
        .balign 8
        .globl output
output: .space 3072
