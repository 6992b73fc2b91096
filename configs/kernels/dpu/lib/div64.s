; 64-bit division. udiv64: d0 = d0 / d2, d2 = d0 % d2, unsigned. div64: the same for signed numbers,
; towards zero, the rest with the sign of the dividend. By zero: all bits of the quotient 1 (div64: -1),
; the rest is the dividend. Changes r4 to r11; return address r23.
div64:  move  r10, r0                   ; sign of the rest
        xor   r11, r0, r2               ; sign of the quotient
        or    r4, r2, r3
        jz    r4, 3f
        jges  r0, 0, 1f
        sub   r1, zero, r1
        subc  r0, zero, r0
1:      jges  r2, 0, 2f
        sub   r3, zero, r3
        subc  r2, zero, r2
2:      move  r9, r23
        call  r23, udiv64
        move  r23, r9
        jges  r11, 0, 1f
        sub   r1, zero, r1
        subc  r0, zero, r0
1:      jges  r10, 0, 2f
        sub   r3, zero, r3
        subc  r2, zero, r2
2:      jump  r23
3:      movd  d2, d0
        move  r0, -1
        move  r1, -1
        jump  r23

udiv64: or    r4, r0, r2                ; both of one word: a division of 32 bits
        jnz   r4, 1f
        jz    r3, .Ldiv64_by_zero
        move  r4, r3
        clz   r5, r1
        clz   r6, r4
        sub   r5, r6, r5, mi, .Ldiv64_smaller
        move  r6, 31
        sub   r6, r6, r5
        add   r6, r6, .Ldiv64_steps
        move  r0, 0
        jump  r6
1:      clz   r5, r2                    ; leading zeros of the divisor
        jneq  r5, 32, 2f
        clz   r5, r3
        add   r5, r5, 32
        jeq   r5, 64, .Ldiv64_by_zero
2:      clz   r6, r0                    ; and of the dividend
        jneq  r6, 32, 3f
        clz   r6, r1
        add   r6, r6, 32
3:      sub   r5, r5, r6, mi, .Ldiv64_smaller
        jltu  r5, 32, 4f                ; divisor below the dividend's first bit
        lsl   r2, r3, r5
        move  r3, 0, true, 5f
4:      lslx  r4, r3, r5
        lsl   r2, r2, r5
        or    r2, r2, r4
        lsl   r3, r3, r5
5:      move  r6, 0                     ; quotient r6:r7
        move  r7, 0
        add   r5, r5, 1
6:      add   r7, r7, r7
        addc  r6, r6, r6
        sub   r4, r1, r3
        subc  r8, r0, r2, ltu, 7f
        move  r1, r4
        move  r0, r8
        or    r7, r7, 1
7:      lsrx  r4, r2, 1
        lsr   r2, r2, 1
        lsr   r3, r3, 1
        or    r3, r3, r4
        sub   r5, r5, 1, nz, 6b
        movd  d2, d0
        movd  d0, d6
        jump  r23
.Ldiv64_smaller: movd d2, d0
        move  r0, 0
        move  r1, 0
        jump  r23
.Ldiv64_by_zero: movd d2, d0
        move  r0, -1
        move  r1, -1
        jump  r23
.Ldiv64_steps:
        div_step d0, r4, d0, 31
        div_step d0, r4, d0, 30
        div_step d0, r4, d0, 29
        div_step d0, r4, d0, 28
        div_step d0, r4, d0, 27
        div_step d0, r4, d0, 26
        div_step d0, r4, d0, 25
        div_step d0, r4, d0, 24
        div_step d0, r4, d0, 23
        div_step d0, r4, d0, 22
        div_step d0, r4, d0, 21
        div_step d0, r4, d0, 20
        div_step d0, r4, d0, 19
        div_step d0, r4, d0, 18
        div_step d0, r4, d0, 17
        div_step d0, r4, d0, 16
        div_step d0, r4, d0, 15
        div_step d0, r4, d0, 14
        div_step d0, r4, d0, 13
        div_step d0, r4, d0, 12
        div_step d0, r4, d0, 11
        div_step d0, r4, d0, 10
        div_step d0, r4, d0, 9
        div_step d0, r4, d0, 8
        div_step d0, r4, d0, 7
        div_step d0, r4, d0, 6
        div_step d0, r4, d0, 5
        div_step d0, r4, d0, 4
        div_step d0, r4, d0, 3
        div_step d0, r4, d0, 2
        div_step d0, r4, d0, 1
        div_step d0, r4, d0, 0
        move  r3, r1                    ; r0 quotient, r1 rest
        move  r2, 0
        move  r1, r0
        move  r0, 0
        jump  r23
