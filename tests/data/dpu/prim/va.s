; VA, B[i] += A[i] over `args` bytes of int32, in the shape of the vendor's compiler: two pointers and an
; index count on, the bound is compared from registers - ten instructions an element.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 0, d22
        add   r22, r22, 8
        lsl   r17, id, 7
        jgeu  r17, r16, done
block:  sub   r20, r16, r17
        jleu  r20, BUFFER, 1f
        move  r20, BUFFER
1:      move  r0, r14
        move  r1, input
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_read
        move  r0, r15
        move  r1, output
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_read
        move  r4, r14
        move  r5, r15
        lsr   r6, r20, 2
        move  r7, 0
loop:   lw    r8, r4, 0
        lw    r9, r5, 0
        add   r9, r9, r8
        sw    r5, 0, r9
        add   r4, r4, 4
        add   r5, r5, 4
        add   r7, r7, 1
        move  r10, r7
        move  r11, r6
        jltu  r10, r11, loop
        move  r0, r15
        move  r1, output
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_write
        add   r17, r17, BUFFER * NTASKLETS
        jltu  r17, r16, block
done:   ld    d22, r22, -8
        jump  r23
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 65536
output: .space 65536
