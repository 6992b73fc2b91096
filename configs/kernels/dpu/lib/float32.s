; IEEE 754 single precision: f32_add, f32_sub, f32_mul, f32_div. r0 = r0 op r1, rounded to nearest,
; ties to even; subnormals, infinities and signed zeros as the standard says; every NaN is
; 0x7fc00000. Changes r1 to r10; return address r23.
f32_sub: xor  r1, r1, 0x80000000
f32_add: add  r2, r0, r0                ; magnitudes, one to the left
        add   r3, r1, r1
        jgeu  r2, r3, .Lf32_ordered
        move  r4, r0
        move  r0, r1
        move  r1, r4
        move  r4, r2
        move  r2, r3
        move  r3, r4
.Lf32_ordered:                          ; |r0| >= |r1|
        lsr   r4, r2, 24
        jeq   r4, 255, .Lf32_add_special
        jz    r3, .Lf32_add_zero
        lsr   r5, r3, 24
        and   r2, r0, 0x7fffff
        and   r3, r1, 0x7fffff
        jnz   r4, 1f
        move  r4, 1, true, 2f
1:      or    r2, r2, 0x800000
2:      jnz   r5, 1f
        move  r5, 1, true, 2f
1:      or    r3, r3, 0x800000
2:      lsl   r2, r2, 3                 ; guard, round and sticky bit
        lsl   r3, r3, 3
        sub   r5, r4, r5, z, .Lf32_aligned
        jltu  r5, 27, 1f
        move  r3, 1, true, .Lf32_aligned
1:      lsrx  r6, r3, r5                ; what falls out
        lsr   r3, r3, r5
        jz    r6, .Lf32_aligned
        or    r3, r3, 1
.Lf32_aligned:
        and   r5, r0, 0x80000000
        xor   r6, r0, r1
        jlts  r6, 0, 1f
        add   r2, r2, r3
        lsr   r6, r2, 27
        jz    r6, .Lf32_round
        and   r6, r2, 1
        lsr   r2, r2, 1
        or    r2, r2, r6
        add   r4, r4, 1, true, .Lf32_round
1:      sub   r2, r2, r3, z, .Lf32_cancelled
        clz   r6, r2
        sub   r6, r6, 5, z, .Lf32_round
        sub   r7, r4, 1
        jleu  r6, r7, 1f                ; not below the smallest exponent
        move  r6, r7
1:      lsl   r2, r2, r6
        sub   r4, r4, r6
; r2 significand with its leading bit at 26, r4 exponent, r5 sign.
.Lf32_round:
        jgeu  r4, 255, .Lf32_inf
        and   r6, r2, 7
        lsr   r2, r2, 3
        jltu  r6, 4, .Lf32_pack
        jgtu  r6, 4, .Lf32_up
        and   r6, r2, 1, z, .Lf32_pack
.Lf32_up: add r2, r2, 1
.Lf32_pack: sub r4, r4, 1               ; the leading bit adds one to the exponent
        lsl_add r0, r2, r4, 23
        or    r0, r0, r5
        jump  r23
.Lf32_inf: or r0, r5, 0x7f800000
        jump  r23
.Lf32_cancelled: move r0, 0
        jump  r23
.Lf32_add_zero: jnz r2, 1f
        and   r0, r0, r1                ; -0 only when both are
1:      jump  r23
.Lf32_add_special: move r6, 0xff000000
        jgtu  r2, r6, .Lf32_nan
        jneq  r3, r6, 1f
        xor   r6, r0, r1
        jlts  r6, 0, .Lf32_nan
1:      jump  r23
.Lf32_nan: move r0, 0x7fc00000
        jump  r23
.Lf32_zero: move r0, r5
        jump  r23

f32_mul: xor  r5, r0, r1
        and   r5, r5, 0x80000000
        add   r2, r0, r0
        add   r3, r1, r1
        lsr   r4, r2, 24
        lsr   r6, r3, 24
        jeq   r4, 255, .Lf32_mul_special
        jeq   r6, 255, .Lf32_mul_special
        jz    r2, .Lf32_zero
        jz    r3, .Lf32_zero
        call  r10, .Lf32_unpack
        lsr   r7, r2, 16                ; nine products of bytes
        lsr   r8, r3, 16
        mul_ul_ul r0, r2, r3
        mul_ul_uh r1, r2, r3
        mul_uh_ul r9, r2, r3
        add   r1, r1, r9
        lsl_add r0, r0, r1, 8
        mul_uh_uh r1, r2, r3
        mul_ul_ul r9, r2, r8
        add   r1, r1, r9
        mul_ul_ul r9, r7, r3
        add   r1, r1, r9
        mul_uh_ul r9, r2, r8
        mul_ul_uh r10, r7, r3
        add   r9, r9, r10
        lsl_add r1, r1, r9, 8
        mul_ul_ul r9, r7, r8
        lsl_add r1, r1, r9, 16
        lsr   r9, r0, 16
        add   r2, r1, r9                ; product, 16 to the right
        lsl   r9, r0, 16
        jz    r9, 1f
        or    r2, r2, 1
1:      add   r4, r4, r6
        sub   r4, r4, 126
        jlts  r2, 0, .Lf32_finish
        add   r2, r2, r2
        sub   r4, r4, 1, true, .Lf32_finish
.Lf32_mul_special: move r7, 0xff000000
        jgtu  r2, r7, .Lf32_nan
        jgtu  r3, r7, .Lf32_nan
        jz    r2, .Lf32_nan             ; infinity by zero
        jz    r3, .Lf32_nan
        jump  .Lf32_inf

f32_div: xor  r5, r0, r1
        and   r5, r5, 0x80000000
        add   r2, r0, r0
        add   r3, r1, r1
        lsr   r4, r2, 24
        lsr   r6, r3, 24
        jeq   r4, 255, .Lf32_div_special
        jeq   r6, 255, .Lf32_div_special
        jz    r3, 2f
        jz    r2, .Lf32_zero
        call  r10, .Lf32_unpack
        sub   r4, r4, r6
        add   r4, r4, 127
        jgeu  r2, r3, 1f
        add   r2, r2, r2
        sub   r4, r4, 1
1:      lsl   r1, r2, 7                 ; 32 bits of the quotient, the first of them 1
        move  r0, 0
        call  r10, .Lf32_eight
        lsl   r1, r1, 8
        call  r10, .Lf32_eight
        lsl   r1, r1, 8
        call  r10, .Lf32_eight
        lsl   r1, r1, 8
        call  r10, .Lf32_eight
        move  r2, r0
        jz    r1, .Lf32_finish
        or    r2, r2, 1, true, .Lf32_finish
2:      jz    r2, .Lf32_nan
        jump  .Lf32_inf
.Lf32_div_special: move r7, 0xff000000
        jgtu  r2, r7, .Lf32_nan
        jgtu  r3, r7, .Lf32_nan
        jneq  r2, r7, .Lf32_zero        ; finite by infinity
        jeq   r3, r7, .Lf32_nan
        jump  .Lf32_inf
.Lf32_eight:
        div_step d0, r3, d0, 7
        div_step d0, r3, d0, 6
        div_step d0, r3, d0, 5
        div_step d0, r3, d0, 4
        div_step d0, r3, d0, 3
        div_step d0, r3, d0, 2
        div_step d0, r3, d0, 1
        div_step d0, r3, d0, 0
        jump  r10

; Significands r2, r3 of 24 bits and their exponents r4, r6; both finite and not zero.
.Lf32_unpack:
        and   r2, r0, 0x7fffff
        and   r3, r1, 0x7fffff
        jz    r4, 3f
        or    r2, r2, 0x800000
1:      jz    r6, 4f
        or    r3, r3, 0x800000
2:      jump  r10
3:      clz   r7, r2
        sub   r7, r7, 8
        lsl   r2, r2, r7
        sub   r4, 1, r7, true, 1b
4:      clz   r7, r3
        sub   r7, r7, 8
        lsl   r3, r3, r7
        sub   r6, 1, r7, true, 2b

; r2 significand with its leading bit at 31, r4 exponent of any sign, r5 sign.
.Lf32_finish:
        jgts  r4, 254, .Lf32_inf
        jgts  r4, 0, 2f
        sub   r6, 1, r4
        move  r4, 1
        jltu  r6, 32, 1f
        move  r2, 1, true, 2f
1:      lsrx  r7, r2, r6
        lsr   r2, r2, r6
        jz    r7, 2f
        or    r2, r2, 1
2:      and   r6, r2, 255
        lsr   r2, r2, 8
        jltu  r6, 128, .Lf32_pack
        jgtu  r6, 128, .Lf32_up
        and   r6, r2, 1, z, .Lf32_pack
        jump  .Lf32_up
