; 64-bit division by shifting and subtracting, 16 bytes of {numerator, denominator} in, {quotient,
; remainder} out; args = pairs. A denominator of zero gives all ones and the numerator.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        sd    r22, 0, d18
        add   r22, r22, 16
        move  r18, id
        jgeu  r18, r16, .Lreturn
.Lpair: lsl   r19, r18, 4
        move  r0, r14
        add   r1, r19, input
        move  r2, 16
        call  r23, mram_read
        ld    d0, r14, 0
        ld    d2, r14, 8
        call  r23, __udiv64
        sd    r14, 0, d0
        sd    r14, 8, d4
        move  r0, r14
        add   r1, r19, output
        move  r2, 16
        call  r23, mram_write
        add   r18, r18, NTASKLETS
        jltu  r18, r16, .Lpair
.Lreturn:
        ld    d18, r22, -16
        ld    d22, r22, -8
        jump  r23

; d0 / d2: quotient d0, remainder d4. Changes r6 to r8.
__udiv64:
        move  r4, 0
        move  r5, 0
        move  r8, 64
.Lbit:  lsl   r4, r4, 1                 ; remainder:numerator moves up by a bit
        lsr   r6, r5, 31
        or    r4, r4, r6
        lsl   r5, r5, 1
        lsr   r6, r0, 31
        or    r5, r5, r6
        lsl   r0, r0, 1
        lsr   r6, r1, 31
        or    r0, r0, r6
        lsl   r1, r1, 1
        sub   r7, r5, r3
        subc  r6, r4, r2, ltu, .Lless
        move  r4, r6
        move  r5, r7
        or    r1, r1, 1
.Lless: sub   r8, r8, 1, nz, .Lbit
        jump  r23
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 4096
output: .space 4096
