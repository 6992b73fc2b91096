; IEEE 754 double precision: f64_add, f64_sub, f64_mul, f64_div. d0 = d0 op d2 (even register = upper
; word), rounded to nearest, ties to even; subnormals, infinities and signed zeros as the standard
; says; every NaN is 0x7ff80000 00000000. Changes r2 to r16; return address r23.
f64_sub: xor  r2, r2, 0x80000000
f64_add: and  r4, r0, 0x7fffffff        ; magnitudes r4:r1 and r6:r3
        and   r6, r2, 0x7fffffff
        sub   r8, r1, r3
        subc  r8, r4, r6, geu, 1f
        movd  d8, d0
        movd  d0, d2
        movd  d2, d8
        move  r8, r4
        move  r4, r6
        move  r6, r8
1:      lsr   r5, r4, 20                ; |first| >= |second|
        lsr   r7, r6, 20
        move  r8, 2047
        jeq   r5, r8, .Lf64_add_special
        or    r8, r6, r3
        jz    r8, .Lf64_add_zero
        and   r4, r4, 0xfffff
        and   r6, r6, 0xfffff
        jnz   r5, 1f
        move  r5, 1, true, 2f
1:      or    r4, r4, 0x100000
2:      jnz   r7, 1f
        move  r7, 1, true, 2f
1:      or    r6, r6, 0x100000
2:      lslx  r8, r1, 3                 ; guard, round and sticky bit
        lsl   r4, r4, 3
        or    r4, r4, r8
        lsl   r1, r1, 3
        lslx  r8, r3, 3
        lsl   r6, r6, 3
        or    r6, r6, r8
        lsl   r3, r3, 3
        sub   r7, r5, r7, z, .Lf64_aligned
        jltu  r7, 32, 2f
        jltu  r7, 56, 1f
        move  r6, 0
        move  r3, 1, true, .Lf64_aligned
1:      lsrx  r8, r6, r7                ; what falls out; shifts take their count modulo 32
        or    r8, r8, r3
        lsr   r3, r6, r7
        move  r6, 0, true, 3f
2:      lsrx  r8, r3, r7
        lsr   r3, r3, r7
        lsrx  r9, r6, r7
        or    r3, r3, r9
        lsr   r6, r6, r7
3:      jz    r8, .Lf64_aligned
        or    r3, r3, 1
.Lf64_aligned:
        and   r8, r0, 0x80000000
        xor   r9, r0, r2
        jlts  r9, 0, 1f
        add   r1, r1, r3
        addc  r4, r4, r6
        lsr   r9, r4, 24
        jz    r9, .Lf64_round
        and   r9, r1, 1
        lsr   r1, r1, 1
        or    r1, r1, r9
        lsl   r9, r4, 31
        or    r1, r1, r9
        lsr   r4, r4, 1
        add   r5, r5, 1, true, .Lf64_round
1:      sub   r1, r1, r3
        subc  r4, r4, r6
        or    r9, r4, r1
        jz    r9, .Lf64_cancelled
        clz   r9, r4
        jneq  r9, 32, 1f
        clz   r9, r1
        add   r9, r9, 32
1:      sub   r9, r9, 8, z, .Lf64_round
        sub   r10, r5, 1
        jleu  r9, r10, 1f               ; not below the smallest exponent
        move  r9, r10
1:      sub   r5, r5, r9
        jltu  r9, 32, 1f
        lsl   r4, r1, r9
        move  r1, 0, true, .Lf64_round
1:      lslx  r10, r1, r9
        lsl   r4, r4, r9
        or    r4, r4, r10
        lsl   r1, r1, r9, true, .Lf64_round

; r4:r1 significand with its leading bit at 55, r5 exponent of any sign, r8 sign.
.Lf64_finish:
        jgts  r5, 0, .Lf64_round
        sub   r7, 1, r5
        move  r5, 1
        jltu  r7, 32, 2f
        jltu  r7, 64, 1f
        move  r4, 0
        move  r1, 1, true, .Lf64_round
1:      lsrx  r9, r4, r7
        or    r9, r9, r1
        lsr   r1, r4, r7
        move  r4, 0, true, 3f
2:      lsrx  r9, r1, r7
        lsr   r1, r1, r7
        lsrx  r10, r4, r7
        or    r1, r1, r10
        lsr   r4, r4, r7
3:      jz    r9, .Lf64_round
        or    r1, r1, 1
.Lf64_round:
        move  r9, 2046
        jgts  r5, r9, .Lf64_inf
        and   r9, r1, 7
        lsrx  r10, r4, 3
        lsr   r1, r1, 3
        or    r1, r1, r10
        lsr   r4, r4, 3
        jltu  r9, 4, 2f
        jgtu  r9, 4, 1f
        and   r9, r1, 1, z, 2f
1:      add   r1, r1, 1
        addc  r4, r4, 0
2:      sub   r5, r5, 1                 ; the leading bit adds one to the exponent
        lsl   r5, r5, 20
        add   r0, r4, r5
        or    r0, r0, r8
        jump  r23
.Lf64_inf: or r0, r8, 0x7ff00000
        move  r1, 0
        jump  r23
.Lf64_zero: move r0, r8
        move  r1, 0
        jump  r23
.Lf64_cancelled: move r0, 0
        move  r1, 0
        jump  r23
.Lf64_add_zero: or r8, r4, r1
        jnz   r8, 1f
        and   r0, r0, r2                ; -0 only when both are
1:      jump  r23
.Lf64_add_special: and r8, r4, 0xfffff
        or    r8, r8, r1
        jnz   r8, .Lf64_nan
        jneq  r6, r4, 1f                ; infinity and a number
        jneq  r3, r1, 1f
        xor   r8, r0, r2
        jlts  r8, 0, .Lf64_nan
1:      jump  r23
.Lf64_nan: move r0, 0x7ff80000
        move  r1, 0
        jump  r23

; Significands r4:r1, r6:r3 of 53 bits, exponents r5, r7, sign of the result r8. Goes on at r16
; when both are finite and not zero, else at r15 with the magnitudes.
.Lf64_unpack:
        xor   r8, r0, r2
        and   r8, r8, 0x80000000
        and   r4, r0, 0x7fffffff
        and   r6, r2, 0x7fffffff
        lsr   r5, r4, 20
        lsr   r7, r6, 20
        move  r9, 2047
        jeq   r5, r9, 5f
        jeq   r7, r9, 5f
        or    r9, r4, r1
        jz    r9, 5f
        or    r9, r6, r3
        jz    r9, 5f
        and   r4, r4, 0xfffff
        and   r6, r6, 0xfffff
        jz    r5, 1f
        or    r4, r4, 0x100000
        jnz   r7, 3f
        jump  4f
1:      clz   r9, r4                    ; subnormal: to the left until bit 52
        jneq  r9, 32, 2f
        clz   r9, r1
        add   r9, r9, 32
2:      sub   r9, r9, 11
        sub   r5, 1, r9
        jltu  r9, 32, 2f
        lsl   r4, r1, r9
        move  r1, 0, true, .Lf64_second
2:      lslx  r10, r1, r9
        lsl   r4, r4, r9
        or    r4, r4, r10
        lsl   r1, r1, r9
.Lf64_second: jz r7, 4f
3:      or    r6, r6, 0x100000
        jump  r16
4:      clz   r9, r6
        jneq  r9, 32, 2f
        clz   r9, r3
        add   r9, r9, 32
2:      sub   r9, r9, 11
        sub   r7, 1, r9
        jltu  r9, 32, 2f
        lsl   r6, r3, r9
        move  r3, 0
        jump  r16
2:      lslx  r10, r3, r9
        lsl   r6, r6, r9
        or    r6, r6, r10
        lsl   r3, r3, r9
        jump  r16
5:      jump  r15
; Classes of the magnitudes r4:r1 and r6:r3: r9, r10 = 0 zero, 1 finite, 2 infinite; NaNs end here.
.Lf64_classes:
        move  r9, 0
        or    r11, r4, r1
        jz    r11, 1f
        move  r9, 1
        move  r11, 2047
        jneq  r5, r11, 1f
        move  r9, 2
        and   r11, r4, 0xfffff
        or    r11, r11, r1
        jnz   r11, .Lf64_nan
1:      move  r10, 0
        or    r11, r6, r3
        jz    r11, 2f
        move  r10, 1
        move  r11, 2047
        jneq  r7, r11, 2f
        move  r10, 2
        and   r11, r6, 0xfffff
        or    r11, r11, r3
        jnz   r11, .Lf64_nan
2:      jump  r15

f64_mul: move r15, .Lf64_mul_special
        call  r16, .Lf64_unpack
        add   r5, r5, r7
        sub   r5, r5, 1023
        lsr   r10, r1, 16               ; 49 products of bytes, column by column
        lsr   r11, r4, 16
        lsr   r12, r3, 16
        lsr   r13, r6, 16
        mul_ul_ul r0, r1, r3
        and   r15, r0, 255
        lsr   r0, r0, 8
        mul_ul_uh r2, r1, r3
        add   r0, r0, r2
        mul_uh_ul r2, r1, r3
        add   r0, r0, r2
        and   r2, r0, 255
        or    r15, r15, r2
        lsr   r0, r0, 8
        mul_ul_ul r2, r1, r12
        add   r0, r0, r2
        mul_uh_uh r2, r1, r3
        add   r0, r0, r2
        mul_ul_ul r2, r10, r3
        add   r0, r0, r2
        and   r2, r0, 255
        or    r15, r15, r2
        lsr   r0, r0, 8
        mul_ul_uh r2, r1, r12
        add   r0, r0, r2
        mul_uh_ul r2, r1, r12
        add   r0, r0, r2
        mul_ul_uh r2, r10, r3
        add   r0, r0, r2
        mul_uh_ul r2, r10, r3
        add   r0, r0, r2
        and   r2, r0, 255
        or    r15, r15, r2
        lsr   r0, r0, 8
        mul_ul_ul r2, r1, r6
        add   r0, r0, r2
        mul_uh_uh r2, r1, r12
        add   r0, r0, r2
        mul_ul_ul r2, r10, r12
        add   r0, r0, r2
        mul_uh_uh r2, r10, r3
        add   r0, r0, r2
        mul_ul_ul r2, r4, r3
        add   r0, r0, r2
        and   r2, r0, 255
        or    r15, r15, r2
        lsr   r0, r0, 8
        mul_ul_uh r2, r1, r6
        add   r0, r0, r2
        mul_uh_ul r2, r1, r6
        add   r0, r0, r2
        mul_ul_uh r2, r10, r12
        add   r0, r0, r2
        mul_uh_ul r2, r10, r12
        add   r0, r0, r2
        mul_ul_uh r2, r4, r3
        add   r0, r0, r2
        mul_uh_ul r2, r4, r3
        add   r0, r0, r2
        and   r2, r0, 255
        or    r15, r15, r2
        lsr   r0, r0, 8
        mul_ul_ul r2, r1, r13
        add   r0, r0, r2
        mul_uh_uh r2, r1, r6
        add   r0, r0, r2
        mul_ul_ul r2, r10, r6
        add   r0, r0, r2
        mul_uh_uh r2, r10, r12
        add   r0, r0, r2
        mul_ul_ul r2, r4, r12
        add   r0, r0, r2
        mul_uh_uh r2, r4, r3
        add   r0, r0, r2
        mul_ul_ul r2, r11, r3
        add   r0, r0, r2
        and   r9, r0, 255
        lsr   r0, r0, 8
        mul_uh_ul r2, r1, r13
        add   r0, r0, r2
        mul_ul_uh r2, r10, r6
        add   r0, r0, r2
        mul_uh_ul r2, r10, r6
        add   r0, r0, r2
        mul_ul_uh r2, r4, r12
        add   r0, r0, r2
        mul_uh_ul r2, r4, r12
        add   r0, r0, r2
        mul_ul_uh r2, r11, r3
        add   r0, r0, r2
        and   r2, r0, 255
        lsl_add r9, r9, r2, 8
        lsr   r0, r0, 8
        mul_ul_ul r2, r10, r13
        add   r0, r0, r2
        mul_uh_uh r2, r10, r6
        add   r0, r0, r2
        mul_ul_ul r2, r4, r6
        add   r0, r0, r2
        mul_uh_uh r2, r4, r12
        add   r0, r0, r2
        mul_ul_ul r2, r11, r12
        add   r0, r0, r2
        and   r2, r0, 255
        lsl_add r9, r9, r2, 16
        lsr   r0, r0, 8
        mul_uh_ul r2, r10, r13
        add   r0, r0, r2
        mul_ul_uh r2, r4, r6
        add   r0, r0, r2
        mul_uh_ul r2, r4, r6
        add   r0, r0, r2
        mul_ul_uh r2, r11, r12
        add   r0, r0, r2
        and   r2, r0, 255
        lsl_add r9, r9, r2, 24
        lsr   r0, r0, 8
        mul_ul_ul r2, r4, r13
        add   r0, r0, r2
        mul_uh_uh r2, r4, r6
        add   r0, r0, r2
        mul_ul_ul r2, r11, r6
        add   r0, r0, r2
        move  r14, r0
        mul_uh_ul r0, r4, r13
        mul_ul_uh r2, r11, r6
        add   r0, r0, r2
        lsl_add r14, r14, r0, 8
        mul_ul_ul r0, r11, r13
        lsl_add r14, r14, r0, 16
        lsr   r2, r14, 25               ; r14:r9 = product, 48 to the right; r15 = rest
        jz    r2, 1f
        add   r5, r5, 1
        and   r2, r9, 1
        or    r15, r15, r2
        lsrx  r2, r14, 1
        lsr   r9, r9, 1
        or    r9, r9, r2
        lsr   r14, r14, 1
1:      and   r2, r9, 1
        or    r15, r15, r2
        lsrx  r2, r14, 1
        lsr   r1, r9, 1
        or    r1, r1, r2
        lsr   r4, r14, 1
        jz    r15, .Lf64_finish
        or    r1, r1, 1, true, .Lf64_finish
.Lf64_mul_special: call r15, .Lf64_classes
        add   r11, r9, r10
        jneq  r11, 2, 1f
        jneq  r9, 1, .Lf64_nan          ; infinity by zero
1:      jgeu  r11, 2, .Lf64_inf
        jump  .Lf64_zero

f64_div: move r15, .Lf64_div_special
        call  r16, .Lf64_unpack
        sub   r5, r5, r7
        add   r5, r5, 1023
        sub   r9, r1, r3
        subc  r9, r4, r6, geu, 1f
        add   r1, r1, r1
        addc  r4, r4, r4
        sub   r5, r5, 1
1:      move  r10, 0                    ; 56 bits of the quotient, the first of them 1
        move  r11, 0
        move  r14, 56
2:      add   r11, r11, r11
        addc  r10, r10, r10
        sub   r12, r1, r3
        subc  r13, r4, r6, ltu, 3f
        move  r1, r12
        move  r4, r13
        or    r11, r11, 1
3:      add   r1, r1, r1
        addc  r4, r4, r4
        sub   r14, r14, 1, nz, 2b
        or    r9, r4, r1
        move  r4, r10
        move  r1, r11
        jz    r9, .Lf64_finish
        or    r1, r1, 1, true, .Lf64_finish
.Lf64_div_special: call r15, .Lf64_classes
        jeq   r9, r10, .Lf64_nan        ; both zero or both infinite
        jltu  r9, r10, .Lf64_zero
        jump  .Lf64_inf
